"""Names, op types, dtypes, static shapes and refusals of the math functions and operators.

What is expected was recorded on TensorFlow 2.21's compat.v1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph.ops  # noqa: F401 - installs the operators
from polygraph.core.ground import dtypes, errors
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.runtime.session import Session
from polygraph.ops import (
    arithmetic as a,
    bitwise,
    casting,
    clipping,
    complex_numbers as c,
    elementwise,
    logical,
    powers,
    reduction,
    scans,
)
from polygraph.ops.shape_queries import shape as shape_of
from polygraph.ops.source_ops import constant, placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.core.ground.tensor import Tensor

    Build = Callable[["Operands"], Any]


class Operands:
    """Placeholders of the shapes and dtypes that the expressions need."""

    def __init__(self) -> None:
        self.x = placeholder("float32", [2, 3], name="x")
        self.v = placeholder("float32", [3], name="v")
        self.i = placeholder("int32", [2, 3], name="i")
        self.j = placeholder("int32", [3], name="j")
        self.small = placeholder("int8", [3], name="small")
        self.z = placeholder("complex64", [2], name="z")
        self.q = placeholder("bool", [3], name="q")
        self.s = placeholder("string", [3], name="s")
        self.u = placeholder("float32", name="u")


@pytest.fixture
def given() -> Iterator[Operands]:
    with Graph().as_default():
        yield Operands()


def _new_operations() -> list[Any]:
    return get_default_graph().get_operations()[9:]


# Expression; name and dtype of the result, its shape, and the types of all operations made.
OPERATORS: list[tuple[str, Build, str, str, list[int], str]] = [
    ("add", lambda g: g.x + g.v, "add", "float32", [2, 3], "AddV2"),
    ("add number", lambda g: g.x + 1, "add", "float32", [2, 3], "Const AddV2"),
    ("number add", lambda g: 1.0 + g.x, "add", "float32", [2, 3], "Const AddV2"),
    ("array mul", lambda g: np.ones(3) * g.v, "mul", "float32", [3], "Const Mul"),
    ("strings", lambda g: g.s + g.s, "add", "string", [3], "Add"),
    ("sub", lambda g: 2.0 - g.x, "sub", "float32", [2, 3], "Const Sub"),
    ("mul", lambda g: g.x * g.v, "mul", "float32", [2, 3], "Mul"),
    ("truediv", lambda g: g.x / g.v, "truediv", "float32", [2, 3], "RealDiv"),
    ("int truediv", lambda g: g.i / g.j, "truediv", "float64", [2, 3], "Cast Cast RealDiv"),
    ("int8 truediv", lambda g: g.small / 2, "truediv", "float32", [3], "Const Cast Cast RealDiv"),
    ("floordiv", lambda g: g.i // g.j, "floordiv", "int32", [2, 3], "FloorDiv"),
    ("number floordiv", lambda g: 2.0 // g.x, "floordiv", "float32", [2, 3], "Const FloorDiv"),
    ("mod", lambda g: 7 % g.i, "mod", "int32", [2, 3], "Const FloorMod"),
    ("pow", lambda g: g.x**2, "pow", "float32", [2, 3], "Const Pow"),
    ("number pow", lambda g: 2.0**g.x, "pow", "float32", [2, 3], "Const Pow"),
    ("neg", lambda g: -g.x, "Neg", "float32", [2, 3], "Neg"),
    ("abs", lambda g: abs(g.x), "Abs", "float32", [2, 3], "Abs"),
    ("complex abs", lambda g: abs(g.z), "Abs", "float32", [2], "ComplexAbs"),
    ("less", lambda g: g.x < g.v, "Less", "bool", [2, 3], "Less"),
    ("less number", lambda g: g.x < 1, "Less", "bool", [2, 3], "Const Less"),
    ("less equal", lambda g: g.x <= g.v, "LessEqual", "bool", [2, 3], "LessEqual"),
    ("greater", lambda g: g.x > g.v, "Greater", "bool", [2, 3], "Greater"),
    ("greater equal", lambda g: g.x >= g.v, "GreaterEqual", "bool", [2, 3], "GreaterEqual"),
    ("and", lambda g: g.q & g.q, "and", "bool", [3], "LogicalAnd"),
    ("true and", lambda g: True & g.q, "and", "bool", [3], "Const LogicalAnd"),
    ("or", lambda g: g.q | g.q, "or", "bool", [3], "LogicalOr"),
    ("xor", lambda g: g.q ^ g.q, "xor", "bool", [3], "LogicalOr LogicalAnd LogicalNot LogicalAnd"),
    ("not", lambda g: ~g.q, "LogicalNot", "bool", [3], "LogicalNot"),
    ("bits and", lambda g: g.i & g.j, "and/BitwiseAnd", "int32", [2, 3], "BitwiseAnd"),
    ("bits or", lambda g: g.i | g.j, "or/BitwiseOr", "int32", [2, 3], "BitwiseOr"),
    ("bits xor", lambda g: g.i ^ g.j, "xor/BitwiseXor", "int32", [2, 3], "BitwiseXor"),
    ("bits not", lambda g: ~g.i, "Invert", "int32", [2, 3], "Invert"),
]
FUNCTIONS: list[tuple[str, Build, str, str, list[int], str]] = [
    ("add", lambda g: a.add(g.x, g.v), "Add", "float32", [2, 3], "AddV2"),
    ("named", lambda g: a.multiply(g.x, g.v, name="m"), "m", "float32", [2, 3], "Mul"),
    ("divide", lambda g: a.divide(g.i, g.j), "truediv", "float64", [2, 3], "Cast Cast RealDiv"),
    ("div", lambda g: a.div(g.i, g.j), "div", "int32", [2, 3], "FloorDiv"),
    ("float div", lambda g: a.div(g.x, g.v), "div", "float32", [2, 3], "RealDiv"),
    ("floor_div", lambda g: a.floor_div(g.x, g.v), "FloorDiv", "float32", [2, 3], "FloorDiv"),
    ("mod", lambda g: a.mod(g.x, g.v), "FloorMod", "float32", [2, 3], "FloorMod"),
    ("div_no_nan", lambda g: a.div_no_nan(g.x, 0.0), "div_no_nan", "float32", [2, 3],
     "Const DivNoNan"),
    ("add_n", lambda g: a.add_n([g.x, g.x]), "AddN", "float32", [2, 3], "AddN"),
    ("add_n of one", lambda g: a.add_n([g.x]), "x", "float32", [2, 3], ""),
    ("add_n of one, named", lambda g: a.add_n([g.x], name="k"), "k", "float32", [2, 3], "Identity"),
    ("accumulate_n", lambda g: a.accumulate_n([g.x, g.x]), "AddN", "float32", [2, 3], "AddN"),
    ("scalar_mul", lambda g: a.scalar_mul(2, g.x), "Mul", "float32", [2, 3], "Const Mul"),
    ("pow", lambda _: powers.pow(2, 3), "Pow", "int32", [], "Const Const Pow"),
    ("xdivy", lambda g: powers.xdivy(g.x, g.v), "xdivy/Xdivy", "float32", [2, 3], "Xdivy"),
    ("round", lambda g: elementwise.round(g.x), "Round", "float32", [2, 3], "Round"),
    ("round ints", lambda g: elementwise.round(g.i), "i", "int32", [2, 3], ""),
    ("angle", lambda g: elementwise.angle(g.z), "Angle", "float32", [2], "Angle"),
    ("complex", lambda g: c.complex(g.x, g.v), "Complex", "complex64", [2, 3], "Complex"),
    ("real", lambda g: c.real(g.z), "Real", "float32", [2], "Real"),
    ("real of reals", lambda g: c.real(g.x), "x", "float32", [2, 3], ""),
    ("imag of reals", lambda g: c.imag(g.x), "Imag/zeros_like", "float32", [2, 3], "Const"),
    ("conj of reals", lambda g: c.conj(g.x), "x", "float32", [2, 3], ""),
    ("cast", lambda g: casting.cast(g.x, "int32"), "Cast", "int32", [2, 3], "Cast"),
    ("cast to itself", lambda g: casting.cast(g.x, "float32"), "x", "float32", [2, 3], ""),
    ("to_float", lambda g: casting.to_float(g.i), "ToFloat", "float32", [2, 3], "Cast"),
    ("bitcast", lambda g: casting.bitcast(g.x, "uint8"), "Bitcast", "uint8", [2, 3, 4], "Bitcast"),
    ("saturate_cast", lambda g: clipping.saturate_cast(g.x, "uint8"), "saturate_cast", "uint8",
     [2, 3], "Const Const ClipByValue Cast"),
    ("clip_by_value", lambda g: clipping.clip_by_value(g.x, 0.0, 1.0), "clip_by_value", "float32",
     [2, 3], "Const Minimum Const Maximum"),
    ("logical_xor", lambda g: logical.logical_xor(g.q, g.q), "LogicalXor", "bool", [3],
     "LogicalOr LogicalAnd LogicalNot LogicalAnd"),
    ("invert", lambda g: bitwise.invert(g.i), "Invert", "int32", [2, 3], "Invert"),
    ("select rows", lambda g: logical.Select([True, False], g.x, g.x), "Select", "float32", [2, 3],
     "Const Select"),
    ("cumsum", lambda g: scans.cumsum(g.x), "Cumsum", "float32", [2, 3], "Const Cumsum"),
    ("reduce_sum", lambda g: reduction.reduce_sum(g.x), "Sum", "float32", [], "Const Sum"),
    ("reduce_sum 0", lambda g: reduction.reduce_sum(g.x, 0), "Sum", "float32", [3], "Const Sum"),
    ("reduce_sum []", lambda g: reduction.reduce_sum(g.x, []), "Sum", "float32", [2, 3],
     "Const Sum"),
    ("keep_dims", lambda g: reduction.reduce_mean(g.x, -1, keep_dims=True), "Mean", "float32",
     [2, 1], "Const Mean"),
    ("reduction_indices", lambda g: reduction.reduce_max(g.x, reduction_indices=[1]), "Max",
     "float32", [2], "Const Max"),
    ("unknown rank", lambda g: reduction.reduce_sum(g.u), "Sum", "float32", [],
     "Rank Const Const Range Sum"),
    ("reduce_all", lambda g: reduction.reduce_all(g.q), "All", "bool", [], "Const All"),
    ("logsumexp", lambda g: reduction.reduce_logsumexp(g.x, 1), "ReduceLogSumExp", "float32", [2],
     "Const Max IsFinite Const SelectV2 StopGradient Sub Exp Const Sum Log Const Reshape AddV2"),
    ("count_nonzero", lambda g: reduction.count_nonzero(g.x, 1, dtype="int32"),
     "count_nonzero/Cast_1", "int32", [2], "Const NotEqual Cast Const Sum Cast"),
    ("count strings", lambda g: reduction.count_nonzero(g.s), "count_nonzero/Sum", "int64", [],
     "Const NotEqual Cast Const Sum"),
    ("reduce_std", lambda g: reduction.reduce_std(g.x, 1), "reduce_std/Sqrt", "float32", [2],
     "Const Mean Sub Square Const Mean Sqrt"),
    ("argmax", lambda g: scans.argmax(g.x), "ArgMax", "int64", [3], "Const ArgMax"),
    ("dimension", lambda g: scans.argmin(g.x, dimension=1, output_type="int32"), "ArgMin", "int32",
     [2], "Const ArgMin"),
    ("arg_max", lambda g: scans.arg_max(g.x, 1), "ArgMax", "int64", [2], "Const ArgMax"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("build", "name", "dtype", "shape", "made"),
    [pytest.param(*rest, id=label) for label, *rest in OPERATORS + FUNCTIONS],
)
def test_what_an_expression_adds_to_the_graph(
    given: Operands, build: Build, name: str, dtype: str, shape: list[int], made: str
) -> None:
    result: Tensor = build(given)
    assert result.name == f"{name}:0"
    assert result.dtype == dtype
    assert result.get_shape().as_list() == shape
    assert [op.type for op in _new_operations()] == made.split()


def test_constants_are_named_in_the_scope_of_their_operation(given: Operands) -> None:
    names = [
        (lambda: given.x + 1, ["add/y", "add"]),
        (lambda: 2.0 / given.x, ["truediv/x", "truediv"]),
        (lambda: given.i / given.j, ["truediv_1/Cast", "truediv_1/Cast_1", "truediv_1"]),
        (lambda: reduction.reduce_sum(given.x, 1), ["Sum/reduction_indices", "Sum"]),
        (lambda: scans.argmax(given.x, 1), ["ArgMax/dimension", "ArgMax"]),
        (lambda: scans.cumsum(given.x), ["Cumsum/axis", "Cumsum"]),
        (lambda: given.x > 1.0, ["Greater/y", "Greater"]),
    ]
    for build, wanted in names:
        before = len(_new_operations())
        build()
        assert [op.name for op in _new_operations()[before:]] == wanted


def _wrong(label: str, build: Build, error: type[Exception], text: str) -> Any:
    return pytest.param(build, error, text, id=label)


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        _wrong("int + 1.5", lambda g: g.i + 1.5, TypeError, "Input 'y' of 'AddV2' Op has type"),
        _wrong("1.5 + int", lambda g: 1.5 + g.i, TypeError, "Expected int32, but got 1.5"),
        _wrong("add(1, x)", lambda g: a.add(1, g.x), TypeError, "does not match type int32"),
        _wrong("bool + bool", lambda g: g.q + g.q, TypeError, "has DataType bool not in list"),
        _wrong("int / float", lambda g: g.i / g.x, TypeError, "must have the same dtype"),
        _wrong("shapes", lambda g: g.x + np.ones(2), ValueError, "but are 3 and 2"),
        _wrong("exp(int)", lambda g: elementwise.exp(g.i), TypeError, "DataType int32 not in"),
        _wrong("conj(bool)", lambda g: c.conj(g.q), TypeError, "Expected numeric"),
        _wrong("complex(int)", lambda g: c.complex(g.i, g.i), TypeError, "incorrect types"),
        _wrong("scalar_mul", lambda g: a.scalar_mul(g.x, g.x), ValueError, "must be a 0-D value"),
        _wrong("add_n []", lambda _: a.add_n([]), ValueError, "at least one Tensor"),
        _wrong("add_n dtypes", lambda g: a.add_n([g.x, g.i]), TypeError, "don't all match"),
        _wrong("select rows", lambda g: logical.Select(g.q, g.x, g.x), ValueError,
               "Dimension 0 in both shapes must be equal, but are 3 and 2"),
        _wrong("bitcast", lambda g: casting.bitcast(g.x, "float64"), ValueError, "must be 2 but"),
        _wrong("clip", lambda g: clipping.clip_by_value(g.v, g.x, 1.0), ValueError, "compatible"),
        _wrong("axis", lambda g: reduction.reduce_sum(g.x, 2), ValueError,
               "Invalid reduction dimension 2 for input with 2 dimensions"),
        _wrong("two axes", lambda g: reduction.reduce_sum(g.x, 1, reduction_indices=1), ValueError,
               "Cannot specify both 'reduction_indices' and 'axis'"),
        _wrong("two keeps", lambda g: reduction.reduce_sum(g.x, keepdims=True, keep_dims=True),
               ValueError, "Cannot specify both 'keep_dims' and 'keepdims'"),
        _wrong("reduce_all", lambda g: reduction.reduce_all(g.x), TypeError, "expected type bool"),
        _wrong("argmax", lambda g: scans.argmax(g.x, 5), ValueError, r"must be in the range \[-2"),
        _wrong("variance", lambda g: reduction.reduce_variance(g.i), TypeError, "integer type"),
    ],
)  # fmt: skip
def test_refusals_while_the_graph_is_built(
    given: Operands, build: Build, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        build(given)


def test_equality_of_tensors_is_identity(given: Operands) -> None:
    assert (given.x == given.x) is True
    assert (given.x == given.v) is False
    assert _new_operations() == []


def test_an_operator_yields_to_a_class_that_reflects_it(given: Operands) -> None:
    class Mine:
        def __radd__(self, other: object) -> str:
            return "mine"

    assert given.x + Mine() == "mine"


def test_sparse_values_stay_sparse(given: Operands) -> None:
    slices = IndexedSlices(given.x, constant([0, 1]))
    for result in (
        casting.cast(slices, "float64"),
        a.scalar_mul(2.0, slices),
        clipping.clip_by_value(slices, 0.0, 1.0),
    ):
        assert isinstance(result, IndexedSlices)
        assert result.indices is slices.indices


def test_ints_of_shapes_are_known_through_arithmetic() -> None:
    with Graph().as_default():
        x = placeholder("float32", [None, 6])
        doubled = shape_of(x) * [1, 2] + 1
        assert doubled.partial_value == (None, 13)
        assert (doubled // 2 % 4).partial_value == (None, 2)
        assert casting.cast(a.maximum(doubled, 20), "int64").partial_value == (None, 20)


def _run(build: Callable[[], Any], feeds: dict[Any, Any] | None = None) -> Any:
    with Session(graph=get_default_graph()) as session:
        return session.run(build(), feeds)


@pytest.mark.parametrize(
    "build", [lambda x, y: x // y, lambda x, y: x % y, a.div, a.truncatediv, a.truncatemod]
)
def test_an_integer_divided_by_zero_fails_the_run(build: Any) -> None:
    with Graph().as_default() as graph:
        x, y = placeholder("int32"), placeholder("int32")
        result = build(x, y)
        with Session(graph=graph) as session:
            assert session.run(result, {x: [7, 9], y: [2, 3]}).dtype == np.int32
            with pytest.raises(errors.InvalidArgumentError) as caught:
                session.run(result, {x: [7, 9], y: [2, 0]})
            assert "Integer division by zero" in str(caught.value)
            assert session.run(result, {x: np.zeros(0), y: 0}).shape == (0,)


def test_quotients_and_remainders_round_as_in_tensorflow() -> None:
    with Graph().as_default():
        x, y = constant([-3, 3, -7]), constant([2, -2, 7])
        values = _run(lambda: [
            a.div(x, y), x // y, x % y, a.truncatediv(x, y), a.truncatemod(x, y), x / y,
        ])  # fmt: skip
    wanted = [[-2, -2, -1], [-2, -2, -1], [1, -1, 0], [-1, -1, -1], [-1, 1, 0], [-1.5, -1.5, -1.0]]
    for value, want in zip(values, wanted, strict=True):
        np.testing.assert_array_equal(value, want)


def test_saturation_and_strings() -> None:
    with Graph().as_default():
        values = _run(lambda: [
            clipping.saturate_cast([-5.0, 100.0, 300.0], dtypes.uint8),
            clipping.saturate_cast([300, -300], dtypes.int8),
            clipping.saturate_cast([1e10, -1e10], dtypes.int32),
            constant(["a", "b"]) + constant("c"),
            logical.equal(["a", "b"], ["a", "c"]),
            reduction.count_nonzero(constant(["a", ""])),
        ])  # fmt: skip
    wanted = [
        [0, 100, 255], [127, -128], [2147483520, -2147483648], [b"ac", b"bc"], [True, False], 1,
    ]  # fmt: skip
    for value, want in zip(values, wanted, strict=True):
        np.testing.assert_array_equal(value, np.asarray(want, np.asarray(value).dtype))


def test_axes_may_come_late_and_be_wrong() -> None:
    with Graph().as_default() as graph:
        x, axes = placeholder("float32"), placeholder("int32")
        total = reduction.reduce_sum(x, axes)
        with Session(graph=graph) as session:
            table = [[1.0, 2.0], [3.0, 4.0]]
            np.testing.assert_array_equal(session.run(total, {x: table, axes: [-1]}), [3, 7])
            for wrong in (2, [0, 0]):
                with pytest.raises(errors.InvalidArgumentError):
                    session.run(total, {x: table, axes: wrong})

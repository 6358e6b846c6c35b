"""cond, case, loops, TensorArray, functional loops, assertions and Python functions.

Literals marked so, and messages, were recorded on TensorFlow 2.21 (compat.v1, version 2 behaviour
off, reference variables, version 1 control flow).
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.ground import nest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Pair = collections.namedtuple("Pair", ["a", "b"])  # noqa: PYI024 - as programs have them

_THREE: Any = 3


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def run(fetches: Any, feed: Any = None) -> Any:
    with tf.Session(backend="numpy") as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed)


# Structures.


def test_structures_are_walked_in_one_order() -> None:
    value = {"b": [1, (2, 3)], "a": Pair(4, 5)}
    assert nest.flatten(value) == [4, 5, 1, 2, 3]
    assert nest.map_leaves(lambda leaf: leaf * 2, value) == {"b": [2, (4, 6)], "a": Pair(8, 10)}
    with pytest.raises(ValueError, match="2 were given"):
        nest.pack_like([1], [1, 2])
    with pytest.raises(ValueError, match="same nested structure"):
        nest.require_same_structure([1, 2], [1])
    with pytest.raises(TypeError, match="sequence type"):
        nest.require_same_structure([1, 2], (1, 2))


# cond


def test_cond_names_and_structures() -> None:
    p, x = tf.placeholder(tf.bool, []), tf.constant([1.0, 2.0])
    one, two = tf.cond(p, lambda: (x + 1.0, tf.constant(3)), lambda: (x * 2.0, tf.constant(4)))
    assert (one.name, two.name, one.op.type) == ("cond/Merge:0", "cond/Merge_1:0", "Merge")
    assert run([one, two], {p: True})[0].tolist() == [2.0, 3.0]
    assert run([one, two], {p: False})[1] == 4
    nested = tf.cond(p, lambda: {"a": x, "b": [x]}, lambda: {"a": x * 2.0, "b": [x]})
    assert run(nested, {p: False})["a"].tolist() == [2.0, 4.0]


def test_cond_unpacks_a_list_of_one_unless_strict() -> None:
    p = tf.placeholder(tf.bool, [])
    assert isinstance(tf.cond(p, lambda: [tf.constant(1)], lambda: [tf.constant(2)]), tf.Tensor)
    kept = tf.cond(p, lambda: [tf.constant(1)], lambda: [tf.constant(2)], strict=True)
    assert [tensor.name for tensor in kept] == ["cond_1/Merge:0"]


def test_cond_of_operations_gives_the_predicate() -> None:
    p, v = tf.placeholder(tf.bool, []), tf.Variable(1.0)
    done = tf.cond(p, lambda: tf.assign(v, 5.0).op, tf.no_op)
    assert done.dtype == tf.bool
    with tf.Session(backend="numpy") as session:
        session.run(tf.global_variables_initializer())
        assert not session.run(done, {p: False})
        assert session.run(v) == 1.0
        assert session.run(done, {p: True})
        assert session.run(v) == 5.0


def test_cond_merges_static_shapes() -> None:
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: tf.constant([1.0, 2.0]), lambda: tf.constant([1.0, 2.0, 3.0]))
    assert y.get_shape().as_list() == [None]
    assert run(y, {p: False}).tolist() == [1.0, 2.0, 3.0]
    assert run(y, {p: True}).tolist() == [1.0, 2.0]


def test_cond_of_strings_and_slices() -> None:
    p, x = tf.placeholder(tf.bool, []), tf.constant([1.0, 2.0])
    text = tf.cond(p, lambda: tf.constant("a"), lambda: tf.constant("b"))
    assert run(text, {p: True}) == b"a"
    rows = tf.cond(
        p,
        lambda: tf.IndexedSlices(x, tf.constant([0, 1])),
        lambda: tf.IndexedSlices(x * 2.0, tf.constant([1, 2])),
    )
    assert isinstance(rows, tf.IndexedSlices)
    assert run(rows.indices, {p: False}).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda _, c: tf.cond(pred=True, true_fn=lambda: c, false_fn=lambda: c),
            TypeError,
            "must not be a Python bool",
        ),
        (lambda p, c: tf.cond(p, c, lambda: c), TypeError, "'true_fn' must be callable"),
        (lambda p, c: tf.cond(p, lambda: c), TypeError, "'false_fn' argument required"),
        (
            lambda p, c: tf.cond(p, lambda: c, lambda: c, fn1=lambda: c),
            TypeError,
            "'true_fn' and 'fn1' may not be set simultaneously",
        ),
        (
            lambda p, c: tf.cond(p, lambda: c, lambda: tf.constant(1.0)),
            ValueError,
            "Received int32 from 'true_fn' and float32 from 'false_fn'",
        ),
        (lambda p, c: tf.cond(p, lambda: (c, c), lambda: c), ValueError, "nested structure"),
        (lambda p, c: tf.cond(p, lambda: None, lambda: c), ValueError, "must have a return value"),
        (lambda p, _: tf.cond(p, list, list), ValueError, "at least one result"),
        (
            lambda _, c: tf.cond(c, lambda: c, lambda: c),
            TypeError,
            "'pred' of 'Switch' Op has type",
        ),
        (
            lambda _, c: tf.cond(tf.constant([True]), lambda: c, lambda: c),
            ValueError,
            "Shape must be rank 0 but is rank 1",
        ),
    ],
)
def test_cond_refuses(build: Callable[..., Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build(tf.placeholder(tf.bool, []), tf.constant(1))


def test_old_names_of_branches() -> None:
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, fn1=lambda: tf.constant(1), fn2=lambda: tf.constant(2))
    assert run(y, {p: False}) == 2


# case and switch_case


def test_case_takes_the_first_that_holds() -> None:
    x = tf.placeholder(tf.float32, [])
    pairs = [(x > 5.0, lambda: x * 1.0), (x > 2.0, lambda: x * 2.0)]
    y = tf.case(pairs, default=lambda: x * 3.0)
    assert [run(y, {x: value}) for value in (6.0, 3.0, 1.0)] == [6.0, 6.0, 3.0]
    without = tf.case(pairs)
    assert run(without, {x: 3.0}) == 6.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="None of conditions evaluated"):
        run(without, {x: 1.0})
    exclusive = tf.case(pairs, default=lambda: x, exclusive=True)
    assert run(exclusive, {x: 3.0}) == 6.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="More than one condition"):
        run(exclusive, {x: 6.0})


@pytest.mark.parametrize(
    ("pairs", "error"),
    [
        (3, TypeError),
        ([], ValueError),
        ([(True, lambda: 1)], TypeError),
        ([("p", lambda: 1, 2)], TypeError),
    ],
)
def test_case_refuses(pairs: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        tf.case(pairs)


def test_switch_case() -> None:
    x = tf.placeholder(tf.int32, [])
    branches = [lambda: tf.constant(10), lambda: tf.constant(20)]
    y = tf.switch_case(x, branches)
    assert [run(y, {x: index}) for index in (0, 1, 2, -3)] == [10, 20, 20, 20]
    y = tf.switch_case(x, dict(enumerate(branches)), default=lambda: tf.constant(-1))
    assert [run(y, {x: index}) for index in (0, 1, 2, -3)] == [10, 20, -1, -1]
    with pytest.raises(TypeError, match="'branch_index' must be a Tensor"):
        tf.switch_case(1, branches)
    with pytest.raises(TypeError, match="must be an integer Tensor"):
        tf.switch_case(tf.constant(1.0), branches)
    with pytest.raises(ValueError, match=r"contiguous range of \[0 to 2\) but found \{0,5\}"):
        tf.switch_case(x, {0: branches[0], 5: branches[1]})
    with pytest.raises(ValueError, match="at least one item"):
        tf.switch_case(x, [])


# while_loop


def test_loop_names_and_structures() -> None:
    results = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * 2.0), [0, 1.0])
    assert [tensor.name for tensor in results] == ["while/Exit:0", "while/Exit_1:0"]
    assert isinstance(results, tuple)  # as the body gave them
    assert run(results) == (3, 8.0)
    alone = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    assert isinstance(alone, tf.Tensor)
    kept = tf.while_loop(lambda i: i < 3, lambda i: [i + 1], [0], return_same_structure=True)
    assert isinstance(kept, list)
    nested = tf.while_loop(
        lambda i, _: i < 3,
        lambda i, d: (i + 1, {"a": d["a"] + 1.0, "b": Pair(*d["b"])}),
        (0, {"a": 1.0, "b": Pair(1, 2.0)}),
    )
    assert run(nested) == (3, {"a": 4.0, "b": Pair(1, 2.0)})


def test_maximum_iterations_come_with_a_counter() -> None:
    y = tf.while_loop(lambda i: i >= 0, lambda i: i + 2, [0], maximum_iterations=7)
    assert y.name == "while/Exit_1:0"
    assert run(y) == 14
    n = tf.placeholder(tf.int32, [])
    y = tf.while_loop(lambda i: i < 5, lambda i: i + 1, [0], maximum_iterations=n)
    assert [run(y, {n: turns}) for turns in (0, 3, 9)] == [0, 3, 5]


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: tf.while_loop(_THREE, lambda i: i, [0]), TypeError, "'cond' must be callable"),
        (lambda: tf.while_loop(lambda i: i < 1, _THREE, [0]), TypeError, "'body' must be callable"),
        (lambda: tf.while_loop(lambda: True, list, []), ValueError, "'loop_vars' must be provided"),
        (
            lambda: tf.while_loop(lambda i: i < 1, lambda i: i, [0], parallel_iterations=0),
            TypeError,
            "must be a positive integer",
        ),
        (
            lambda: tf.while_loop(lambda i: i < 1, lambda i: (i, i), [0]),
            ValueError,
            "same nested structure",
        ),
        (
            lambda: tf.while_loop(lambda i: i < 1, lambda i: tf.cast(i, tf.float32), [0]),
            TypeError,
            "float32",
        ),
        (lambda: tf.while_loop(lambda i: i, lambda i: i, [0]), TypeError, "expected type of bool"),
        (
            lambda: tf.while_loop(lambda i: [i < 1, i < 2], lambda i: i, [0]),
            ValueError,
            "rank 1",
        ),
        (
            lambda: tf.while_loop(
                lambda i: i[0] < 1, lambda i: tf.concat([i, i], 0), [tf.constant([1])]
            ),
            ValueError,
            "`shape_invariants` argument",
        ),
        (
            lambda: tf.while_loop(
                lambda i: i[0] < 1,
                lambda i: i,
                [tf.constant([1])],
                shape_invariants=[tf.TensorShape([2])],
            ),
            ValueError,
            "The shape invariant specified for",
        ),
        (
            lambda: tf.while_loop(
                lambda i: i < 1, lambda i: i, [0], maximum_iterations=tf.constant([1])
            ),
            ValueError,
            "'maximum_iterations' must be a scalar",
        ),
        (lambda: tf.while_loop(lambda i: i < 1, lambda _: None, [0]), ValueError, "None values"),
    ],
)
def test_loops_refuse(build: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build()


def test_a_loop_variable_may_change_its_shape() -> None:
    x = tf.constant([2.0, 3.0])
    _, y = tf.while_loop(
        lambda i, _: i < 3,
        lambda i, a: (i + 1, tf.concat([a, x], 0)),
        [0, x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])],
    )
    assert y.get_shape().as_list() == [None]
    assert run(y).tolist() == [2.0, 3.0] * 4


def test_functions_are_called_once_and_zero_turns_give_the_start() -> None:
    calls: list[int] = []

    def body(i: Any) -> Any:
        calls.append(1)
        return i + 1

    y = tf.while_loop(lambda i: i < 0, body, [5])
    assert run(y) == 5
    assert len(calls) == 1


def test_what_lies_in_a_loop_can_be_neither_fetched_nor_fed(graph: tf.Graph) -> None:
    tf.while_loop(lambda i: i < 9, lambda i: tf.add(i, 1, name="inside"), [0])
    inside = graph.get_tensor_by_name("while/inside:0")
    with pytest.raises(ValueError, match="not fetchable"):
        run(inside)
    with pytest.raises(ValueError, match="may not be fed"):
        run(tf.constant(1), {inside: 1})


def test_assertions_in_a_loop_fail_the_run() -> None:
    v = tf.Variable(0.0)

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assert_less(i, 3), tf.assign_add(v, 1.0)]):
            return i + 1

    y = tf.while_loop(lambda i: i < 9, body, [0])
    with tf.Session(backend="numpy") as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
            session.run(y)
        assert session.run(v) == 0.0


# TensorArray


def test_arrays() -> None:
    array = tf.TensorArray(tf.float32, 3)
    # Recorded: what nobody wrote is zero.
    assert run(array.write(0, 1.0).write(2, 3.0).stack()).tolist() == [1.0, 0.0, 3.0]
    assert run(array.unstack(tf.constant([1.0, 2.0])).stack()).tolist() == [1.0, 2.0, 0.0]
    assert run(array.size()) == 3
    assert run(array.unstack([1.0, 2.0, 3.0]).gather([2, 0])).tolist() == [3.0, 1.0]
    assert run(array.scatter([2, 0], [1.0, 2.0]).read(2)) == 1.0
    pairs = tf.TensorArray(tf.float32, 2)
    assert run(pairs.unstack([[1.0], [2.0]]).concat()).tolist() == [1.0, 2.0]
    pairs = tf.TensorArray(tf.float32, 2)
    assert run(pairs.split([1.0, 2.0, 3.0, 4.0], [2, 2]).read(1)).tolist() == [3.0, 4.0]
    grown = tf.TensorArray(tf.float32, 0, dynamic_size=True).write(3, 1.0)
    assert run([grown.stack(), grown.size()])[0].tolist() == [0.0, 0.0, 0.0, 1.0]


def test_arrays_refuse() -> None:
    array = tf.TensorArray(tf.float32, 3)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"index 5 .*not resizeable.* size is: 3"
    ):
        run(array.write(5, 1.0).stack())
    with pytest.raises(tf.errors.InvalidArgumentError, match="Tried to read from index 3"):
        run(array.write(0, 1.0).read(3))
    with pytest.raises(ValueError, match=r"Inconsistent shapes: saw \(\) but expected \(2,\)"):
        tf.TensorArray(tf.float32, 3).write(0, [1.0, 2.0]).write(1, 1.0)
    with pytest.raises(ValueError, match="Size must be provided"):
        tf.TensorArray(tf.float32)
    with pytest.raises(ValueError, match="element_shape"):
        tf.TensorArray(tf.float32, 3).stack()


def test_an_array_whose_first_write_is_in_a_loop() -> None:
    x = tf.placeholder(tf.float32, [None, 2])

    def body(i: Any, array: Any) -> Any:
        return i + 1, array.write(i, tf.cast(i, tf.float32) * x)

    _, array = tf.while_loop(lambda i, _: i < 3, body, [0, tf.TensorArray(tf.float32, 3)])
    found = run(array.stack(), {x: [[1.0, 2.0]]})
    assert found.tolist() == [[[0.0, 0.0]], [[1.0, 2.0]], [[2.0, 4.0]]]


def test_an_array_that_grows_in_a_loop() -> None:
    n = tf.placeholder(tf.int32, [])

    def body(i: Any, array: Any) -> Any:
        return i + 1, array.write(i, i * i)

    start = tf.TensorArray(tf.int32, 0, dynamic_size=True)
    _, array = tf.while_loop(lambda i, _: i < n, body, [0, start])
    assert run(array.stack(), {n: 4}).tolist() == [0, 1, 4, 9]


def test_arrays_through_nested_loops_and_conds() -> None:
    p = tf.placeholder(tf.bool, [])

    def outer(i: Any, array: Any) -> Any:
        def inner(j: Any, array: Any) -> Any:
            return j + 1, array.write(i * 2 + j, tf.stack([i, j]))

        _, array = tf.while_loop(lambda j, _: j < 2, inner, [0, array])
        return i + 1, array

    _, array = tf.while_loop(lambda i, _: i < 2, outer, [0, tf.TensorArray(tf.int32, 4)])
    assert run(array.stack()).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    start = tf.TensorArray(tf.float32, 2)
    chosen = tf.cond(p, lambda: start.write(0, 5.0), lambda: start)
    assert run(chosen.stack(), {p: True}).tolist() == [5.0, 0.0]
    assert run(chosen.stack(), {p: False}).tolist() == [0.0, 0.0]


# Functional loops


def test_map_fn() -> None:
    e = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    doubled = tf.map_fn(lambda row: row * 2, e)
    assert doubled.get_shape().as_list() == [3, 2]
    assert run(doubled).tolist() == [[2.0, 4.0], [6.0, 8.0], [10.0, 12.0]]
    both = tf.map_fn(lambda row: (row, row[0]), e, dtype=(tf.float32, tf.float32))
    assert run(both)[1].tolist() == [1.0, 3.0, 5.0]
    rows = tf.placeholder(tf.float32, [None, 2])
    found = tf.map_fn(lambda row: row + 1.0, rows)
    assert found.get_shape().as_list() == [None, 2]
    assert run(found, {rows: np.zeros((0, 2))}).shape == (0, 2)
    with pytest.raises(ValueError, match=r"must be 1\+ dimensional"):
        tf.map_fn(lambda row: row, tf.constant(1))
    with pytest.raises(ValueError, match="structure"):
        tf.map_fn(lambda row: (row, row), e)
    with pytest.raises(TypeError, match="callable"):
        tf.map_fn(_THREE, e)


def test_scan_and_folds() -> None:
    x = tf.constant([1, 2, 3, 4])
    assert run(tf.scan(lambda a, e: a + e, x)).tolist() == [1, 3, 6, 10]
    assert run(tf.scan(lambda a, e: a + e, x, reverse=True)).tolist() == [10, 9, 7, 4]
    assert run(tf.scan(lambda a, e: a * e, x, initializer=10)).tolist() == [10, 20, 60, 240]
    pair = tf.scan(lambda a, e: (a[0] + e, a[1] - e), x, initializer=(0, 100))
    assert [found.tolist() for found in run(pair)] == [[1, 3, 6, 10], [99, 97, 94, 90]]
    left = tf.foldl(lambda a, e: a - e, x)
    assert left.name == "foldl/while/Exit_2:0"
    assert run(left) == -8
    assert run(tf.foldr(lambda a, e: e - a, x, initializer=1)) == -1


# Assertions


def test_assert_shows_what_it_is_given() -> None:
    x = tf.placeholder(tf.float32, [None])
    text = r"assertion failed: \[bad \{\}\] \[1 2...\] \[s\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        run(tf.Assert(tf.reduce_all(x < 0), ["bad {}", x, tf.constant("s")], 2), {x: [1, 2, 3]})
    assert run(tf.Assert(tf.reduce_all(x > 0), [x]), {x: [1, 2, 3]}) is None
    with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1"):
        tf.Assert(x < 0, [x])


@pytest.mark.parametrize(
    ("check", "condition"),
    [
        (lambda x: tf.assert_equal(x, x + 1), "x == y"),
        (lambda x: tf.assert_none_equal(x, x), "x != y"),
        (lambda x: tf.assert_less(x, x), "x < y"),
        (lambda x: tf.assert_less_equal(x, x - 1), "x <= y"),
        (lambda x: tf.assert_greater(x, x), "x > y"),
        (lambda x: tf.assert_greater_equal(x, x + 1), "x >= y"),
        (lambda x: tf.assert_positive(-x), "x > 0"),
        (tf.assert_negative, "x < 0"),
        (lambda x: tf.assert_non_negative(-x), "x >= 0"),
        (tf.assert_non_positive, "x <= 0"),
    ],
)
def test_conditions_on_values(check: Callable[[Any], Any], condition: str) -> None:
    x = tf.placeholder(tf.float32, [None])
    text = rf"assertion failed: \[\] \[Condition {condition} did not hold element-wise:\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        run(check(x), {x: [1.0, 2.0]})


def test_conditions_that_hold_and_that_fail_at_once() -> None:
    x = tf.placeholder(tf.float32, [None])
    assert run(tf.assert_equal(x, x), {x: [1.0]}) is None
    assert run(tf.assert_near(x, x + 1e-7), {x: [1.0]}) is None
    with pytest.raises(tf.errors.InvalidArgumentError, match="not equal to tolerance"):
        run(tf.assert_near(x, x + 1.0), {x: [1.0]})
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"m\nCondition x < y did not hold"):
        tf.assert_less(tf.constant(3), tf.constant(2), message="m")
    assert tf.assert_equal(tf.constant(1), tf.constant(1)).type == "NoOp"


def test_conditions_on_ranks_and_types() -> None:
    x, unknown = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32)
    with pytest.raises(ValueError, match=r"must have rank 2.  Received rank 1, shape \(\?,\)"):
        tf.assert_rank(x, 2)
    with pytest.raises(ValueError, match="must have rank at least 2"):
        tf.assert_rank_at_least(x, 2)
    with pytest.raises(ValueError, match=r"must have rank in \(2, 3\)"):
        tf.assert_rank_in(x, [2, 3])
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have rank"):
        run(tf.assert_rank(unknown, 2), {unknown: 3.0})
    assert run(tf.assert_rank_in(unknown, [0, 2]), {unknown: 3.0}) is None
    with pytest.raises(TypeError, match=r"must be of type tf.int32; got"):
        tf.assert_type(x, tf.int32)
    with pytest.raises(TypeError, match='Expected "x" to be integer type'):
        tf.assert_integer(x)
    with pytest.raises(ValueError, match="Expected scalar shape"):
        tf.assert_scalar(x)
    with pytest.raises(TypeError, match="to be iterable"):
        tf.assert_proper_iterable(3)
    assert tf.is_numeric_tensor(x)
    assert not tf.is_numeric_tensor(3)
    assert run(tf.is_non_decreasing(x), {x: [1.0, 1.0]})
    assert not run(tf.is_strictly_increasing(x), {x: [1.0, 1.0]})


@pytest.mark.parametrize(
    ("values", "what"),
    [([np.inf], "Inf"), ([np.nan], "NaN"), ([np.inf, np.nan], "Inf and NaN")],
)
def test_check_numerics(values: list[float], what: str) -> None:
    x = tf.placeholder(tf.float32, [None])
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"div : Tensor had {what} values"):
        run(tf.check_numerics(x, "div"), {x: values})
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"all : Tensor had {what} values"):
        run(tf.verify_tensor_all_finite(x, "all"), {x: values})


def test_add_check_numerics_ops() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    tf.log(x, name="logarithm")
    everything = tf.add_check_numerics_ops()
    assert run(everything, {x: 1.0}) is None
    with pytest.raises(tf.errors.InvalidArgumentError, match="logarithm:0 : Tensor had Inf"):
        run(everything, {x: 0.0})


def test_print(capfd: pytest.CaptureFixture[str]) -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.Print(x, [x, tf.shape(x), "s"], "hello ", first_n=2)
    with tf.Session(backend="numpy") as session:
        for _ in range(3):
            assert session.run(y, {x: [1, 2, 3, 4, 5]}).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert capfd.readouterr().err == "hello [1 2 3...][5][s]\n" * 2


# Python functions


def test_py_func() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.py_func(lambda a: a + 1, [x], tf.float32)
    assert (y.op.type, y.get_shape().ndims) == ("PyFunc", None)
    assert run(y, {x: [1.0]}).tolist() == [2.0]
    both = tf.py_func(lambda a: (a, a * 2), [x], [tf.float32, tf.float32], stateful=False)
    assert both[0].op.type == "PyFuncStateless"
    assert run(both, {x: [1.0]})[1].tolist() == [2.0]
    assert run(tf.py_func(lambda: "text", [], tf.string)) == b"text"
    assert run(tf.numpy_function(lambda: 3, [], tf.int64)) == 3
    assert run(tf.py_func(lambda _: None, [x], []), {x: [1.0]}) is None


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (ValueError("boo"), tf.errors.InvalidArgumentError),
        (TypeError("boo"), tf.errors.InvalidArgumentError),
        (NotImplementedError("boo"), tf.errors.UnimplementedError),
        (MemoryError("boo"), tf.errors.ResourceExhaustedError),
        (KeyError("boo"), tf.errors.UnknownError),
    ],
)
def test_exceptions_become_tf1s_classes(raised: Exception, error: type[Exception]) -> None:
    def fail() -> Any:
        raise raised

    with pytest.raises(error, match=rf"{type(raised).__name__}.*boo"):
        run(tf.py_func(fail, [], tf.float32))


def test_results_of_python_functions_are_checked() -> None:
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"returns 2 values, but expects to see 1"
    ):
        run(tf.py_func(lambda: (1.0, 2.0), [], tf.float32))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"0-th value .* is float64, but expects"
    ):
        run(tf.py_func(lambda: np.float64(1.0), [], tf.float32))


def test_a_python_function_in_a_branch_and_in_a_loop() -> None:
    p, calls = tf.placeholder(tf.bool, []), []

    def note(value: Any) -> Any:
        calls.append(int(value))
        return value

    y = tf.cond(p, lambda: tf.py_func(note, [tf.constant(1)], tf.int32), lambda: tf.constant(2))
    assert run(y, {p: False}) == 2
    assert calls == []
    assert run(y, {p: True}) == 1
    assert calls == [1]

    def body(i: Any) -> Any:
        noted = tf.py_func(note, [i], tf.int32)
        noted.set_shape([])
        return noted + 1

    assert run(tf.while_loop(lambda i: i < 3, body, [0])) == 3
    assert calls == [1, 0, 1, 2]


def test_a_condition_is_a_scalar() -> None:
    # Recorded on TensorFlow 2.21 compat.v1: a list of one flag is a vector.
    with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1"):
        tf.while_loop(lambda i: [i < 5], lambda i: i + 1, [0])


def test_an_array_is_identical_before_its_first_write() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    array = tf.TensorArray(tf.float32, 2).identity().write(0, 1.0).write(1, 1.0)
    assert run(array.stack()).tolist() == [1.0, 1.0]


def test_names_of_results() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    x, i = tf.constant([1.0, 2.0]), tf.placeholder(tf.int32, [])
    stacked = "TensorArrayStack/TensorArrayGatherV3:0"
    assert tf.map_fn(lambda e: e, x, name="mm").name == f"mm/{stacked}"
    assert tf.scan(lambda a, e: a + e, x).name == f"scan/{stacked}"
    assert tf.TensorArray(tf.float32, 2).unstack(x).stack().name == stacked
    y = tf.switch_case(i, [lambda: tf.constant(1), lambda: tf.constant(2)])
    assert y.name == "switch_case/indexed_case/Identity:0"
    assert run(y, {i: 1}) == 2


def test_sparse_tensors_go_through_branches_and_loops() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    p, n = tf.placeholder(tf.bool, []), tf.placeholder(tf.int32, [])
    one = tf.SparseTensor([[0, 0], [1, 1]], [1.0, 2.0], [2, 2])
    two = tf.SparseTensor([[0, 1]], [7.0], [2, 2])
    chosen = tf.cond(p, lambda: one, lambda: two)
    assert isinstance(chosen, tf.SparseTensor)
    assert run(chosen.values, {p: True}).tolist() == [1.0, 2.0]
    assert run(chosen.indices, {p: False}).tolist() == [[0, 1]]

    def twice(i: Any, s: Any) -> Any:
        return i + 1, tf.SparseTensor(s.indices, s.values * 2.0, s.dense_shape)

    _, doubled = tf.while_loop(lambda i, _: i < n, twice, [0, one])
    assert run(doubled.values, {n: 3}).tolist() == [8.0, 16.0]
    assert doubled.values.get_shape().as_list() == [None]

    def grown(i: Any, s: Any) -> Any:
        indices, values = tf.concat([s.indices] * 2, 0), tf.concat([s.values] * 2, 0)
        return i + 1, tf.SparseTensor(indices, values, s.dense_shape)

    invariants = [tf.TensorShape([]), tf.TensorShape([2])]
    _, longer = tf.while_loop(lambda i, _: i < n, grown, [0, one], shape_invariants=invariants)
    shapes = [part.get_shape().as_list() for part in (longer.indices, longer.values)]
    assert [*shapes, longer.dense_shape.get_shape().as_list()] == [[None, 2], [None], [2]]
    assert run(longer.values, {n: 2}).tolist() == [1.0, 2.0] * 4


def test_what_lies_inside_is_not_to_be_had_outside() -> None:
    inside: list[Any] = []

    def body(i: Any) -> Any:
        inside.append(tf.multiply(i, 2, name="m"))
        return i + 1

    tf.while_loop(lambda i: i < 3, body, [0])
    # Recorded on TensorFlow 2.21 compat.v1, up to the advice.
    text = r"Cannot use 'while/m' as input to 'Add' because 'while/m' is in a while loop\."
    with pytest.raises(ValueError, match=text):
        tf.add(inside[0], 1)

    def branch() -> Any:
        inside.append(tf.multiply(2, 2, name="m"))
        return inside[-1]

    tf.cond(tf.placeholder(tf.bool, []), branch, lambda: tf.constant(1))
    y = inside[-1] + 1
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"'cond/m:0' .* not have a value"):
        run(y)


@pytest.mark.parametrize("size", [1, 3])
def test_what_decides_is_a_scalar(size: int) -> None:
    x = tf.placeholder(tf.float32)
    branch = tf.cond(x > 1.0, lambda: 1, lambda: 2)
    loop = tf.while_loop(lambda i: x > i, lambda i: i + 1.0, [0.0])
    with tf.Session() as sess:
        for fetch in (branch, loop):
            with pytest.raises(tf.errors.InvalidArgumentError, match="must be a scalar, but it"):
                sess.run(fetch, {x: np.ones(size)})

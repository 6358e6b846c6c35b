"""TF1's Dimension and TensorShape. Literals were recorded on TensorFlow 2.21's compat.v1."""

from __future__ import annotations

import copy
import operator
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polygraph.core.ground.tensor_shape import (
    Dimension as Dim,
    TensorShape as Shape,
    as_dimension,
    as_shape,
    dimension_at_index,
    dimension_value,
    matrix,
    scalar,
    unknown_shape,
    vector,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPES = [None, [], [3], [None, 3], [2, None, 4]]


def test_dimension_values() -> None:
    values: list[Any] = [3, None, Dim(3), Dim(None), np.int64(3), np.array(3)]
    assert [Dim(value).value for value in values] == [3, None, 3, None, 3, 3]
    assert (repr(Dim(3)), str(Dim(3)), repr(Dim(None)), str(Dim(None))) == (
        "Dimension(3)", "3", "Dimension(None)", "?"
    )  # fmt: skip
    assert (bool(Dim(0)), bool(Dim(3)), bool(Dim(None))) == (False, True, False)
    assert type(Dim(np.int64(3)).value) is int


@pytest.mark.parametrize("value", ["3", 3.5, 3.0, [3], np.array([3, 4]), 1j])
def test_dimension_refuses_what_is_no_integer(value: Any) -> None:
    with pytest.raises(TypeError, match="Dimension value must be an integer"):
        Dim(value)


def test_dimension_refuses_negative() -> None:
    with pytest.raises(ValueError, match="Dimension -1 must be >= 0"):
        Dim(-1)


def test_dimension_as_int() -> None:
    assert int(Dim(3)) == 3
    assert float(Dim(3)) == 3.0
    assert list(range(Dim(3))) == [0, 1, 2]
    assert [5, 6, 7][Dim(1)] == 6
    assert np.zeros([Dim(3), 2]).shape == (3, 2)
    for use in (int, range):
        with pytest.raises(TypeError, match="unknown"):
            use(Dim(None))


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda: Dim(3) + 2, 5),
        (lambda: 2 + Dim(3), 5),
        (lambda: np.int64(3) + Dim(3), 6),
        (lambda: Dim(3) + None, None),
        (lambda: Dim(3) + Dim(None), None),
        (lambda: Dim(3) - 2, 1),
        (lambda: 5 - Dim(3), 2),
        (lambda: Dim(3) * 2, 6),
        (lambda: 2 * Dim(3), 6),
        (lambda: Dim(0) * Dim(None), None),
        (lambda: Dim(7) // 2, 3),
        (lambda: 7 // Dim(2), 3),
        (lambda: Dim(7) // None, None),
        (lambda: Dim(7) % 4, 3),
        (lambda: 9 % Dim(7), 2),
        (lambda: Dim(None) % 4, None),
    ],
)
def test_dimension_arithmetic(compute: Callable[[], Dim], expected: int | None) -> None:
    result = compute()
    assert type(result) is Dim
    assert result.value == expected


@pytest.mark.parametrize(
    ("compute", "error"),
    [
        (lambda: Dim(2) - 3, ValueError),
        (lambda: Dim(7) // 0, ZeroDivisionError),
        (lambda: Dim(7) / 2, TypeError),
        (lambda: 7 / Dim(2), TypeError),
        (lambda: Dim(3) + 1.5, TypeError),
        (lambda: Dim(3) + "a", TypeError),
        (lambda: Dim(3) * 1.5, TypeError),
        (lambda: Dim(3) + -1, TypeError),
        (lambda: Dim(3) < "a", TypeError),
        (lambda: Dim(3) < 3.5, TypeError),
        (lambda: Dim(3) < -1, ValueError),
        (lambda: hash(Dim(3)), TypeError),
        (lambda: -Dim(3), TypeError),
        (lambda: Dim(3) ** 2, TypeError),
    ],
)
def test_dimension_arithmetic_refuses(
    compute: Callable[[], object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        compute()


COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("compare", COMPARISONS)
def test_dimension_comparison(compare: Callable[[Any, Any], bool | None]) -> None:
    for a, b in [(3, 3), (3, 4), (4, 3)]:
        assert compare(Dim(a), Dim(b)) is compare(a, b)
        assert compare(Dim(a), b) is compare(a, b)
        assert compare(a, Dim(b)) is compare(a, b)
    for x, y in [(Dim(3), None), (Dim(None), 3), (Dim(None), Dim(None)), (Dim(None), None)]:
        assert compare(x, y) is None


def test_dimension_equality_with_other_things() -> None:
    assert (Dim(3) == "a") is False
    assert (Dim(3) != "a") is True
    assert (Dim(3) == 3.5) is False
    assert (Dim(3) == -1) is False
    assert (Dim(3) == np.array([3, 4])).tolist() == [True, False]


def test_dimension_merging() -> None:
    assert Dim(3).merge_with(3).value == 3
    assert Dim(3).merge_with(None).value == 3
    assert Dim(None).merge_with(Dim(4)).value == 4
    assert Dim(None).merge_with(None).value is None
    assert Dim(3).is_compatible_with(None)
    assert not Dim(3).is_compatible_with(4)
    Dim(None).assert_is_compatible_with(4)
    for refuse in (Dim(3).merge_with, Dim(3).assert_is_compatible_with):
        with pytest.raises(ValueError, match="Dimensions 3 and 4 are not compatible"):
            refuse(4)


def test_dimension_helpers() -> None:
    three = Dim(3)
    assert as_dimension(three) is three
    assert as_dimension(None).value is None
    assert (dimension_value(three), dimension_value(3), dimension_value(Dim(None))) == (3, 3, None)


@pytest.mark.parametrize(
    ("dims", "text", "represented"),
    [
        (None, "<unknown>", "TensorShape(None)"),
        ([], "()", "TensorShape([])"),
        ([3], "(3,)", "TensorShape([Dimension(3)])"),
        ([None, 3], "(?, 3)", "TensorShape([Dimension(None), Dimension(3)])"),
        ((2, 3), "(2, 3)", "TensorShape([Dimension(2), Dimension(3)])"),
        ([Dim(2), None], "(2, ?)", "TensorShape([Dimension(2), Dimension(None)])"),
        ([Dim(None), np.int32(4)], "(?, 4)", "TensorShape([Dimension(None), Dimension(4)])"),
        (3, "(3,)", "TensorShape([Dimension(3)])"),
        (Dim(3), "(3,)", "TensorShape([Dimension(3)])"),
        (np.int64(3), "(3,)", "TensorShape([Dimension(3)])"),
        (np.array(3), "(3,)", "TensorShape([Dimension(3)])"),
        (np.array([2, 3]), "(2, 3)", "TensorShape([Dimension(2), Dimension(3)])"),
        (Shape([2]), "(2,)", "TensorShape([Dimension(2)])"),
        (range(2), "(0, 1)", "TensorShape([Dimension(0), Dimension(1)])"),
    ],
)
def test_shape_construction(dims: Any, text: str, represented: str) -> None:
    shape = Shape(dims)
    assert (str(shape), repr(shape)) == (text, represented)
    sizes = shape.as_tuple()
    assert sizes is None or all(size is None or type(size) is int for size in sizes)


def test_shape_from_generator() -> None:
    assert Shape(size for size in (1, 2)).as_tuple() == (1, 2)


@pytest.mark.parametrize("dims", ["ab", [2, "a"], [2.5], 2.5, [[2]], [2, 3.0], object()])
def test_shape_refuses_what_is_no_size(dims: Any) -> None:
    with pytest.raises(TypeError):
        Shape(dims)
    assert (Shape([2]) == dims) is False
    assert (Shape([2]) != dims) is True


@pytest.mark.parametrize("dims", [-1, [-1], [2, -1], np.array([-1])])
def test_shape_refuses_negative(dims: Any) -> None:
    with pytest.raises(ValueError, match="Dimension -1 must be >= 0"):
        Shape(dims)


def test_of_makes_the_same_shape() -> None:
    for dims in SHAPES:
        assert Shape.of(Shape(dims).as_tuple()) == Shape(dims)


def test_rank_and_length() -> None:
    assert [Shape(dims).rank for dims in SHAPES] == [None, 0, 1, 2, 3]
    assert [Shape(dims).ndims for dims in SHAPES] == [None, 0, 1, 2, 3]
    assert [bool(Shape(dims)) for dims in SHAPES] == [False, True, True, True, True]
    assert [len(Shape(dims)) for dims in SHAPES[1:]] == [0, 1, 2, 3]
    for refuse in (len, list, Shape.as_list):
        with pytest.raises(ValueError, match="unknown rank"):
            refuse(Shape(None))


def test_elements_are_dimensions() -> None:
    shape = Shape([2, None])
    assert repr(shape.dims) == "[Dimension(2), Dimension(None)]"
    assert repr(list(shape)) == "[Dimension(2), Dimension(None)]"
    assert repr(list(reversed(shape))) == "[Dimension(None), Dimension(2)]"
    assert Shape(None).dims is None
    assert shape.as_list() == [2, None]
    assert 2 in Shape([2, 3])
    assert np.zeros(Shape([2, 3])).shape == (2, 3)


def test_indexing() -> None:
    shape = Shape([2, 3, 4])
    assert repr(shape[0]) == "Dimension(2)"
    assert repr(shape[-1]) == "Dimension(4)"
    assert repr(shape[Dim(1)]) == "Dimension(3)"
    assert repr(shape[np.int64(1)]) == "Dimension(3)"
    assert shape[1:] == [3, 4]
    assert shape[::-1] == [4, 3, 2]
    assert shape[5:] == []
    assert type(shape[:1]) is Shape
    with pytest.raises(IndexError):
        _ = shape[3]


@pytest.mark.parametrize(
    ("key", "rank"),
    [
        (slice(1, None), None),
        (slice(None, 3), 3),
        (slice(1, 3), 2),
        (slice(3, 1), 0),
        (slice(-2, None), None),
        (slice(None, -1), None),
        (slice(None), None),
        (slice(-1, 3), None),
        (slice(2, -1), None),
    ],
)
def test_slices_of_unknown_rank(key: slice, rank: int | None) -> None:
    assert Shape(None)[key].as_tuple() == unknown_shape(rank).as_tuple()


def test_indexing_unknown_rank() -> None:
    assert repr(Shape(None)[0]) == "Dimension(None)"
    assert repr(Shape(None)[-3]) == "Dimension(None)"
    with pytest.raises(ValueError, match="step"):
        _ = Shape(None)[::2]


def test_num_elements() -> None:
    assert [Shape(dims).num_elements() for dims in ([2, 3], [], [2, None], [0, None], None)] == [
        6, 1, None, None, None
    ]  # fmt: skip


def test_fully_defined() -> None:
    assert [Shape(dims).is_fully_defined() for dims in ([2, 3], [], [2, None], None)] == [
        True, True, False, False
    ]  # fmt: skip
    Shape([2, 3]).assert_is_fully_defined()
    with pytest.raises(ValueError, match=r"Shape \(2, \?\) is not fully defined"):
        Shape([2, None]).assert_is_fully_defined()


def test_merging() -> None:
    assert Shape([2, None]).merge_with([None, 3]) == [2, 3]
    assert Shape([2, None]).merge_with(None) == [2, None]
    assert Shape(None).merge_with([1]) == [1]
    assert Shape(None).merge_with(None) == Shape(None)
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2, 4\) are not compatible.*are 3 and 4"):
        Shape([2, 3]).merge_with([2, 4])
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2,\) are not compatible.*2 and 1"):
        Shape([2, 3]).merge_with([2])


def test_most_specific_compatible_shape() -> None:
    assert Shape([2, 3]).most_specific_compatible_shape([2, 4]) == [2, None]
    assert Shape([2, None]).most_specific_compatible_shape([2, None]) == [2, None]
    assert Shape([2, 3]).most_specific_compatible_shape([2]) == Shape(None)
    assert Shape([2, 3]).most_specific_compatible_shape(None) == Shape(None)


def test_concatenation() -> None:
    assert Shape([2, 3]).concatenate([4]) == [2, 3, 4]
    assert Shape([2]).concatenate(3) == [2, 3]
    some: Any = [3, None]
    assert Shape([2]) + some == [2, 3, None]
    assert some + Shape([2]) == [3, None, 2]
    assert 3 + Shape([2]) == [3, 2]
    for unknown in (Shape([2]) + None, Shape(None) + some, Shape(None).concatenate(None)):
        assert unknown.rank is None


def test_compatibility() -> None:
    assert Shape([2]).is_compatible_with([2])
    assert Shape([2]).is_compatible_with(2)
    assert Shape([2]).is_compatible_with(None)
    assert Shape([None]).is_compatible_with([3])
    assert Shape(None).is_compatible_with([3])
    assert not Shape([2]).is_compatible_with([3])
    assert not Shape([2]).is_compatible_with([2, 3])
    assert not Shape([2, None]).is_compatible_with([3, None])
    Shape([2]).assert_is_compatible_with([None])
    with pytest.raises(ValueError, match=r"Shapes \(2,\) and \(3,\) are incompatible"):
        Shape([2]).assert_is_compatible_with([3])


def test_ranks_asserted() -> None:
    Shape(None).assert_has_rank(1)
    Shape([2]).assert_has_rank(1)
    Shape([2]).assert_same_rank([3])
    Shape([2]).assert_same_rank(None)
    assert Shape([2]).with_rank(1) == [2]
    assert Shape(None).with_rank(2) == [None, None]
    assert Shape([2]).with_rank_at_least(1) == [2]
    assert Shape(None).with_rank_at_least(2).rank is None
    assert Shape([2, 3]).with_rank_at_most(2) == [2, 3]
    assert Shape(None).with_rank_at_most(2).rank is None


@pytest.mark.parametrize(
    ("refuse", "message"),
    [
        (lambda: Shape([2]).assert_has_rank(2), r"Shape \(2,\) must have rank 2"),
        (lambda: Shape([2]).with_rank(2), r"Shape \(2,\) must have rank 2"),
        (lambda: Shape([2]).with_rank_at_least(2), r"Shape \(2,\) must have rank at least 2"),
        (lambda: Shape([2, 3]).with_rank_at_most(1), r"Shape \(2, 3\) must have rank at most 1"),
        (
            lambda: Shape([2]).assert_same_rank([2, 3]),
            r"Shapes \(2,\) and \(2, 3\) must have the same rank",
        ),
    ],
)
def test_ranks_refused(refuse: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refuse()


def test_equality() -> None:
    assert Shape([2, 3]) == (2, 3)
    assert Shape([2, None]) == Shape([2, None])
    assert Shape([2, None]) != Shape([2, 3])
    assert Shape([2]) == 2
    assert Shape([2]) != [3]
    assert Shape([2]) != Shape(None)
    assert Shape(None) == Shape(None)
    assert (Shape(None) == None) is True  # noqa: E711 - TF1 takes None for the unknown shape
    assert (Shape([]) == None) is False  # noqa: E711
    assert Shape([]) == ()
    assert len({Shape([2, 3]), Shape((2, 3)), Shape(None), Shape(None)}) == 2


def test_immutable_and_copied() -> None:
    for dims in SHAPES:
        shape = Shape(dims)
        assert copy.copy(shape) == shape
        assert copy.deepcopy(shape) == shape
        assert pickle.loads(pickle.dumps(shape)) == shape  # noqa: S301 - our own bytes
        with pytest.raises(AttributeError):
            shape.extra = 1  # type: ignore[attr-defined]
    listed = Shape([2]).dims
    assert listed is not None
    listed.append(Dim(3))
    assert Shape([2]).rank == 1
    assert pickle.loads(pickle.dumps(Dim(3))).value == 3  # noqa: S301
    assert copy.deepcopy(Dim(None)).value is None


def test_helpers() -> None:
    shape = Shape([3, 4])
    assert as_shape(shape) is shape
    assert as_shape([3]) == [3]
    assert unknown_shape().rank is None
    assert unknown_shape(2) == [None, None]
    assert (scalar(), vector(None), matrix(2, None)) == (Shape([]), Shape([None]), Shape([2, None]))
    assert dimension_at_index(shape, 1) == 4
    assert repr(dimension_at_index(Shape(None), 1)) == "Dimension(None)"

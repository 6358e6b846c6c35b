"""Ops that move, join, cut, pad and describe arrays."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from op_values.case import Spec
from op_values.samples import ALL, COMPLEX, FLOATS, INTS, arr, distinct, edges, ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[Any, Any]


def i32(values: Any) -> Array:
    """An int32 array: most ops take shapes and axes as such."""
    return np.array(values, np.int32)


def i64(values: Any) -> Array:
    """An int64 array."""
    return np.array(values, np.int64)


def _every_dtype(dtype: str) -> Iterator[Spec]:
    """One ordinary case of each op that only moves elements."""
    x = distinct(dtype, (2, 3, 4))
    four = distinct(dtype, (2, 2, 2, 2))
    one = distinct(dtype, ())
    label = f"{dtype}/moves"
    yield Spec("Reshape", (x, i32([4, -1])), label)
    yield Spec("Transpose", (x, i32([2, 0, 1])), label)
    yield Spec("ConcatV2", ([x, x[:, :1]], i32(1)), label)
    yield Spec("Pack", ([x[0], x[1]],), label, {"axis": 1})
    yield Spec("Unpack", (x,), label, {"axis": -2, "num": 3})
    yield Spec("Split", (i32(2), x), label, {"num_split": 2})
    yield Spec("SplitV", (x, i64([1, -1, 1]), i32(2)), label, {"num_split": 3})
    yield Spec("Pad", (x[0], i32([[1, 0], [0, 2]])), label)
    yield Spec("PadV2", (x[0], i32([[1, 0], [0, 2]]), edges(dtype)[1]), label)
    yield Spec("MirrorPad", (x[0], i32([[1, 0], [2, 2]])), label, {"mode": "REFLECT"})
    yield Spec("Tile", (x[0], i32([2, 2])), label)
    yield Spec("Slice", (x, i32([1, 0, 1]), i32([1, -1, 2])), label)
    yield Spec("StridedSlice", (x, i32([1, -1]), i32([2, 0]), i32([1, -1])), label)
    yield Spec("ExpandDims", (x, i32(-2)), label)
    yield Spec("Squeeze", (x[:1, :, :1],), label, {"squeeze_dims": [0]})
    yield Spec("BroadcastTo", (x[:, :1], i32([2, 2, 3, 4])), label)
    yield Spec("ReverseV2", (x, i32([0, -1])), label)
    yield Spec("Fill", (i32([2, 2]), edges(dtype)[-1]), label)
    for op in ("ZerosLike", "OnesLike", "Shape", "Size", "Rank", "Identity", "StopGradient"):
        yield Spec(op, (x,), label)
    yield Spec("Diag", (x[0, 0],), label)
    yield Spec("DiagPart", (four,), label)
    yield Spec("MatrixDiag", (x[0],), label)
    yield Spec("MatrixDiagPart", (x,), label)
    yield Spec("MatrixSetDiag", (x, ordinary(dtype, (2, 3), 3)), label)
    yield Spec("MatrixBandPart", (x, i64(1), i64(0)), label)
    yield Spec("MatrixDiagV2", (x[0], i32([-1, 1]), i32(4), i32(4), one), label)
    yield Spec("MatrixDiagPartV2", (x, i32([-1, 0]), one), label)
    yield Spec("SpaceToBatchND", (four, i32([2]), i32([[0, 0]])), label)
    yield Spec("BatchToSpaceND", (four, i32([2]), i32([[0, 1]])), label)
    yield Spec("SpaceToDepth", (four,), label, {"block_size": 2})
    yield Spec("DepthToSpace", (distinct(dtype, (1, 1, 2, 8)),), label, {"block_size": 2})
    yield Spec("Roll", (x, i32([1, -1]), i32([0, 2])), label)
    yield Spec("ConjugateTranspose", (x, i32([2, 0, 1])), label)
    yield Spec("IdentityN", ([x, one, x[:0]],), label)
    yield Spec("EnsureShape", (x,), label, {"shape": [2, None, 4]})
    yield Spec("PlaceholderWithDefault", (x,), label, {"shape": [None, 3, 4]})
    for op in ("PreventGradient", "GuaranteeConst"):
        yield Spec(op, (x,), label)
    steps = i32([3, 4]), i32([0, 2]), i32([4, 0]), i32([2, -1]), x[0, :2, :2]
    yield Spec("StridedSliceGrad", steps, label)


def _reshape() -> Iterator[Spec]:
    x = distinct("float32", (2, 3, 4))
    for label, shape, target in (
        ("flat", x, [-1]), ("to_scalar", x[:1, :1, :1], []), ("of_scalar", x[0, 0, 0], [1, 1]),
        ("empty_minus_one", x[:0], [-1, 4]), ("empty_minus_one_zero", x[:0], [0, -1]),
        ("empty_flat", x[:0], [-1]), ("empty", x[:0], [5, 0]), ("wrong_count", x, [5, 5]),
        ("not_divisible", x, [-1, 5]), ("two_unknown", x, [-1, -1]), ("negative", x, [-2, 12]),
        ("zero_dim", x, [0, 24]), ("bad_rank", x, [[4, 6]]),
    ):  # fmt: skip
        yield Spec("Reshape", (np.asarray(shape), i32(target)), label)
    yield Spec("Reshape", (x, i64([6, 4])), "int64_shape")
    for label, value, axis in (
        ("front", x, 0), ("back", x, -1), ("last", x, 3), ("scalar", x[0, 0, 0], 0),
        ("too_large", x, 4), ("too_small", x, -5), ("vector_axis", x, [1]), ("empty", x[:0], 1),
    ):  # fmt: skip
        yield Spec("ExpandDims", (np.asarray(value), i32(axis)), label)
    for label, value, dims in (
        ("every", x[:1, :, :1], []), ("negative", x[:1, :, :1], [-1]), ("both", x[:1, :, :1],
        [0, 2]), ("not_one", x, [1]), ("out_of_range", x[:1], [3]), ("to_scalar", x[:1, :1, :1],
        []), ("empty", x[:0, :1], []),
    ):  # fmt: skip
        yield Spec("Squeeze", (value,), label, {"squeeze_dims": dims})


def _transpose() -> Iterator[Spec]:
    x = distinct("float32", (2, 3, 4))
    for label, value, perm in (
        ("identity", x, [0, 1, 2]), ("reversed", x, [2, 1, 0]), ("swap", x, [1, 0, 2]),
        ("negative", x, [-1, 0, 1]), ("matrix", x[0], [1, 0]), ("scalar", x[0, 0, 0], []),
        ("empty", x[:0], [1, 0, 2]), ("repeated", x, [0, 0, 1]), ("too_short", x, [1, 0]),
        ("out_of_range", x, [0, 1, 3]), ("vector", x[0, 0], [0]),
    ):  # fmt: skip
        yield Spec("Transpose", (np.asarray(value), i32(perm)), label)
    yield Spec("Transpose", (distinct("int32", (2, 3, 2, 2, 2)), i64([4, 0, 3, 1, 2])), "rank_5")


def _join() -> Iterator[Spec]:
    x = distinct("float32", (2, 3))
    e, scalar = x[:0], x[0, 0]
    for label, values, axis in (
        ("axis_0", [x, e, x], 0), ("axis_minus_1", [x, x[:, :1]], -1), ("one", [x], 0),
        ("empties", [e, e], 0), ("empties_other", [e, e], 1), ("mismatch", [x, x[:1]], 1),
        ("ranks_differ", [x, x[0]], 0), ("scalars", [scalar, scalar], 0),
        ("out_of_range", [x, x], 2), ("too_small", [x, x], -3), ("vectors", [x[0], x[1]], 0),
        ("empty_vector_skipped", [x[0], x[0, :0]], 0), ("empty_1d_with_matrix", [x, x[0, :0]], 0),
    ):  # fmt: skip
        yield Spec("ConcatV2", ([np.asarray(v) for v in values], i32(axis)), label)
    yield Spec("Concat", (i32(1), [x, x]), "axis_first")
    yield Spec("ConcatOffset", (i32(1), [i32([2, 3]), i32([2, 1]), i32([2, 5])]), "offsets")
    for label, values, axis in (
        ("scalars", [scalar, scalar], 0), ("axis_minus_1", [x, x], -1), ("axis_2", [x, x], 2),
        ("one", [x], 0), ("empty", [e, e], 0), ("mismatch", [x, x[:1]], 0),
        ("out_of_range", [x, x], 3), ("too_small", [x, x], -4),
    ):  # fmt: skip
        yield Spec("Pack", ([np.asarray(v) for v in values],), label, {"axis": axis})
    for label, value, axis, num in (
        ("axis_0", x, 0, 2), ("axis_1", x, 1, 3), ("vector", x[0], 0, 3), ("none", e, 0, 0),
        ("empty", e, 1, 3), ("wrong_num", x, 0, 3), ("out_of_range", x, 2, 2),
    ):  # fmt: skip
        yield Spec("Unpack", (value,), label, {"axis": axis, "num": num})


def _split() -> Iterator[Spec]:
    x = distinct("float32", (4, 6))
    for label, axis, num, value in (
        ("axis_0", 0, 2, x), ("axis_minus_1", -1, 3, x), ("one", 1, 1, x), ("uneven", 1, 4, x),
        ("out_of_range", 2, 2, x), ("empty", 0, 2, x[:0]), ("each", 1, 6, x),
    ):  # fmt: skip
        yield Spec("Split", (i32(axis), value), label, {"num_split": num})
    for label, sizes, axis in (
        ("sizes", [1, 2, 3], 1), ("unknown", [1, -1], 1), ("zero", [0, 4], 0), ("all", [6], -1),
        ("too_few", [1, 2], 1), ("too_many", [5, 5], 1), ("two_unknown", [-1, -1], 0),
        ("unknown_overflow", [9, -1], 1), ("negative", [-2, 8], 1), ("out_of_range", [2, 2], 2),
        ("unknown_nothing", [4, -1], 0),
    ):  # fmt: skip
        yield Spec("SplitV", (x, i32(sizes), i32(axis)), label, {"num_split": len(sizes)})


def _pad() -> Iterator[Spec]:
    x = distinct("float32", (2, 3))
    for label, value, pads in (
        ("none", x, [[0, 0], [0, 0]]), ("left", x, [[1, 0], [2, 0]]), ("scalar", x[0, 0],
        np.zeros((0, 2))), ("empty", x[:0], [[1, 1], [0, 0]]), ("negative", x, [[-1, 0], [0, 0]]),
        ("wrong_rank", x, [[1, 1]]), ("wrong_columns", x, [[1, 1, 1], [0, 0, 0]]),
        ("deep", x.reshape(1, 2, 1, 3), [[0, 1], [1, 0], [0, 0], [1, 1]]),
    ):  # fmt: skip
        yield Spec("Pad", (np.asarray(value), i32(pads)), label)
        yield Spec("PadV2", (np.asarray(value), i64(pads), arr(-7.5, "float32")), label)
    for mode, label, value, pads in (
        ("REFLECT", "most", x, [[1, 1], [2, 2]]), ("SYMMETRIC", "most", x, [[2, 2], [3, 3]]),
        ("REFLECT", "too_much", x, [[2, 0], [0, 0]]), ("SYMMETRIC", "too_much", x, [[3, 0],
        [0, 0]]), ("REFLECT", "uneven", x, [[0, 1], [2, 1]]), ("SYMMETRIC", "uneven", x, [[1, 0],
        [0, 2]]), ("REFLECT", "vector", x[0], [[1, 2]]), ("SYMMETRIC", "empty", x[:0],
        [[0, 0], [1, 1]]), ("REFLECT", "negative", x, [[-1, 0], [0, 0]]),
    ):  # fmt: skip
        yield Spec("MirrorPad", (value, i32(pads)), f"{mode}/{label}", {"mode": mode})
    for mode in ("REFLECT", "SYMMETRIC"):
        inputs = distinct("float32", (4, 5)), i32([[1, 1], [1, 1]])
        yield Spec("MirrorPadGrad", inputs, mode, {"mode": mode})


def _repeat() -> Iterator[Spec]:
    x = distinct("float32", (2, 3))
    for label, value, times in (
        ("ones", x, [1, 1]), ("zero", x, [0, 2]), ("vector", x[0], [3]), ("scalar", x[0, 0], []),
        ("negative", x, [-1, 1]), ("wrong_rank", x, [2]), ("empty", x[:0], [2, 2]),
    ):  # fmt: skip
        yield Spec("Tile", (np.asarray(value), i32(times)), label)
    for label, value, shape in (
        ("same", x, [2, 3]), ("rows", x[:1], [4, 3]), ("scalar", x[0, 0], [2, 2]), ("rank", x,
        [2, 2, 3]), ("to_empty", x[:1], [0, 3]), ("refused", x, [2, 4]), ("fewer", x, [3]),
        ("scalar_to_scalar", x[0, 0], []), ("one_to_zero", x[:, :1], [2, 0]),
        ("minus_one", x, [2, -1]), ("empty", x[:0], [2, 0, 3]),
    ):  # fmt: skip
        yield Spec("BroadcastTo", (np.asarray(value), i32(shape)), label)
    for label, shape, value in (
        ("scalar", [], 2.5), ("empty", [0, 2], 1.0), ("negative", [-1], 1.0), ("matrix", [[2]],
        1.0), ("vector_value", [2], [1.0]), ("nan", [3], np.nan), ("minus_zero", [2], -0.0),
    ):  # fmt: skip
        yield Spec("Fill", (i32(shape), arr(value, "float32")), label)
    for a, b in (([2, 3], [3]), ([2, 1, 3], [4, 1]), ([], [2]), ([0, 1], [1, 3]), ([2], [3]),
                 ([], []), ([2, 1], [0])):  # fmt: skip
        for make, name in ((i32, "int32"), (i64, "int64")):
            label = f"{name}/{'x'.join(map(str, a))}_and_{'x'.join(map(str, b))}"
            yield Spec("BroadcastArgs", (make(a), make(b)), label)
            yield Spec("BroadcastGradientArgs", (make(a), make(b)), label)


def _slices() -> Iterator[Spec]:
    x = distinct("float32", (3, 4))
    for label, begin, size in (
        ("inner", [1, 1], [1, 2]), ("rest", [1, 0], [-1, -1]), ("nothing", [3, 0], [0, 4]),
        ("at_end_rest", [3, 4], [-1, -1]), ("begin_too_large", [4, 0], [-1, 1]),
        ("negative_begin", [-1, 0], [1, 1]), ("size_too_large", [2, 0], [2, 4]),
        ("size_minus_two", [0, 0], [-2, 1]), ("wrong_rank", [0], [1]),
    ):  # fmt: skip
        yield Spec("Slice", (x, i32(begin), i32(size)), label)
    yield Spec("Slice", (x, i64([0, 2]), i64([3, 2])), "int64")
    yield Spec("Slice", (x[0, 0], i32([]), i32([])), "scalar")


def _strided() -> Iterator[Spec]:
    """Begins, ends and strides over one axis, then every mask over two."""
    line = distinct("int32", (5,))
    ends = [-7, -5, -3, 0, 2, 5, 7]
    for stride in (1, 2, -1, -2):
        for begin, end in itertools.product(ends, ends):
            if stride in (1, -1) or (begin + end) % 3 == 0:
                label = f"line/{begin}_{end}_{stride}"
                yield Spec("StridedSlice", (line, i32([begin]), i32([end]), i32([stride])), label)
    yield Spec("StridedSlice", (line, i32([0]), i32([3]), i32([0])), "zero_stride")
    yield Spec("StridedSlice", (line, i64([1]), i64([4]), i64([2])), "int64")
    x = distinct("float32", (2, 3, 4))
    names = ("begin_mask", "end_mask", "shrink_axis_mask")
    for masks in itertools.product(range(4), repeat=3):
        for strides in ([1, 1], [-1, 2]):
            if strides == [1, 1] or masks[2] == 0:
                attrs = dict(zip(names, masks, strict=True))
                label = f"masks/{'_'.join(map(str, masks))}_{strides[0]}"
                inputs = (x, i32([1, -2]), i32([0 if strides[0] < 0 else 2, 3]), i32(strides))
                yield Spec("StridedSlice", inputs, label, attrs)
    yield from _strided_masks(x)


def _strided_masks(x: Array) -> Iterator[Spec]:
    for label, begin, end, stride, attrs in (
        ("ellipsis_first", [0, 1], [0, 3], [1, 1], {"ellipsis_mask": 1}),
        ("ellipsis_middle", [1, 0, 1], [2, 0, 3], [1, 1, 1], {"ellipsis_mask": 2}),
        ("ellipsis_nothing", [0, 0, 0, 0], [1, 2, 2, 9], [1, 1, 1, 1], {"ellipsis_mask": 8}),
        ("ellipsis_alone", [0], [0], [1], {"ellipsis_mask": 1}),
        ("two_ellipses", [0, 0], [0, 0], [1, 1], {"ellipsis_mask": 3}),
        ("new_axis_first", [0, 1], [0, 2], [1, 1], {"new_axis_mask": 1}),
        (
            "new_axis_last",
            [0, 0, 0],
            [0, 0, 0],
            [1, 1, 1],
            {"ellipsis_mask": 1, "new_axis_mask": 2},
        ),
        (
            "new_axis_and_shrink",
            [0, 1],
            [0, 2],
            [1, 1],
            {"new_axis_mask": 1, "shrink_axis_mask": 2},
        ),
        (
            "new_axis_beats_shrink",
            [0, 1],
            [0, 2],
            [1, 1],
            {"new_axis_mask": 1, "shrink_axis_mask": 1},
        ),
        ("shrink_negative", [-1], [0], [1], {"shrink_axis_mask": 1}),
        ("shrink_out_of_range", [2], [3], [1], {"shrink_axis_mask": 1}),
        ("shrink_too_negative", [-3], [-2], [1], {"shrink_axis_mask": 1}),
        ("shrink_bad_stride", [0], [1], [-1], {"shrink_axis_mask": 1}),
        ("shrink_all", [1, 2, 3], [2, 3, 4], [1, 1, 1], {"shrink_axis_mask": 7}),
        ("too_many", [0] * 4, [1] * 4, [1] * 4, {}),
        ("lengths_differ", [0, 0], [1], [1], {}),
        ("no_indices", [], [], [], {}),
    ):
        inputs = (x, i32(begin), i32(end), i32(stride))
        yield Spec("StridedSlice", inputs, label, attrs)
    for label, value in (("empty", x[:0]), ("scalar_shrunk", x[0, 0])):
        begin = [0] * value.ndim
        inputs = (value, i32(begin), i32(value.shape), i32([1] * value.ndim))
        yield Spec("StridedSlice", inputs, label)
    dy = distinct("float32", (2, 2))
    yield Spec(
        "StridedSliceGrad", (i32([4, 3]), i32([0, 2]), i32([4, 0]), i32([2, -1]), dy), "steps"
    )
    yield Spec(
        "StridedSliceGrad",
        (i32([3, 2]), i32([1]), i32([2]), i32([1]), dy[0]),
        "shrink",
        {"shrink_axis_mask": 1},
    )


def _reverse() -> Iterator[Spec]:
    x = distinct("float32", (2, 3))
    for label, value, axes in (
        ("none", x, []), ("all", x, [0, 1]), ("twice", x, [0, 0]), ("signs", x, [1, -1]),
        ("out_of_range", x, [2]), ("empty", x[:0], [0]), ("scalar", x[0, 0], []),
    ):  # fmt: skip
        yield Spec("ReverseV2", (np.asarray(value), i32(axes)), label)
    for label, perm in {"perm": [3, 0, 2, 1], "empty": [], "repeated": [0, 0, 1],
                        "out_of_range": [0, 3, 1], "negative": [0, -1]}.items():  # fmt: skip
        yield Spec("InvertPermutation", (i32(perm),), label)
        yield Spec("InvertPermutation", (i64(perm),), f"int64/{label}")
    yield Spec("InvertPermutation", (i32([[0]]),), "matrix")


def _sequences() -> Iterator[Spec]:
    for dtype in ("int32", "int64", *FLOATS):
        for label, bounds in {
            "up": (0, 5, 1), "step": (1, 10, 3), "down": (5, 0, -2), "nothing": (3, 3, 1),
            "wrong_way": (0, 5, -1), "wrong_way_down": (5, 0, 1), "zero_step": (0, 5, 0),
        }.items():  # fmt: skip
            yield Spec("Range", tuple(arr(v, dtype) for v in bounds), f"{dtype}/{label}")
    for dtype in FLOATS:
        for label, bounds in {
            "tenths": (0.0, 1.0, 0.1),
            "down": (1.0, -1.0, -0.3),
            "third": (0.0, 1.0, 1 / 3),
            "short": (0.0, 0.05, 0.1),
        }.items():
            yield Spec("Range", tuple(arr(v, dtype) for v in bounds), f"{dtype}/frac_{label}")
        for label, (start, stop, num) in {
            "five": (0.0, 1.0, 5), "down": (2.0, -3.0, 7), "one": (3.0, 9.0, 1), "two": (1.0, 2.0,
            2), "same": (2.0, 2.0, 4), "zero": (0.0, 1.0, 0), "negative": (0.0, 1.0, -1),
            "thirds": (0.1, 0.7, 11),
        }.items():  # fmt: skip
            yield Spec(
                "LinSpace", (arr(start, dtype), arr(stop, dtype), i32(num)), f"{dtype}/{label}"
            )
    yield Spec("Range", (i32([0]), i32(3), i32(1)), "vector_start")
    yield Spec("LinSpace", (arr(0.0, "float32"), arr(1.0, "float32"), i64(3)), "int64_num")


def _describe() -> Iterator[Spec]:
    for label, shape in {"scalar": (), "vector": (3,), "empty": (0, 3), "rank_4": (1, 2, 1, 2)
                         }.items():  # fmt: skip
        x = distinct("float32", shape)
        for out in ("int32", "int64"):
            yield Spec("Shape", (x,), f"{label}/{out}", {"out_type": out})
            yield Spec("Size", (x,), f"{label}/{out}", {"out_type": out})
        yield Spec("ShapeN", ([x, x],), label)
        yield Spec("Rank", (x,), label)
        yield Spec("ZerosLike", (x,), label)
        yield Spec("OnesLike", (x,), label)
    for dtype in (*FLOATS, *COMPLEX):
        yield Spec("ZerosLike", (edges(dtype),), f"{dtype}/special")


def _ensured() -> Iterator[Spec]:
    """Shapes that are looked at when the graph runs."""
    x = distinct("float32", (2, 3))
    for label, value, shape in (
        ("whole", x, [2, 3]), ("any_rank", x, None), ("scalar", x[0, 0], []), ("empty", x[:0],
        [None, 3]), ("wrong_size", x, [2, 4]), ("wrong_rank", x, [2, 3, 1]),
    ):  # fmt: skip
        yield Spec("EnsureShape", (np.asarray(value),), label, {"shape": shape})


def _diagonals() -> Iterator[Spec]:
    x = distinct("float32", (2, 3, 4))
    for label, value in (("matrix", x[0, :2, :2]), ("empty", x[0, 0, :0]), ("scalar", x[0, 0, 0]),
                         ("rank_2", x[0, :2])):  # fmt: skip
        yield Spec("Diag", (np.asarray(value),), label)
        yield Spec("MatrixDiag", (np.asarray(value),), label)
    for label, value in (("wide", x[0]), ("tall", x[0].T.copy()), ("empty", x[0, :0]),
                         ("square", x[0, :3, :3]), ("vector", x[0, 0])):  # fmt: skip
        yield Spec("DiagPart", (value,), label)
        yield Spec("MatrixDiagPart", (value,), label)
        for low, high in ((0, 0), (-1, -1), (0, -1), (-1, 0), (1, 2), (9, 0), (0, 9)):
            yield Spec("MatrixBandPart", (value, i64(low), i64(high)), f"{label}/{low}_{high}")


def _space() -> Iterator[Spec]:
    x = distinct("float32", (2, 4, 4, 1))
    for label, block, pads in (
        ("even", [2, 2], [[0, 0], [0, 0]]), ("padded", [2, 3], [[0, 2], [1, 1]]),
        ("one_axis", [4], [[0, 0]]), ("uneven", [3, 2], [[0, 0], [0, 0]]),
        ("block_one", [1, 1], [[0, 0], [0, 0]]), ("block_zero", [0, 1], [[0, 0], [0, 0]]),
        ("negative_pad", [2, 2], [[-1, 1], [0, 0]]),
    ):  # fmt: skip
        yield Spec("SpaceToBatchND", (x, i32(block), i32(pads)), label)
    y = distinct("float32", (4, 2, 3, 2))
    for label, block, crops in (
        ("even", [2, 2], [[0, 0], [0, 0]]), ("cropped", [2, 2], [[1, 0], [2, 1]]),
        ("one_axis", [4], [[1, 2]]), ("batch_uneven", [3, 1], [[0, 0], [0, 0]]),
        ("crop_too_much", [2, 2], [[3, 3], [0, 0]]),
    ):  # fmt: skip
        yield Spec("BatchToSpaceND", (y, i32(block), i32(crops)), label)
    for label, value, size in (("two", x, 2), ("four", x, 4), ("uneven", x, 3)):
        yield Spec("SpaceToDepth", (value, ), label, {"block_size": size})  # fmt: skip
    z = distinct("float32", (1, 2, 2, 12))
    for size in (2, 3):
        yield Spec("DepthToSpace", (z,), f"block_{size}", {"block_size": size})


def specs() -> Iterator[Spec]:
    """Every case of shape and movement."""
    for dtype in ALL:
        yield from _every_dtype(dtype)
    parts = (_reshape, _transpose, _join, _split, _pad, _repeat, _slices, _strided, _reverse,
             _sequences, _describe, _ensured, _diagonals, _space)  # fmt: skip
    for part in parts:
        yield from part()
    for dtype in INTS:
        yield Spec("Fill", (i64([2]), edges(dtype)[0]), f"{dtype}/int64_dims")

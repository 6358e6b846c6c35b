"""Gather, scatter, segments, sorting and counting."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from op_values.case import Spec
from op_values.samples import ALL, FLOATS, NUMERIC, REALS, arr, distinct, edges, ordinary, words
from op_values.shaping import i32, i64

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGMENTS = words("SegmentSum SegmentMean SegmentMax SegmentMin SegmentProd")
UNSORTED = words("UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd")
SCATTERS = words("ScatterAdd ScatterSub ScatterMul ScatterDiv ScatterMin ScatterMax ScatterUpdate")


def _every_dtype(dtype: str) -> Iterator[Spec]:
    """One ordinary case of each op that only moves elements."""
    x = distinct(dtype, (4, 3))
    label = f"{dtype}/moves"
    yield Spec("Gather", (x, i32([2, 0])), label)
    yield Spec("GatherV2", (x, i64([2, 0]), i32(1)), label)
    yield Spec("GatherNd", (x, i32([[3, 2], [0, 1]])), label)
    yield Spec("ScatterNd", (i32([[1], [3]]), x[:2], i32([5, 3])), label)
    yield Spec("TensorScatterUpdate", (x, i32([[1], [3]]), x[:2]), label)
    yield Spec("OneHot", (i32([0, 2, -1, 5]), i32(3), x[1, 2], x[0, 0]), label)
    yield Spec("Where", (edges(dtype),), label)
    yield Spec("Unique", (np.resize(edges(dtype)[:4], 9),), label)
    yield Spec("UniqueWithCounts", (np.resize(edges(dtype)[:4], 9),), label)
    yield Spec("DynamicPartition", (x, i32([1, 0, 1, 2])), label, {"num_partitions": 3})
    yield Spec("DynamicStitch", ([i32([2, 0]), i32([1])], [x[:2], x[2:3]]), label)
    yield Spec("ReverseSequence", (x, i64([3, 1, 2, 0])), label, {"seq_dim": 1, "batch_dim": 0})
    yield Spec("SparseToDense", (i32([0, 3]), i32([5]), x[1, :2], x[0, 0]), label)


def _gather() -> Iterator[Spec]:
    x = distinct("float32", (3, 2, 4))
    for label, value, index in (
        ("scalar", x, 1), ("matrix", x, [[0, 2], [1, 1]]), ("none", x, []), ("too_large", x, [0,
        3]), ("negative", x, [-1]), ("far", x, [1 << 30]), ("from_empty", x[:0], []),
        ("from_empty_one", x[:0], [0]), ("empty_rows", x[:, :0], [1]), ("repeated", x, [1, 1, 1]),
    ):  # fmt: skip
        yield Spec("Gather", (value, i32(index)), label)
        for axis in (0, 1, -1):
            yield Spec("GatherV2", (value, i32(index), i32(axis)), f"{label}/axis_{axis}")
    for axis in (3, -4):
        yield Spec("GatherV2", (x, i32([0]), i32(axis)), f"bad_axis_{axis}")
    batch = i32([[0, 2], [1, 0], [3, 3]])
    yield Spec("GatherV2", (x[:, 0], batch, i64(1)), "batch_dims", {"batch_dims": 1})
    yield Spec("GatherV2", (x, batch, i32(2)), "batch_dims_axis_2", {"batch_dims": 1})
    yield Spec("GatherV2", (x, batch[:2], i32(1)), "batch_dims_mismatch", {"batch_dims": 1})
    for label, index in (
        ("rows", [[0], [2]]), ("elements", [[0, 1, 3], [2, 0, 0]]), ("nested", [[[0, 1]], [[2,
        0]]]), ("everything", np.zeros((2, 0))), ("none", np.zeros((0, 2))), ("too_large", [[0,
        2]]), ("negative", [[-1]]), ("too_deep", [[0, 0, 0, 0]]), ("one", [1, 1]),
    ):  # fmt: skip
        yield Spec("GatherNd", (x, i32(index)), label)
        yield Spec("GatherNd", (x, i64(index)), f"int64/{label}")
    yield Spec("GatherNd", (x[:0], i32([[0]])), "from_empty")
    yield Spec("GatherNd", (x[:0], i32(np.zeros((0, 1)))), "nothing_from_empty")


def _scatter() -> Iterator[Spec]:
    u = ordinary("float32", (3, 2))
    for label, index, updates, shape in (
        ("rows", [[0], [2], [3]], u, [4, 2]), ("duplicates", [[1], [1], [1]], u, [2, 2]),
        ("elements", [[0, 1], [1, 0], [0, 1]], u[:, 0], [2, 2]), ("none", np.zeros((0, 1)), u[:0],
        [2, 2]), ("too_large", [[0], [4], [1]], u, [4, 2]), ("negative", [[-1], [0], [1]], u,
        [4, 2]), ("wrong_updates", [[0], [1]], u, [4, 2]), ("into_empty", [[0], [0], [0]], u,
        [0, 2]), ("scalar_rows", [[0], [1], [2]], u[:, 0], [3]), ("nothing_to_empty",
        np.zeros((0, 1)), u[:0], [0, 2]), ("too_deep", [[0, 0, 0]], u[0, :1], [2, 2]),
    ):  # fmt: skip
        yield Spec("ScatterNd", (i32(index), updates, i32(shape)), label)
        base = ordinary("float32", tuple(shape), 4)
        for op in words("TensorScatterUpdate TensorScatterAdd TensorScatterSub"):
            yield Spec(op, (base, i32(index), updates), label)
    for op in ("TensorScatterMin", "TensorScatterMax"):
        yield Spec(op, (ordinary("float32", (4, 2)), i32([[0], [2], [2]]), u), "duplicates")
    for dtype in NUMERIC:
        u = ordinary(dtype, (4, 2), 2)
        yield Spec("ScatterNd", (i32([[1], [0], [1], [1]]), u, i32([3, 2])), f"{dtype}/duplicates")
        v = ordinary(dtype, (3, 2), 3)
        for op in ("TensorScatterAdd", "TensorScatterSub"):
            yield Spec(op, (v, i32([[1], [0], [1], [1]]), u), f"{dtype}/duplicates")


def _scatter_variables() -> Iterator[Spec]:
    for op, dtype in itertools.product(SCATTERS, ("int32", "int64", *FLOATS, "complex64")):
        v, u = ordinary(dtype, (3, 2)), ordinary(dtype, (2, 2), 1)
        yield Spec(op, (v, i32([2, 0]), u), f"{dtype}/rows")
        yield Spec(op, (v, i64([1, 1]), u), f"{dtype}/duplicates")
        if dtype in ("float32", "int32"):
            yield Spec(op, (v, i32([0, 3]), u), f"{dtype}/too_large")
            yield Spec(op, (v, i32([0, -1]), u), f"{dtype}/negative")
            yield Spec(op, (v, i32([]), u[:0]), f"{dtype}/none")
            yield Spec(op, (v, i32([0, 1, 2]), u), f"{dtype}/wrong_updates")
            yield Spec(op, (v, i32([0, 2]), u[0, 0]), f"{dtype}/scalar_update")
            yield Spec(op, (v, i32(1), u[0]), f"{dtype}/scalar_index")
    for op in ("ScatterNdUpdate", "ScatterNdAdd", "ScatterNdSub"):
        v, u = ordinary("float32", (3, 2)), ordinary("float32", (2,), 1)
        for label, index in {"elements": [[0, 1], [2, 0]], "duplicates": [[1, 1], [1, 1]],
                             "too_large": [[0, 0], [3, 0]]}.items():  # fmt: skip
            yield Spec(op, (v, i32(index), u), label)
    for dtype in ("int32", "float32", "float64"):
        yield Spec("Assign", (ordinary(dtype, (2, 2)), ordinary(dtype, (2, 2), 1)), dtype)
        for op in ("AssignAdd", "AssignSub"):
            yield Spec(op, (ordinary(dtype, (2, 2)), ordinary(dtype, (2, 2), 1)), dtype)
            yield Spec(op, (ordinary(dtype, (2, 2)), ordinary(dtype, (2,), 1)), f"{dtype}/mismatch")


def _counters() -> Iterator[Spec]:
    for dtype in ("int32", "int64"):
        for label, start in {"below": 2, "last": 4, "at_limit": 5, "beyond": 9}.items():
            yield Spec("CountUpTo", (arr(start, dtype),), f"{dtype}/{label}", {"limit": 5})
    for dtype in ALL:
        yield Spec("IsVariableInitialized", (ordinary(dtype, (2,)),), dtype)


def _sparse_to_dense() -> Iterator[Spec]:
    """Places as a scalar, a vector and a matrix, and those that are refused."""
    none, one = arr(-1.0, "float32"), arr(2.5, "float32")
    for label, places, shape, values in (
        ("scalar", 2, [4], one), ("vector", [0, 2], [4], one), ("matrix", [[0, 1], [1, 0]], [2, 2],
        [3.0, 4.0]), ("nothing", np.zeros((0, 2)), [2, 2], np.zeros(0)), ("to_empty",
        np.zeros((0, 1)), [0], np.zeros(0)), ("too_large", [[0], [4]], [4], [1.0, 2.0]),
        ("negative", [[-1], [1]], [4], [1.0, 2.0]), ("repeated", [[1], [1]], [4], [1.0, 2.0]),
        ("unsorted", [[2], [1]], [4], [1.0, 2.0]), ("mismatch", [[1], [2]], [4], [1.0, 2.0, 3.0]),
        ("wrong_rank", [[1, 2]], [4], [1.0]),
    ):  # fmt: skip
        inputs = i32(places), i32(shape), arr(values, "float32"), none
        yield Spec("SparseToDense", inputs, label)
        if label in ("repeated", "unsorted"):
            yield Spec("SparseToDense", inputs, f"{label}_allowed", {"validate_indices": False})
    for label, places in {"vector": [22, 3, 17], "scalar": 5, "none": [], "too_large": [24],
                          "negative": [-1]}.items():  # fmt: skip
        for make, name in ((i32, "int32"), (i64, "int64")):
            # The kernel does not look at negative positions, and divides them.
            inputs, odd = (make(places), make([2, 3, 4])), label == "negative"
            yield Spec("UnravelIndex", inputs, f"{name}/{label}", pinned=odd)


def _one_hot() -> Iterator[Spec]:
    on, off = arr(1.0, "float32"), arr(0.0, "float32")
    for axis in (-1, 0, 1, 2, 3, -2):
        yield Spec("OneHot", (i32([[0, 1, 2], [3, -1, 1]]), i32(3), on, off), f"axis_{axis}",
                   {"axis": axis})  # fmt: skip
    for label, index, depth in (("scalar", 1, 3), ("empty", [], 3), ("depth_zero", [0, 1], 0),
                                ("depth_negative", [0], -1), ("far", [1 << 30], 2)):  # fmt: skip
        yield Spec("OneHot", (i32(index), i32(depth), on, off), label)
    for make, name in ((i64, "int64"), (lambda v: np.array(v, np.uint8), "uint8")):
        yield Spec("OneHot", (make([1, 0, 2]), i32(2), on, off), f"indices_{name}")


def _where_unique() -> Iterator[Spec]:
    x = np.array([[True, False], [False, True], [True, True]])
    for label, value in (("matrix", x), ("all_false", x & False), ("scalar_true", x[0, 0]),
                         ("scalar_false", x[0, 1]), ("empty", x[:0]), ("vector", x[:, 0]),
                         ("rank_3", np.stack([x, ~x]))):  # fmt: skip
        yield Spec("Where", (np.asarray(value),), label)
    odd = arr([np.nan, 0.0, -0.0, np.inf, np.nan, 1e-40], "float32")
    yield Spec("Where", (odd,), "special")
    for op in ("Unique", "UniqueWithCounts"):
        yield Spec(op, (i32([4, 1, 1, 2, 4, 4, 7, 2]),), "order", {"out_idx": "int64"})
        yield Spec(op, (i32([]),), "empty")
        yield Spec(op, (i32([[1]]),), "matrix")
        yield Spec(op, (odd,), "special")


def _partition() -> Iterator[Spec]:
    x = distinct("float32", (4, 2))
    for label, data, parts, num in (
        ("rows", x, [0, 1, 0, 1], 2), ("unused", x, [2, 2, 2, 2], 4), ("scalar", x[0, 0], 1, 2),
        ("elements", x, [[0, 1], [1, 0], [0, 0], [1, 1]], 2), ("too_large", x, [0, 1, 2, 0], 2),
        ("negative", x, [0, -1, 0, 0], 2), ("empty", x[:0], [], 2), ("mismatch", x, [0, 1], 2),
    ):  # fmt: skip
        yield Spec("DynamicPartition", (np.asarray(data), i32(parts)), label,
                   {"num_partitions": num})  # fmt: skip
    for label, indices, data in (
        ("rows", [[0, 2], [1, 3]], [x[:2], x[2:]]), ("duplicates", [[0, 1], [1, 0]], [x[:2],
        x[2:]]), ("scalar", [0, [1, 2]], [x[0], x[1:3]]), ("one", [[1, 0]], [x[:2]]),
        ("negative", [[-1, 0]], [x[:2]]), ("empty", [[], []], [x[:0], x[:0]]),
        ("matrix", [[[0, 1], [3, 2]]], [x.reshape(2, 2, 2)]), ("mismatch", [[0, 1]], [x[:1]]),
    ):  # fmt: skip
        yield Spec("DynamicStitch", ([i32(v) for v in indices], data), label)


def _segments() -> Iterator[Spec]:
    x = ordinary("float32", (5, 2))
    for op, dtype in itertools.product(SEGMENTS, NUMERIC):
        yield Spec(op, (ordinary(dtype, (5, 2)), i32([0, 0, 1, 3, 3])), f"{dtype}/hole")
    for op in SEGMENTS:
        for label, value, ids in (
            ("first_not_zero", x, [2, 2, 3, 3, 4]), ("unsorted", x, [1, 0, 1, 2, 2]),
            ("negative", x, [-1, 0, 0, 1, 1]), ("mismatch", x, [0, 1]), ("empty", x[:0], []),
            ("vector", x[:, 0], [0, 0, 0, 1, 1]), ("matrix_ids", x, [[0, 1]]),
        ):  # fmt: skip
            yield Spec(op, (value, i64(ids)), label)
        odd = arr([[np.nan, 1.0], [2.0, np.inf], [-0.0, 0.0], [np.nan, np.nan]], "float32")
        yield Spec(op, (odd, i32([0, 0, 1, 1])), "special")
    for op, dtype in itertools.product(UNSORTED, NUMERIC):
        inputs = ordinary(dtype, (5, 2)), i32([3, 0, 3, -1, 0]), i32(4)
        yield Spec(op, inputs, f"{dtype}/holes_and_negative")
    for op in UNSORTED:
        for label, ids, num in (
            ("too_large", [0, 1, 2, 4, 0], 4), ("mismatch", [0, 1], 2), ("none", [0] * 5, 0),
            ("all_dropped", [-1] * 5, 2), ("negative_num", [0] * 5, -1),
            ("elements", [[0, 1], [1, 0], [0, 0], [1, 1], [2, 2]], 3),
        ):  # fmt: skip
            yield Spec(op, (x, i32(ids), i32(num)), label)
        odd = arr([[np.nan, 1.0], [2.0, np.inf], [-0.0, 0.0], [np.nan, np.nan]], "float32")
        yield Spec(op, (odd, i32([0, 0, 1, 1]), i32(3)), "special")
    yield from _sparse_segments(x)


def _sparse_segments(x: np.ndarray) -> Iterator[Spec]:
    for op in words("SparseSegmentSum SparseSegmentMean SparseSegmentSqrtN"):
        for dtype in FLOATS:
            yield Spec(op, (ordinary(dtype, (5, 2)), i32([4, 0, 0, 2]), i32([0, 0, 1, 3])), dtype)
        yield Spec(op, (x, i32([5, 0]), i32([0, 0])), "index_too_large")
        yield Spec(op, (x, i32([1, 0]), i32([1, 0])), "unsorted")
        yield Spec(op, (x, i32([]), i32([])), "empty")


def _sorting() -> Iterator[Spec]:
    for dtype in REALS:
        rows = np.stack([edges(dtype)[:8], edges(dtype)[-8:]])
        for k in (1, 3, 8):
            yield Spec("TopKV2", (rows, i32(k)), f"{dtype}/k_{k}")
        yield Spec("TopKV2", (arr([3, 1, 3, 2, 3, 1], dtype), i32(4)), f"{dtype}/ties")
    x = ordinary("float32", (2, 5))
    for label, value, k in (("zero", x, 0), ("all", x, 5), ("too_many", x, 6), ("negative", x, -1),
                            ("empty", x[:0], 2), ("scalar", x[0, 0], 1)):  # fmt: skip
        yield Spec("TopKV2", (np.asarray(value), i32(k)), label)
    yield Spec("TopKV2", (x, i32(3)), "unsorted", {"sorted": False}, pinned=True)
    nan, inf = np.nan, np.inf
    odd = arr([[nan, 1, 2, 3], [3, nan, 1, 2], [1, 2, 3, nan], [nan, nan, 1, inf]], "float32")
    for k in (1, 2, 4):
        yield Spec("TopKV2", (odd, i32(k)), f"nan/k_{k}", pinned=True)
    for k, reverse in itertools.product((0, 2, 4, -1, 5), (False, True)):
        yield Spec("NthElement", (x, i32(k)), f"{k}_{reverse}", {"reverse": reverse})
    p = arr([[0.1, 0.5, 0.4], [0.3, 0.3, 0.4], [nan, 0.5, 0.1], [0.2, inf, 0.3]], "float32")
    for k in (0, 1, 2, 3, 9, -1):
        yield Spec("InTopK", (p, i32([1, 0, 1, 0])), f"k_{k}", {"k": k})
        yield Spec("InTopKV2", (p, i64([1, 0, 1, 0]), i64(k)), f"k_{k}")
    yield Spec("InTopK", (p, i32([1, 3, -1, 1])), "target_out_of_range", {"k": 2})
    yield Spec("InTopK", (p, i32([0, 1, 0, 1])), "nan_and_inf_targets", {"k": 3})
    yield Spec("InTopK", (p, i32([1, 1])), "mismatch", {"k": 1})


def _bounds() -> Iterator[Spec]:
    for op in ("LowerBound", "UpperBound"):
        yield Spec(op, (arr([[1, 3, 3, 7]], "float32"), arr([[0, 3, 4, 9]], "float32")), "row")
        for dtype in REALS:
            yield Spec(op, (arr([[1, 3, 3, 7]], dtype), arr([[0, 3, 4, 9]], dtype)), dtype)


def _counting() -> Iterator[Spec]:
    x = distinct("float32", (2, 4, 3))
    for label, lengths, attrs in (
        ("rows", [4, 2], {"seq_dim": 1}), ("last", [1, 3], {"seq_dim": 2}), ("batch_2", [1, 2, 0],
        {"seq_dim": 1, "batch_dim": 2}), ("too_long", [5, 1], {"seq_dim": 1}), ("negative", [-1,
        1], {"seq_dim": 1}), ("mismatch", [1, 1, 1], {"seq_dim": 1}), ("same_dim", [1, 1],
        {"seq_dim": 0}), ("bad_dim", [1, 1], {"seq_dim": 3}),
    ):  # fmt: skip
        yield Spec("ReverseSequence", (x, i64(lengths)), label, attrs)
    none = arr([], "float32")
    for label, values, size in (
        ("plain", [1, 1, 0, 3], 5), ("dropped", [0, 9, 2], 3), ("empty", [], 3), ("negative", [-1,
        0], 2), ("size_zero", [0, 1], 0), ("size_negative", [0], -1), ("matrix", [[0, 1], [1, 1]],
        2),
    ):  # fmt: skip
        yield Spec("Bincount", (i32(values), i32(size), none), label)
    for dtype in ("int32", "int64", "float32", "float64"):
        yield Spec("Bincount", (i32([2, 0, 2, 5]), i32(4), arr([1, 2, 3, 4], dtype)),
                   f"weights_{dtype}")  # fmt: skip
    yield Spec("Bincount", (i32([2, 0]), i32(4), arr([1], "float32")), "weights_mismatch")
    for label, a, b in (("ints", [1, 2, 3, 4, 5, 2], [2, 4, 9]), ("none", [1, 1], []),
                        ("all", [1, 1], [1])):  # fmt: skip
        yield Spec("ListDiff", (i32(a), i32(b)), label)
    for dtype in ("int32", "float32", "float64"):
        x = arr([-1, 0, 1, 4, 5, 6], dtype)
        yield Spec("HistogramFixedWidth", (x, arr([0, 5], dtype), i32(5)), dtype)
    yield Spec("Bucketize", (arr([-5.0, 0.0, 3.0, 10.0, np.nan], "float32"),), "floats",
               {"boundaries": [0.0, 3.0, 10.0]})  # fmt: skip


def specs() -> Iterator[Spec]:
    """Every case of indexing."""
    for dtype in ALL:
        yield from _every_dtype(dtype)
    parts = (_gather, _scatter, _scatter_variables, _counters, _sparse_to_dense, _one_hot,
             _where_unique, _partition, _segments, _sorting, _bounds, _counting)  # fmt: skip
    for part in parts:
        yield from part()

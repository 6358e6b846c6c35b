"""Programs over the array functions that TensorFlow and polygraph both run.

``tools/record_array_values.py`` runs them on TensorFlow, ``test_array_functions.py`` on polygraph.
A case is called with the TF1 module, or what acts like it, and with tensors, one for each of its
arrays; it returns a list of results. The first result is differentiated.
"""

# ruff: noqa: ARG005 - programs that only index do not call the module

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


class Case(NamedTuple):
    """A program and the arrays it runs on."""

    name: str
    run: Callable[..., list[Any]]
    arrays: tuple[Any, ...]


def _floats(*shape: int) -> Any:
    count = int(np.prod(shape))
    return (np.arange(count) * 7 % 11 - 4.5).astype(np.float32).reshape(shape)


X = _floats(3, 4)
CUBE = _floats(2, 3, 4)
LINE = _floats(5)
IMAGE = _floats(1, 4, 4, 2)
ONE = np.array(1, np.int32)
TWO = np.array(2, np.int32)
IDS = np.array([0, 0, 2], np.int32)
MASK = np.array([True, False, True])
ROWS = np.array([2, 0, 2], np.int32)
PAIRS = np.array([[2, 1], [0, 3], [2, 1]], np.int32)

CASES = [
    Case("reshape", lambda tf, x: [tf.reshape(x, [-1, 2])], (X,)),
    Case("reshape_flat", lambda tf, x: [tf.reshape(x, [-1])], (CUBE,)),
    Case("reshape_by_shape", lambda tf, x: [tf.reshape(x, [tf.shape(x)[1], -1])], (X,)),
    Case("transpose", lambda tf, x: [tf.transpose(x)], (CUBE,)),
    Case("transpose_perm", lambda tf, x: [tf.transpose(x, [1, 2, 0])], (CUBE,)),
    Case("concat", lambda tf, x, y: [tf.concat([x, y, x], 1)], (X, X * 2)),
    Case("concat_back", lambda tf, x, y: [tf.concat([x, y], -2)], (CUBE, CUBE[:, :1])),
    Case("stack", lambda tf, x, y: [tf.stack([x, y], 1)], (X, X * 2)),
    Case("stack_back", lambda tf, x, y: [tf.stack([x, y], -1)], (X, X * 2)),
    Case("expand_dims", lambda tf, x: [tf.expand_dims(x, -2)], (X,)),
    Case("squeeze", lambda tf, x: [tf.squeeze(x)], (X[:, None, :1],)),
    Case("squeeze_axis", lambda tf, x: [tf.squeeze(x, [1])], (X[:, None],)),
    Case("tile", lambda tf, x: [tf.tile(x, [2, 3])], (X,)),
    Case("tile_fed", lambda tf, x, n: [tf.tile(x, [1, n])], (X, TWO)),
    Case("broadcast_to", lambda tf, x: [tf.broadcast_to(x, [2, 3, 4])], (X[:, :1],)),
    Case("fill_fed", lambda tf, v: [tf.fill([2, 3], v)], (np.float32(1.5),)),
    Case("zeros_like", lambda tf, x: [tf.zeros_like(x) + x, tf.ones_like(x)], (X,)),
    Case("shape", lambda tf, x: [x * 1, tf.shape(x), tf.size(x), tf.rank(x)], (CUBE,)),
    Case("range_fed", lambda tf, n: [tf.range(n), tf.range(1, n * 3, n)], (TWO,)),
    Case("identity_n", lambda tf, x: tf.identity_n([x * x, tf.constant(1)]), (X,)),
    Case("stop", lambda tf, x: [x * tf.stop_gradient(x)], (X,)),
    Case("split", lambda tf, x: tf.split(x, 2, 1), (X,)),
    Case("split_last", lambda tf, x: tf.split(x, [1, 3], -1)[::-1], (X,)),
    Case("split_rest", lambda tf, x: tf.split(x, [1, -1, 2], 1)[1:2], (X,)),
    Case("pad", lambda tf, x: [tf.pad(x, [[1, 0], [0, 2]])], (X,)),
    Case("pad_value", lambda tf, x: [tf.pad(x, [[1, 0], [0, 2]], constant_values=3)], (X,)),
    Case("reflect", lambda tf, x: [tf.pad(x, [[1, 2], [3, 0]], "REFLECT")], (X,)),
    Case("symmetric", lambda tf, x: [tf.pad(x, [[3, 1], [2, 4]], "SYMMETRIC")], (X,)),
    Case("reverse", lambda tf, x: [tf.reverse(x, [0, -1])], (CUBE,)),
    Case(
        "reverse_sequence",
        lambda tf, x, n: [tf.reverse_sequence(x, n, seq_axis=1, batch_axis=0)],
        (CUBE, np.array([3, 2], np.int32)),
    ),
    Case(
        "reverse_sequence_swapped",
        lambda tf, x, n: [tf.reverse_sequence(x, n, seq_axis=0, batch_axis=2)],
        (CUBE, np.array([2, 0, 1, 2], np.int64)),
    ),
    Case("tensordot", lambda tf, x, y: [tf.tensordot(x, y, 1)], (CUBE, _floats(4, 2))),
    Case(
        "tensordot_pairs",
        lambda tf, x, y: [tf.tensordot(x, y, [[0, -1], [1, 0]])],
        (CUBE, _floats(4, 2, 3)),
    ),
    Case("tensordot_outer", lambda tf, x, y: [tf.tensordot(x, y, 0)], (LINE, X)),
    Case("einsum", lambda tf, x, y: [tf.einsum("abc,cd->abd", x, y)], (CUBE, _floats(4, 2))),
    Case("linspace_of_ints", lambda tf, n: [tf.linspace(n, n * 3, 4)], (TWO,)),
    Case("div_no_nan_of_ints", lambda tf, n, m: [tf.div_no_nan(n + 3, m - 2)], (IDS, ROWS)),
    Case("newaxis", lambda tf, x: [x[:, tf.newaxis]], (X,)),
    Case("roll", lambda tf, x: [tf.roll(x, [1, -6], [0, 1])], (X,)),
    Case("meshgrid", lambda tf, x, y: tf.meshgrid(x, y), (LINE, LINE[:3])),
    Case("meshgrid_ij", lambda tf, x, y: tf.meshgrid(x, y, indexing="ij"), (LINE, LINE[:3])),
    Case("space_to_depth", lambda tf, x: [tf.space_to_depth(x, 2)], (IMAGE,)),
    Case(
        "depth_to_space",
        lambda tf, x: [tf.depth_to_space(x, 2)],
        (IMAGE.reshape(1, 2, 2, 8),),
    ),
    Case(
        "space_to_batch",
        lambda tf, x: [tf.space_to_batch_nd(x, [2, 3], [[0, 0], [1, 1]])],
        (IMAGE,),
    ),
    Case(
        "batch_to_space",
        lambda tf, x: [tf.batch_to_space_nd(x, [2, 2], [[0, 1], [1, 0]])],
        (_floats(8, 2, 2, 1),),
    ),
    Case("slice", lambda tf, x: [tf.slice(x, [1, 0], [2, -1])], (X,)),
    Case("slice_fed", lambda tf, x, i: [tf.slice(x, [i, 1], [2, 2])], (X, ONE)),
    Case("index", lambda tf, x: [x[1], x[-1, 2], x[:, 1], x[..., 0]], (X,)),
    Case("index_fed", lambda tf, x, i: [x[i], x[:, i], x[-i]], (X, ONE)),
    Case("range_of_rows", lambda tf, x, i: [x[i : i + 2], x[:i], x[i:]], (X, ONE)),
    Case("range_cut_short", lambda tf, x, i: [x[i : i + 2]], (X, TWO)),
    Case("steps", lambda tf, x: [x[::2, 1::2], x[::-1], x[2:0:-1, ::-3]], (X,)),
    Case("steps_fed", lambda tf, x, i: [x[:, ::i]], (X, TWO)),
    Case("new_axes", lambda tf, x: [x[None, ..., None], x[:, None, 1]], (X,)),
    Case("empty", lambda tf, x: [x[5:], x[2:1]], (X,)),
    Case("strided", lambda tf, x: [tf.strided_slice(x, [0, 1], [3, 4], [2, 1])], (X,)),
    Case("masked", lambda tf, x, m: [x[m]], (X, MASK)),
    Case("masked_deep", lambda tf, x: [tf.boolean_mask(x, x > 1)], (X,)),
    Case("masked_axis", lambda tf, x, m: [tf.boolean_mask(x, m, axis=1)], (CUBE, MASK)),
    Case("where", lambda tf, x: [tf.where(x > 1), tf.where(x > 99)], (X,)),
    Case("where_select", lambda tf, x, y: [tf.where(x > 0, x, y)], (X, X * 2)),
    Case("where_rows", lambda tf, x, m: [tf.where(m, x, x * x)], (X, MASK)),
    Case("sequence_mask", lambda tf, n: [tf.sequence_mask(n)], (ROWS,)),
    Case("sequence_mask_float", lambda tf, n: [tf.sequence_mask(n, 4, tf.float32)], (ROWS,)),
    Case("gather", lambda tf, x, i: [tf.gather(x, i)], (X, ROWS)),
    Case("gather_scalar", lambda tf, x, i: [tf.gather(x, i)], (X, ONE)),
    Case("gather_pairs", lambda tf, x, i: [tf.gather(x, i)], (CUBE, np.array([[1, 0], [1, 1]]))),
    Case("gather_axis", lambda tf, x, i: [tf.gather(x, i, axis=1)], (CUBE, ROWS)),
    Case("gather_last", lambda tf, x, i: [tf.gather(x, i, axis=-1)], (CUBE, PAIRS)),
    Case(
        "gather_batch",
        lambda tf, x, i: [tf.gather(x, i, axis=1, batch_dims=1)],
        (CUBE, np.array([[2, 0], [1, 1]], np.int32)),
    ),
    Case(
        "gather_batch_later",
        lambda tf, x, i: [tf.gather(x, i, axis=2, batch_dims=1)],
        (CUBE, np.array([[2, 0], [1, 1]], np.int32)),
    ),
    Case("gather_nd", lambda tf, x, i: [tf.gather_nd(x, i)], (X, PAIRS)),
    Case("gather_nd_rows", lambda tf, x, i: [tf.gather_nd(x, i)], (X, ROWS[:, None])),
    Case("gather_nd_slices", lambda tf, x, i: [tf.gather_nd(x, i)], (CUBE, PAIRS[1:2] % 2)),
    Case("scatter_nd", lambda tf, i, u: [tf.scatter_nd(i, u, [4, 4])], (PAIRS, LINE[:3])),
    Case(
        "tensor_scatter_update",
        lambda tf, x, i, u: [tf.tensor_scatter_update(x, i, u)],
        (X, PAIRS[:2], LINE[:2]),
    ),
    Case(
        "tensor_scatter_add",
        lambda tf, x, i, u: [tf.tensor_scatter_add(x, i, u)],
        (X, ROWS[:, None], _floats(3, 4)),
    ),
    Case("one_hot", lambda tf, i: [tf.one_hot(i, 3), tf.one_hot(i, 3, 5, 2, axis=0)], (ROWS,)),
    Case("unique", lambda tf, i: [*tf.unique(i), *tf.unique_with_counts(i)], (ROWS,)),
    Case(
        "setdiff1d",
        lambda tf, i, j: [*tf.setdiff1d(i, j)],
        (np.array([5, 1, 5, 3], np.int32), np.array([1, 2], np.int32)),
    ),
    Case("partition", lambda tf, x, i: tf.dynamic_partition(x, i, 3), (X, IDS)),
    Case(
        "stitch",
        lambda tf, x, y: [tf.dynamic_stitch([[4, 1], [0, 1, 2]], [x, y])],
        (X[:2], X),
    ),
    Case("segment_sum", lambda tf, x, i: [tf.segment_sum(x, i)], (X, IDS)),
    Case("segment_mean", lambda tf, x, i: [tf.segment_mean(x, i)], (X, IDS)),
    Case("segment_max", lambda tf, x, i: [tf.segment_max(x, i)], (np.abs(X) // 2, IDS)),
    Case("segment_min", lambda tf, x, i: [tf.segment_min(x, i)], (np.abs(X) // 2, IDS)),
    Case("segment_prod", lambda tf, x, i: [tf.segment_prod(x, i)], (X, IDS)),
    Case("unsorted_sum", lambda tf, x, i: [tf.unsorted_segment_sum(x, i, 3)], (X, ROWS - 1)),
    Case(
        "unsorted_sum_deep",
        lambda tf, x, i: [tf.unsorted_segment_sum(x, i, 4)],
        (CUBE, np.array([[0, 3, 3], [-1, 0, 2]], np.int32)),
    ),
    Case(
        "unsorted_max",
        lambda tf, x, i: [tf.unsorted_segment_max(x, i, 3)],
        (np.abs(X) // 2, ROWS),
    ),
    Case(
        "unsorted_prod",
        lambda tf, x, i: [tf.unsorted_segment_prod(x, i, 3)],
        (np.abs(X) // 2, ROWS),
    ),
    Case("unsorted_mean", lambda tf, x, i: [tf.unsorted_segment_mean(x, i, 3)], (X, ROWS)),
    Case("unsorted_sqrt_n", lambda tf, x, i: [tf.unsorted_segment_sqrt_n(x, i, 3)], (X, ROWS)),
    Case(
        "sparse_sum",
        lambda tf, x, i, s: [tf.sparse_segment_sum(x, i, s)],
        (X, ROWS, IDS),
    ),
    Case(
        "sparse_mean",
        lambda tf, x, i, s: [tf.sparse_segment_mean(x, i, s)],
        (X, ROWS, np.array([0, 0, 1], np.int32)),
    ),
    Case("sort", lambda tf, x: [tf.sort(x), tf.sort(x, 0, "DESCENDING")], (X,)),
    Case("sort_ints", lambda tf, i: [tf.sort(i), tf.argsort(i)], (ROWS,)),
    Case("argsort", lambda tf, x: [tf.argsort(x), tf.argsort(x, 0, "DESCENDING")], (X,)),
    Case("top_k", lambda tf, x: [*tf.nn.top_k(x, 2)], (CUBE,)),
    Case("in_top_k", lambda tf, x, i: [tf.nn.in_top_k(x, i, 2)], (X, ROWS)),
    Case(
        "searchsorted",
        lambda tf, s, v: [tf.searchsorted(s, v), tf.searchsorted(s, v, side="right")],
        (np.array([[1.0, 2.0, 2.0, 5.0]], np.float32), np.array([[2.0, 0.0, 9.0]], np.float32)),
    ),
    Case("bincount", lambda tf, i: [tf.bincount(i), tf.bincount(i, minlength=5)], (ROWS,)),
    Case("invert_permutation", lambda tf, i: [tf.invert_permutation(i)], (ROWS[:2] // 2,)),
    Case("unravel_index", lambda tf, i: [tf.unravel_index(i, [3, 2])], (ROWS,)),
    Case("diag", lambda tf, x: [tf.diag(x)], (X[:2],)),
    Case("diag_part", lambda tf, x: [tf.diag_part(x)], (_floats(3, 3),)),
    Case("matrix_diag", lambda tf, x: [tf.matrix_diag(x)], (X,)),
    Case("matrix_diag_part", lambda tf, x: [tf.matrix_diag_part(x)], (CUBE,)),
    Case(
        "matrix_set_diag",
        lambda tf, x, d: [tf.matrix_set_diag(x, d)],
        (CUBE, _floats(2, 3)),
    ),
    Case("matrix_band_part", lambda tf, x: [tf.matrix_band_part(x, 1, 0)], (CUBE,)),
    Case("eye", lambda tf, n: [tf.eye(n), tf.eye(2, 3, batch_shape=[2])], (TWO,)),
    Case(
        "broadcast_dynamic_shape",
        lambda tf, x, y: [tf.broadcast_dynamic_shape(tf.shape(x), tf.shape(y))],
        (X, X[:, :1]),
    ),
    Case("repeat", lambda tf, x, n: [tf.repeat(x, n, axis=0), tf.repeat(x, 2)], (X, ROWS)),
]

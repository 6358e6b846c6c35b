"""Large samples of the ops that are not elementwise: above 4,096 elements, of odd sizes.

Faults that start where an engine cuts its work into blocks show only here. Written as the
samples of an op definition are: shapes or arrays, attributes in a trailing dict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

Sample = tuple[Any, ...]

_ROWS, _COLUMNS = 67, 71
_MATRIX = (_ROWS, _COLUMNS)
_LONG = 4099


def _ids(size: int, count: int) -> np.ndarray[Any, Any]:
    """Indices of every size in no order: steps of a prime that divides neither."""
    return ((np.arange(size) * 1009) % count).astype(np.int32)


_REDUCTIONS = (
    (_MATRIX, {"axes": (0,), "keepdims": False}),
    (_MATRIX, {"axes": (0, 1), "keepdims": False}),
    ((_LONG,), {"axes": (0,), "keepdims": True}),
)
_ARGS = (
    (_MATRIX, {"axis": 1, "dtype": np.dtype(np.int64)}),
    ((_LONG,), {"axis": 0, "dtype": np.dtype(np.int32)}),
)
_SCANS = tuple(
    (_MATRIX, {"axis": axis, "exclusive": exclusive, "reverse": reverse})
    for axis, exclusive, reverse in ((0, False, False), (1, True, True))
)
_SEGMENTS = (((_LONG, 1), _ids(_LONG, 613), {"num_segments": 611}),)
_ORDER = tuple((_MATRIX, {"axis": axis, "descending": axis == 1}) for axis in (0, 1))
_SCATTER = (((_LONG, 2), _ids(611, _LONG), (611, 2)),)
_REPEATED = (((_LONG, 2), _ids(4219, 613), (4219, 2)),)
_ONE_ROW_LESS = (_ROWS - 1, _COLUMNS)
_IMAGES = (1, 37, 41, 3)
_SAME = ((1, 1), (1, 1))
_CONV = {"strides": (1, 1), "padding": _SAME}
_STEPS = {"strides": (2, 2), "padding": ((0, 1), (1, 0))}
_POOL = {"ksize": (3, 3), "strides": (2, 2), "padding": ((0, 0), (0, 0))}
_HALF_IMAGES = (1, 18, 20, 3)
_SCALARS = tuple(np.array(x) for x in (0.1, 0.9, 0.5, 1e-7))
_GENERATOR = np.array([12345, 678, 9], np.int64)


LARGE: Mapping[str, tuple[Sample, ...]] = {
    **dict.fromkeys(
        ("reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_all", "reduce_any",
         "reduce_mean", "logsumexp"),
        _REDUCTIONS,
    ),
    **dict.fromkeys(("argmax", "argmin"), _ARGS),
    **dict.fromkeys(("cumsum", "cumprod"), _SCANS),
    **dict.fromkeys(("segment_sum", "segment_prod", "segment_max", "segment_min"), _SEGMENTS),
    **dict.fromkeys(("sort", "argsort"), _ORDER),
    **dict.fromkeys(("softmax", "log_softmax"), ((_MATRIX, {"axis": 0}), (_MATRIX, {"axis": 1}))),
    **dict.fromkeys(
        ("scatter_add", "scatter_multiply", "scatter_divide", "scatter_minimum",
         "scatter_maximum"),
        _REPEATED,
    ),
    "scatter_update": _SCATTER,
    "cast": tuple(((_LONG,), {"dtype": np.dtype(name)}) for name in ("f4", "f2", "i8")),
    "leaky_relu": (((_LONG,), {"alpha": 0.2}),),
    "l2_loss": (((_LONG,),),),
    "reshape": ((_MATRIX, {"shape": (_COLUMNS, _ROWS)}),),
    "transpose": ((_MATRIX, {"perm": (1, 0)}), ((17, 19, 23), {"perm": (2, 0, 1)})),
    "broadcast_to": (((_ROWS, 1), {"shape": _MATRIX}),),
    "concatenate": ((_MATRIX, (_ROWS, 3), {"axis": 1}), (_MATRIX, (5, _COLUMNS), {"axis": 0})),
    "stack": ((_MATRIX, _MATRIX, {"axis": 1}),),
    "tile": (((17, 19), {"multiples": (5, 3)}),),
    "sum_to": ((_MATRIX, {"shape": (1, _COLUMNS)}),),
    "pad": ((_MATRIX, (), {"low": (1, 2), "high": (3, 0)}),),
    "mirror_pad": ((_MATRIX, {"low": (1, 2), "high": (3, 0), "mode": "reflect"}),),
    "strided_slice": (
        (_MATRIX, {"begin": (1, 70), "end": (66, 0), "strides": (2, -3)}),
        ((_LONG,), {"begin": (1,), "end": (_LONG,), "strides": (1,)}),
    ),
    "strided_slice_grad": (
        (_ONE_ROW_LESS,
         {"shape": _MATRIX, "begin": (1, 0), "end": _MATRIX, "strides": (1, 1)}),
    ),
    "dynamic_slice": ((_MATRIX, np.array([1, 2], np.int32), {"sizes": (65, 67)}),),
    "dynamic_update_slice": ((_MATRIX, (65, 67), np.array([1, 2], np.int32)),),
    "reverse": ((_MATRIX, {"axes": (0, 1)}),),
    "iota": (({"dtype": np.dtype(np.int32), "size": _LONG},),),
    "gather": (((613, 3), _ids(_LONG, 613), {"axis": 0, "batch_dims": 0}),),
    "gather_nd": (((61, 67), np.stack([_ids(_LONG, 61), _ids(_LONG, 67)], -1)),),
    "scatter_nd": ((_ids(_LONG, 613)[:, None], (_LONG,), {"shape": (613,)}),),
    "one_hot": ((_ids(_ROWS, _COLUMNS), (), (), {"depth": _COLUMNS, "axis": 1}),),
    "top_k": ((_MATRIX, {"k": 5}), ((_LONG,), {"k": 1031})),
    "nonzero_padded": ((_MATRIX,),),
    "unique_padded": ((_ids(_LONG, 97),),),
    "searchsorted": (
        (np.sort(_ids(_LONG, 97))[None], _ids(_LONG, 101)[None], {"side": "right"}),
    ),
    "prefix": (((_LONG, 2), {"size": 4097}),),
    "matmul": (
        (_MATRIX, (_COLUMNS, 73), {"transpose_a": False, "transpose_b": False}),
        ((257, 5), (257, 19), {"transpose_a": True, "transpose_b": False}),
    ),
    "conv2d": ((_IMAGES, (3, 3, 3, 5), _CONV), (_IMAGES, (3, 3, 3, 4), _STEPS)),
    "conv2d_backprop_input": (
        ((3, 3, 3, 5), (1, 37, 41, 5), {"input_shape": _IMAGES, **_CONV}),
    ),
    "conv2d_backprop_filter": (
        (_IMAGES, (1, 37, 41, 5), {"filter_shape": (3, 3, 3, 5), **_CONV}),
    ),
    "depthwise_conv2d": ((_IMAGES, (3, 3, 3, 2), _CONV),),
    "depthwise_conv2d_backprop_input": (
        ((3, 3, 3, 2), (1, 37, 41, 6), {"input_shape": _IMAGES, **_CONV}),
    ),
    "depthwise_conv2d_backprop_filter": (
        (_IMAGES, (1, 37, 41, 6), {"filter_shape": (3, 3, 3, 2), **_CONV}),
    ),
    "max_pool": ((_IMAGES, _POOL),),
    "avg_pool": ((_IMAGES, _POOL),),
    "avg_pool_grad": ((_HALF_IMAGES, {"input_shape": _IMAGES, **_POOL}),),
    "softmax_cross_entropy": ((_MATRIX, _MATRIX),),
    "sparse_softmax_cross_entropy": ((_MATRIX, _ids(_ROWS, _COLUMNS)),),
    "lrn": (((5, 11, 13, 7), {"depth_radius": 2, "bias": 1.0, "alpha": 0.5, "beta": 0.5}),),
    "philox": ((_GENERATOR, np.arange(1031, dtype=np.int64)),),
    "random_uniform": ((_GENERATOR, {"shape": _MATRIX, "dtype": np.dtype(np.float32)}),),
    "random_normal": ((_GENERATOR, {"shape": _MATRIX, "dtype": np.dtype(np.float32)}),),
    "random_truncated_normal": (
        (_GENERATOR, {"shape": _MATRIX, "dtype": np.dtype(np.float32)}),
    ),
    "random_permutation": ((_GENERATOR, {"size": 257}),),
    "qr": (((67, 63),),),
    "sum_repeated": (((_LONG, 1), _ids(_LONG, 613)),),
    "apply_gradient_descent": (((_LONG,), _SCALARS[0], (_LONG,)),),
    "apply_momentum": (
        ((_LONG,), (_LONG,), _SCALARS[0], (_LONG,), _SCALARS[1], {"use_nesterov": True}),
    ),
}  # fmt: skip
"""By name of the op."""

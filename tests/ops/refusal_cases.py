"""Calls that TensorFlow refuses, when the graph is built or when it runs.

``tools/record_refusals.py`` asks TensorFlow when it does and with which class of error,
``test_refusals_recorded.py`` asks polygraph the same. A case is called with the TF1 module and with
a function that makes a placeholder, unknown in shape, of what it is fed.
"""

# ruff: noqa: ARG005 - programs that only use operators do not call the module

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Fed = Callable[[Any], Any]

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
M = X[0]
IMAGES = np.arange(60, dtype=np.float32).reshape(1, 5, 6, 2)
FILTER = np.ones((3, 3, 2, 2), np.float32)
ONES = [1, 1, 1, 1]

CASES: dict[str, Callable[[Any, Fed], Any]] = {
    # Operators and elementwise functions.
    "int_minus_float": lambda tf, _: tf.constant([1]) - 1.5,
    "int_times_float": lambda tf, _: tf.constant([1]) * 1.5,
    "int_power_float": lambda tf, _: tf.constant([1]) ** 1.5,
    "float_minus_int": lambda tf, _: 1.5 - tf.constant([1]),
    "int_below_float": lambda tf, _: tf.constant([1]) < 1.5,
    "float_times_complex": lambda tf, _: tf.constant([1.0]) * 1j,
    "float_plus_text": lambda tf, _: tf.constant([1.0]) + "a",
    "float_plus_none": lambda tf, _: tf.constant([1.0]) + None,
    "float_plus_double": lambda tf, _: tf.constant([1.0]) + tf.constant([1.0], tf.float64),
    "div_dtypes": lambda tf, _: tf.div(tf.constant([1]), tf.constant([1], tf.int64)),
    "truediv_dtypes": lambda tf, _: tf.truediv(tf.constant([1]), tf.constant([1], tf.int64)),
    "div_no_nan_dtypes": lambda tf, _: tf.div_no_nan(tf.constant([1.0]), tf.constant([1])),
    "floordiv_zero": lambda tf, fed: fed(np.int32(5)) // fed(np.int32(0)),
    "mod_zero": lambda tf, fed: fed(np.int32(5)) % fed(np.int32(0)),
    "negative_power": lambda tf, _: tf.pow(tf.constant([2]), tf.constant([-1])),
    "broadcast_built": lambda tf, _: tf.constant([1.0, 2.0]) + tf.constant([1.0, 2.0, 3.0]),
    "broadcast_run": lambda tf, fed: fed(X) + fed(X[:, :2]),
    "add_n_nothing": lambda tf, _: tf.add_n([]),
    "add_n_dtypes": lambda tf, _: tf.add_n([tf.constant([1.0]), tf.constant([1])]),
    "add_n_shapes": lambda tf, _: tf.add_n([tf.constant([1.0]), tf.constant([1.0, 2.0])]),
    "round_of_text": lambda tf, _: tf.exp(tf.constant(["a"])),
    "where_without_y": lambda tf, _: tf.where([True], [1], None),
    "where_rows": lambda tf, _: tf.where([True, False, True], M[:2], M[:2]),
    "where_shapes": lambda tf, _: tf.where([[True], [False]], M[:2], M[:2]),
    # Reductions and products.
    "sum_axis": lambda tf, _: tf.reduce_sum(X, 3),
    "sum_axis_run": lambda tf, fed: tf.reduce_sum(X, fed(np.int32(3))),
    "sum_axis_twice": lambda tf, _: tf.reduce_sum(X, [0, -3]),
    "sum_bools": lambda tf, _: tf.reduce_sum([True]),
    "argmax_axis": lambda tf, _: tf.argmax(X, 3),
    "argmax_axis_run": lambda tf, fed: tf.argmax(X, fed(np.int32(3))),
    "argmax_of_scalar": lambda tf, _: tf.argmax(tf.constant(1.0), 0),
    "argmax_of_nothing": lambda tf, _: tf.argmax(tf.zeros([2, 0]), 1),
    "cumsum_axis": lambda tf, _: tf.cumsum(tf.constant([1.0]), 1),
    "matmul_inner": lambda tf, _: tf.matmul(M, M),
    "matmul_inner_run": lambda tf, fed: tf.matmul(fed(M), fed(M)),
    "matmul_rank": lambda tf, _: tf.matmul(tf.constant([1.0]), M),
    "matmul_both_flags": lambda tf, _: tf.matmul(M, M, transpose_a=True, adjoint_a=True),
    "matmul_dtypes": lambda tf, _: tf.matmul(tf.constant(M), tf.constant([[1]])),
    "tensordot_axes": lambda tf, _: tf.tensordot(M, M, [[0, 1], [0]]),
    "tensordot_sizes": lambda tf, _: tf.tensordot(M, M, 1),
    "tensordot_sizes_run": lambda tf, fed: tf.tensordot(fed(M), fed(M), 1),
    "einsum_result_twice": lambda tf, _: tf.einsum("ij->ii", M),
    "einsum_count": lambda tf, _: tf.einsum("ij,jk->ik", M),
    "einsum_sizes": lambda tf, _: tf.einsum("ij,jk->ik", M, M),
    "einsum_label": lambda tf, _: tf.einsum("ij->k", M),
    # Shapes.
    "reshape_size": lambda tf, _: tf.reshape(X, [5, -1]),
    "reshape_two_open": lambda tf, _: tf.reshape(X, [-1, -1]),
    "reshape_below": lambda tf, _: tf.reshape(X, [-2, 12]),
    "reshape_matrix": lambda tf, _: tf.reshape(X, [[2, 12]]),
    "reshape_scalar": lambda tf, _: tf.reshape(X, 24),
    "reshape_zero_open": lambda tf, _: tf.reshape(X, [0, -1]),
    "reshape_run": lambda tf, fed: tf.reshape(fed(X), [5, 5]),
    "fill_scalar": lambda tf, _: tf.fill(2, 1),
    "fill_below": lambda tf, _: tf.fill([-1], 1),
    "fill_vector": lambda tf, _: tf.fill([2], [1, 2]),
    "broadcast_to": lambda tf, _: tf.broadcast_to(tf.constant([1, 2]), [3, 3]),
    "transpose_perm": lambda tf, _: tf.transpose(X, [0, 1]),
    "transpose_twice": lambda tf, _: tf.transpose(X, [0, 1, 1]),
    "expand_dims_axis": lambda tf, _: tf.expand_dims(X, 4),
    "squeeze_size": lambda tf, _: tf.squeeze(X, [0]),
    "concat_nothing": lambda tf, _: tf.concat([], 0),
    "concat_scalars": lambda tf, _: tf.concat([tf.constant(1), tf.constant(2)], 0),
    "concat_arguments_swapped": lambda tf, _: tf.concat(0, [tf.constant([1]), tf.constant([2])]),
    "concat_axis": lambda tf, _: tf.concat([X, X], 3),
    "concat_ranks": lambda tf, _: tf.concat([X, M], 0),
    "concat_shapes": lambda tf, _: tf.concat([X, X[:, :2]], 0),
    "concat_shapes_run": lambda tf, fed: tf.concat([fed(X), fed(X[:, :2])], 0),
    "concat_dtypes": lambda tf, _: tf.concat([tf.constant([1]), tf.constant([1.0])], 0),
    "stack_axis": lambda tf, _: tf.stack([M, M], 3),
    "stack_shapes": lambda tf, _: tf.stack([M, M[:2]]),
    "unstack_unknown": lambda tf, fed: tf.unstack(fed(M)),
    "unstack_count": lambda tf, _: tf.unstack(M, 2),
    "split_uneven": lambda tf, _: tf.split(X, 3, 2),
    "split_none": lambda tf, _: tf.split(X, 0),
    "split_two_open": lambda tf, _: tf.split(X, [-1, -1], 2),
    "split_sizes": lambda tf, _: tf.split(X, [1, 2], 2),
    "split_count": lambda tf, fed: tf.split(X, fed(np.array([1, 3], np.int32)), 2),
    "pad_rank": lambda tf, _: tf.pad(M, [[1, 1]]),
    "pad_negative": lambda tf, _: tf.pad(M, [[-1, 0], [0, 0]]),
    "pad_reflect": lambda tf, _: tf.pad(M, [[3, 0], [0, 0]], "REFLECT"),
    "pad_symmetric": lambda tf, _: tf.pad(M, [[0, 0], [0, 5]], "SYMMETRIC"),
    "pad_mode": lambda tf, _: tf.pad(M, [[0, 0], [0, 0]], "EDGE"),
    "tile_negative": lambda tf, _: tf.tile(M, [2, -1]),
    "tile_rank": lambda tf, _: tf.tile(M, [2]),
    # Parts.
    "slice_too_long": lambda tf, _: tf.slice(M, [0, 0], [4, 1]),
    "slice_before": lambda tf, _: tf.slice(M, [-1, 0], [1, 1]),
    "slice_behind": lambda tf, _: tf.slice(M, [4, 0], [-1, 1]),
    "slice_rank": lambda tf, _: tf.slice(M, [0], [1]),
    "strided_slice_lengths": lambda tf, _: tf.strided_slice(X, [0, 0], [1, 1, 1]),
    "strided_slice_stride": lambda tf, _: tf.strided_slice(M, [0, 0], [1, 1], [1, 0]),
    "index_behind": lambda tf, _: tf.constant(M)[3],
    "index_behind_run": lambda tf, fed: tf.constant(M)[fed(np.int32(3))],
    "index_too_many": lambda tf, _: tf.constant(M)[0, 0, 0],
    "index_of_list": lambda tf, _: tf.constant(M)[:, [0, 1]],
    "gather_behind": lambda tf, _: tf.gather(M, [3]),
    "gather_axis": lambda tf, _: tf.gather(M, [0], axis=2),
    "gather_batch": lambda tf, _: tf.gather(X, [[0, 1]], batch_dims=1, axis=1),
    "gather_floats": lambda tf, _: tf.gather(M, [0.0]),
    "gather_nd_behind": lambda tf, _: tf.gather_nd(M, [[0, 4]]),
    "gather_nd_depth": lambda tf, _: tf.gather_nd(M, [[0, 0, 0]]),
    "scatter_nd_behind": lambda tf, _: tf.scatter_nd([[5]], [1], [5]),
    "scatter_nd_updates": lambda tf, _: tf.scatter_nd([[1]], [1, 2], [5]),
    "one_hot_axis": lambda tf, _: tf.one_hot([0], 2, axis=3),
    "one_hot_depth": lambda tf, _: tf.one_hot([0], -1),
    "one_hot_floats": lambda tf, _: tf.one_hot([0.0], 2),
    "boolean_mask_shape": lambda tf, _: tf.boolean_mask(M, [True, False]),
    "boolean_mask_scalar": lambda tf, _: tf.boolean_mask(M, mask=True),
    "dynamic_partition": lambda tf, _: tf.dynamic_partition([1, 2], [0, 2], 2),
    "reverse_scalar_axis": lambda tf, _: tf.reverse(M, 0),
    "reverse_axis": lambda tf, _: tf.reverse(M, [2]),
    "reverse_axis_twice": lambda tf, _: tf.reverse(M, [0, 0]),
    "reverse_sequence": lambda tf, _: tf.reverse_sequence(X, [1, 4], seq_axis=1),
    "roll_sizes": lambda tf, _: tf.roll(M, [1, 2], [0]),
    "space_to_depth_block": lambda tf, _: tf.space_to_depth(IMAGES[:, :4], 1),
    "space_to_depth_size": lambda tf, _: tf.space_to_depth(IMAGES, 2),
    "segment_order": lambda tf, _: tf.segment_sum([1, 2, 3], [0, 2, 1]),
    "unsorted_segment": lambda tf, _: tf.unsorted_segment_sum([1, 2], [3, 0], 2),
    "top_k_large": lambda tf, _: tf.nn.top_k([1, 2], 3),
    "searchsorted_side": lambda tf, _: tf.searchsorted([1, 2], [1], side="up"),
    "searchsorted_rows": lambda tf, _: tf.searchsorted([[1, 2], [3, 4]], [[1]]),
    "histogram_bins": lambda tf, _: tf.histogram_fixed_width([1.0], [0.0, 5.0], nbins=0),
    "histogram_range": lambda tf, _: tf.histogram_fixed_width([1.0], [5.0, 0.0]),
    "range_delta": lambda tf, _: tf.range(0, 5, 0),
    "sparse_to_dense_order": lambda tf, _: tf.sparse_to_dense([3, 1], [4], 1.0),
    "sparse_to_dense_twice": lambda tf, _: tf.sparse_to_dense([1, 1], [4], 1.0),
    "sparse_to_dense_behind": lambda tf, _: tf.sparse_to_dense([4], [4], 1.0),
    # Networks.
    "conv2d_lower_case": lambda tf, _: tf.nn.conv2d(IMAGES, FILTER, ONES, "same"),
    "conv2d_stride": lambda tf, _: tf.nn.conv2d(IMAGES, FILTER, [1, 0, 1, 1], "SAME"),
    "conv2d_window": lambda tf, _: tf.nn.conv2d(IMAGES[:, :2], FILTER, ONES, "VALID"),
    "conv2d_depth": lambda tf, _: tf.nn.conv2d(IMAGES, FILTER[:, :, :1].repeat(3, 2), ONES, "SAME"),
    "conv2d_rank": lambda tf, _: tf.nn.conv2d(IMAGES[0], FILTER, ONES, "SAME"),
    "convolution_stride_and_holes": lambda tf, _: tf.nn.convolution(
        IMAGES, FILTER, "SAME", strides=[2, 2], dilation_rate=[2, 2]
    ),
    "max_pool_lower_case": lambda tf, _: tf.nn.max_pool(IMAGES, ONES, ONES, "same"),
    "max_pool_window": lambda tf, _: tf.nn.max_pool(IMAGES, [1, 9, 9, 1], ONES, "VALID"),
    "max_pool_stride": lambda tf, _: tf.nn.max_pool(IMAGES, ONES, [1, 0, 1, 1], "SAME"),
    "avg_pool_ints": lambda tf, _: tf.nn.avg_pool(IMAGES.astype(np.int32), ONES, ONES, "SAME"),
    "bias_add_size": lambda tf, _: tf.nn.bias_add(M, [1.0, 2.0]),
    "softmax_axis": lambda tf, _: tf.nn.softmax(M, 2),
    "softmax_ints": lambda tf, _: tf.nn.softmax([1, 2]),
    "cross_entropy_shapes": lambda tf, _: tf.nn.softmax_cross_entropy_with_logits(
        labels=M, logits=M[:, :3]
    ),
    "cross_entropy_positions": lambda tf, _: tf.nn.softmax_cross_entropy_with_logits(labels=M),
    "sparse_cross_entropy_label": lambda tf, _: tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=[0, 4, 1], logits=M
    ),
    "sparse_cross_entropy_rank": lambda tf, _: tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=[[0, 3, 1]], logits=M
    ),
    "sigmoid_cross_entropy_dtypes": lambda tf, _: tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.constant([1.0], tf.float64), logits=tf.constant([2.0])
    ),
    "sigmoid_cross_entropy_ints": lambda tf, _: tf.nn.sigmoid_cross_entropy_with_logits(
        labels=[1], logits=tf.constant([2.0])
    ),
    "dropout_probability": lambda tf, _: tf.nn.dropout(M, 0.0),
    "dropout_text": lambda tf, _: tf.nn.dropout(M, "a"),
    "dropout_noise_shape": lambda tf, _: tf.nn.dropout(
        tf.placeholder_with_default(M, [None, 4]), 0.5, noise_shape=[None, 1]
    ),
    "embedding_behind": lambda tf, _: tf.nn.embedding_lookup(M, [3]),
    "embedding_nothing": lambda tf, _: tf.nn.embedding_lookup([], [0]),
    "fused_batch_norm_rank": lambda tf, _: tf.nn.fused_batch_norm(M, [1.0] * 4, [0.0] * 4),
    # Random numbers.
    "random_uniform_ints": lambda tf, _: tf.random_uniform([2], dtype=tf.int32),
    "random_uniform_empty": lambda tf, _: tf.random_uniform([2], 5, 5, dtype=tf.int32),
    "random_uniform_negative": lambda tf, _: tf.random_uniform([-2]),
    "random_uniform_scalar": lambda tf, _: tf.random_uniform(3),
    "multinomial_rank": lambda tf, _: tf.multinomial([0.0, 1.0], 5),
    "random_crop": lambda tf, _: tf.random_crop(M, [4, 1]),
    # Gradients.
    "gradient_of_unique": lambda tf, _: _gradient(tf, lambda x: tf.unique(x)[0]),
    "gradient_of_setdiff": lambda tf, _: _gradient(tf, lambda x: tf.setdiff1d(x, [1.0])[0]),
    "gradient_of_bitcast": lambda tf, _: _gradient(tf, lambda x: tf.bitcast(x, tf.int32)),
    "gradient_grad_ys_count": lambda tf, _: _gradient(tf, lambda x: x, grad_ys=[1.0, 2.0]),
    "gradient_unconnected": lambda tf, _: _gradient(
        tf, lambda x: x, unconnected_gradients="nothing"
    ),
}  # fmt: skip


def _gradient(tf: Any, function: Callable[[Any], Any], **arguments: Any) -> Any:
    x = tf.constant([1.0, 2.0])
    return tf.gradients(function(x), x, **arguments)


def refusal(tf: Any, case: Callable[..., Any]) -> tuple[str, str, list[str]]:
    """When a call is refused, "built" or "run"; the error's class, and those it descends from."""
    feeds: dict[Any, Any] = {}

    def fed(value: Any) -> Any:
        placeholder = tf.placeholder(tf.as_dtype(value.dtype))
        feeds[placeholder] = value
        return placeholder

    with tf.Graph().as_default(), tf.Session() as session:
        when = "built"
        try:
            result = case(tf, fed)
            when = "run"
            session.run(result, feeds)
        except Exception as error:  # noqa: BLE001 - its class is the answer
            return when, type(error).__name__, [base.__name__ for base in type(error).__mro__]
    return "never", "", []

"""Building and running the ops of `tf.nn`: names, static shapes, errors, late shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as fresh:
        yield fresh


def _hold(*dims: int | None) -> Any:
    return tf.placeholder(tf.float32, list(dims))


def _anything() -> Any:
    return tf.placeholder(tf.float32)


def _shape(tensor: Any) -> Any:
    shape = tensor.get_shape()
    return None if shape.ndims is None else shape.as_list()


def _run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


IMAGE = (1, 4, 4, 2)


def test_default_names_are_those_of_tensorflow() -> None:
    a, m, k = _hold(*IMAGE), _hold(1, 2), _hold(2, 2, 2, 3)
    nn = tf.nn
    made = [
        nn.conv2d(a, k, [1, 1, 1, 1], "SAME"),
        nn.conv2d_transpose(a, _hold(2, 2, 3, 2), [1, 4, 4, 3], [1, 1, 1, 1]),
        nn.depthwise_conv2d(a, k, [1, 1, 1, 1], "SAME"),
        nn.max_pool2d(a, 2, 2, "SAME"),
        nn.avg_pool1d(_hold(1, 4, 2), 2, 2, "SAME"),
        nn.softmax_cross_entropy_with_logits(labels=m, logits=m),
        nn.softmax_cross_entropy_with_logits(labels=m, logits=m, name="xe"),
        nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=m),
        nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=m, name="xe"),
        nn.dropout(m, 0.5),
        nn.moments(a, [0, 1, 2])[1],
        nn.fused_batch_norm(a, [1.0, 2.0], [1.0, 2.0])[0],
        nn.zero_fraction(m),
        tf.norm(m),
        m @ [[1.0], [2.0]],
        [[1.0], [2.0]] @ m,
        nn.crelu(m),
    ]
    # Recorded on TensorFlow 2.21, compat.v1.
    assert [tensor.name for tensor in made] == [
        "Conv2D:0",
        "conv2d_transpose:0",
        "depthwise:0",
        "MaxPool2d:0",
        "AvgPool1D/Squeeze:0",
        "softmax_cross_entropy_with_logits_sg/Reshape_2:0",
        "xe/Reshape_2:0",
        "SparseSoftmaxCrossEntropyWithLogits/SparseSoftmaxCrossEntropyWithLogits:0",
        "xe_1/xe:0",
        "dropout/SelectV2:0",
        "moments/Squeeze_1:0",
        "FusedBatchNormV3:0",
        "zero_fraction/fraction:0",
        "norm/Squeeze:0",
        "matmul:0",
        "matmul_1:0",
        "CRelu/Relu:0",
    ]


def test_matmul_takes_the_batched_op_unless_both_are_matrices() -> None:
    assert tf.matmul(_hold(None, 2), _hold(2, 3)).op.type == "MatMul"
    assert tf.matmul(_hold(None, None, 2), _hold(2, 3)).op.type == "BatchMatMulV2"
    product = tf.matmul(_anything(), _hold(2, 3))
    assert (product.op.type, product.name, _shape(product)) == ("BatchMatMulV2", "MatMul_2:0", None)


@pytest.mark.parametrize(
    ("a", "b", "flips", "wanted"),
    [
        ((None, 3), (3, 4), {}, [None, 4]),
        ((3, None), (4, 3), {"transpose_a": True, "transpose_b": True}, [None, 4]),
        ((None, 2, 3), (3, 4), {}, [None, 2, 4]),
        ((5, 1, 2, 3), (4, 3, 6), {}, [5, 4, 2, 6]),
        ((2, 3), (5, 4, 3), {"adjoint_b": True}, [5, 2, 4]),
    ],
)
def test_shapes_of_matrix_products(a: Any, b: Any, flips: Any, wanted: Any) -> None:
    assert _shape(tf.matmul(_hold(*a), _hold(*b), **flips)) == wanted


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tf.matmul(_hold(1, 2), _hold(1, 2)), "must be equal, but are 2 and 1"),
        (lambda: tf.matmul(_hold(2), _hold(1, 2)), "rank"),
        (lambda: tf.matmul(_hold(1, 4, 2), _hold(1, 4, 2)), "must be equal, but are 2 and 4"),
        (
            lambda: tf.matmul(_hold(2, 2), _hold(2, 2), adjoint_a=True, transpose_a=True),
            "Only one of `transpose_a` and `adjoint_a`",
        ),
        (lambda: tf.einsum("ij,jk->ik", _hold(2, 3), _hold(2, 3)), "label 'j'"),
        (lambda: tf.einsum("ij->ik", _hold(2, 3)), "'k'"),
        (lambda: tf.einsum("ij,jk->ik", _hold(2, 3)), "1 operands"),
        (lambda: tf.einsum("i*->i", _hold(2, 3)), "not a term"),
        (lambda: tf.tensordot(_hold(2, 3), _hold(2, 3), 1), "must be equal, but are 3 and 2"),
        (lambda: tf.tensordot(_hold(2, 3), _hold(3), 2), "`axes` must be in"),
        (lambda: tf.norm(_hold(2, 3), 3, axis=(0, 1)), "matrix norm"),
        (lambda: tf.norm(_hold(2, 3), -1), "vector norm"),
        (lambda: tf.cross(_hold(2, 4), _hold(2, 4)), "3 elements"),
    ],
)
def test_products_that_do_not_fit_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_dtypes_of_a_product_must_agree() -> None:
    with pytest.raises(TypeError, match="float32 that does not match type int32"):
        tf.matmul([[1]], [[1.0]])
    with pytest.raises(TypeError, match="no keyword 'nme'"):
        tf.einsum("ij->ji", _hold(2, 3), nme="x")


def test_complex_adjoints_are_conjugated_and_transposes_are_not() -> None:
    a = np.array([[1 + 2j, 3j], [2, 1 - 1j]], np.complex64)
    for x in (a, a[None]):
        transposed, adjoint = _run(
            [tf.matmul(x, x, transpose_a=True), tf.matmul(x, x, adjoint_a=True)]
        )
        np.testing.assert_allclose(transposed, np.swapaxes(x, -1, -2) @ x)
        np.testing.assert_allclose(adjoint, np.swapaxes(x, -1, -2).conj() @ x)


def test_shapes_known_only_at_run_time() -> None:
    x, y, z = _anything(), _hold(None, None), _hold(None, None, None)
    values = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4) / 8
    matrix = values[0, :2].copy()
    made = {
        "tensordot": tf.tensordot(z, y, [[2], [1]]),
        "einsum": tf.einsum("...ij,kj->...ik", z, y),
        "softmax": tf.nn.softmax(x),
        "along": tf.nn.log_softmax(z, 1),
        "xent": tf.nn.softmax_cross_entropy_with_logits_v2(labels=x, logits=x),
        "moments": tf.nn.moments(x, [0, 2])[1],
    }
    made["slope"] = tf.gradients(made["einsum"], z)[0]
    found = _run(made, {x: values, y: matrix, z: values})
    np.testing.assert_allclose(found["tensordot"], np.tensordot(values, matrix, [[2], [1]]))
    np.testing.assert_allclose(found["einsum"], values @ matrix.T, rtol=1e-6)
    np.testing.assert_allclose(
        found["slope"], np.broadcast_to(matrix.sum(axis=0), values.shape), rtol=1e-6
    )
    np.testing.assert_allclose(found["softmax"].sum(axis=-1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(np.exp(found["along"]).sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(found["moments"], values.var(axis=(0, 2)), rtol=1e-5)
    assert found["xent"].shape == (2, 3)


X = (None, 28, 29, 3)
KERNEL = (5, 4, 3, 8)


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda x, k: tf.nn.conv2d(x, k, [1, 1, 1, 1], "SAME"), [None, 28, 29, 8]),
        (lambda x, k: tf.nn.conv2d(x, k, [1, 2, 2, 1], "SAME"), [None, 14, 15, 8]),
        (lambda x, k: tf.nn.conv2d(x, k, 2, "VALID"), [None, 12, 13, 8]),
        (lambda x, k: tf.nn.conv2d(x, k, 1, "VALID", dilations=2), [None, 20, 23, 8]),
        (
            lambda x, k: tf.nn.conv2d(x, k, 1, [[0, 0], [1, 2], [0, 3], [0, 0]]),
            [None, 27, 29, 8],
        ),
        (
            lambda _, k: tf.nn.conv2d(_hold(None, None, None, 3), k, 2, "SAME"),
            [None, None, None, 8],
        ),
        (lambda _, k: tf.nn.conv2d(_anything(), k, 2, "SAME"), [None, None, None, 8]),
        (
            lambda _, k: tf.nn.conv2d(_hold(2, 3, 9, 8), k, 1, "SAME", data_format="NCHW"),
            [2, 8, 9, 8],
        ),
        (lambda x, _: tf.nn.conv2d(x, _anything(), 2, "SAME"), [None, 14, 15, None]),
        (lambda x, _: tf.nn.max_pool(x, 2, 2, "VALID"), [None, 14, 14, 3]),
        (lambda x, _: tf.nn.avg_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME"), [None, 14, 15, 3]),
        (lambda x, k: tf.nn.depthwise_conv2d(x, k, [1, 1, 1, 1], "VALID"), [None, 24, 26, 24]),
        (
            lambda x, _: tf.nn.conv2d_transpose(x, _hold(2, 2, 7, 3), [5, 56, 58, 7], 2),
            [5, 56, 58, 7],
        ),
        (
            lambda x, _: tf.nn.conv2d_transpose(
                x, _hold(2, 2, 7, 3), tf.stack([tf.shape(x)[0], 56, 58, 7]), 2
            ),
            [None, 56, 58, 7],
        ),
        (lambda x, _: tf.nn.lrn(x), [None, 28, 29, 3]),
        (lambda _, __: tf.nn.conv1d(_hold(None, 9, 3), _hold(3, 3, 4), 2, "VALID"), [None, 4, 4]),
    ],
)
def test_static_shapes_of_windows(make: Any, wanted: Any) -> None:
    assert _shape(make(_hold(*X), _hold(*KERNEL))) == wanted


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x: tf.nn.conv2d(x, _hold(2, 2, 3, 1), 1, "SAME"), r"Depth of input \(2\)"),
        (lambda x: tf.nn.conv2d(x, _hold(5, 5, 2, 1), 1, "VALID"), "subtracting 5 from 4"),
        (lambda x: tf.nn.conv2d(x, _hold(5, 2, 1), 1, "VALID"), "rank"),
        (lambda x: tf.nn.conv2d(x, _hold(2, 2, 2, 1), 1, "FOO"), "padding"),
        (lambda x: tf.nn.conv2d(x, _hold(2, 2, 2, 1), [1, 1, 1], "SAME"), "length 1, 2 or 4"),
        (lambda x: tf.nn.conv2d(x, _hold(2, 2, 2, 1), 1, [[0, 0], [1, -1]] * 2), "negative"),
        (lambda x: tf.nn.conv2d(x, _hold(2, 2, 2, 1), 1, "SAME", data_format="CHWN"), "NHWC"),
        (lambda x: tf.nn.conv2d_transpose(x, _hold(2, 2, 2, 3), IMAGE, 1), "2 and 3"),
        (lambda x: tf.nn.depthwise_conv2d(x, _hold(2, 2, 3, 1), [1] * 4, "SAME"), "2 and 3"),
        (lambda x: tf.nn.max_pool(x, [1, 5, 5, 1], [1, 1, 1, 1], "VALID"), "subtracting 5 from 4"),
        (lambda x: tf.nn.max_pool(x, 0, 1, "VALID"), "ksize must be positive"),
        (lambda x: tf.nn.avg_pool(x, 1, 1, [[0, 0]] * 4), "pads by"),
        (lambda x: tf.nn.pool(x, [2, 2], "MIN", "SAME"), "pooling_type"),
        (lambda x: tf.nn.pool(x, [2, 2], "MAX", "SAME", dilation_rate=[2, 2]), "holes"),
        (lambda x: tf.nn.convolution(x, _hold(2, 2, 2, 3), "SAME", [1, 1, 1]), "2 axes"),
        (lambda x: tf.nn.bias_add(x, [1.0, 2.0, 3.0]), "are 2 and 3"),
        (lambda x: tf.nn.bias_add(x, [[1.0, 2.0]]), "rank"),
        (lambda x: tf.nn.bias_add(x, [1.0, 2.0], data_format="CN"), "data_format"),
        (lambda _: tf.nn.softmax(_hold()), "rank"),
        (lambda x: tf.nn.fused_batch_norm(x, [1.0], [1.0]), "2 and 1"),
        (
            lambda x: tf.nn.fused_batch_norm(x, [1.0] * 2, [1.0] * 2, is_training=False),
            "`mean` is None",
        ),
        (lambda x: tf.nn.dropout(x, 1.5), r"\[0, 1\)"),
        (lambda x: tf.nn.dropout(x, rate=1.0), r"\[0, 1\)"),
        (lambda x: tf.nn.dropout(x, 0.5, rate=0.5), "both 'keep_prob' and 'rate'"),
        (tf.nn.dropout, "needs `keep_prob` or `rate`"),
        (lambda _: tf.nn.dropout(tf.constant([1]), 0.5), "must be floats"),
        (lambda _: tf.nn.embedding_lookup([], [0]), "at least one table"),
        (
            lambda _: tf.nn.embedding_lookup([_hold(2, 3)] * 2, [0], partition_strategy="x"),
            "partition strategy: x",
        ),
    ],
)
def test_windows_and_layers_that_do_not_fit_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(_hold(*IMAGE))


@pytest.mark.parametrize(
    ("labels", "logits", "message"),
    [
        ((1, 2), (1, 2), "rank` must equal `logits.shape.rank - 1`"),
        ((2,), (1, 2), "except for the last dimension"),
        ((), (), "cannot be a scalar"),
    ],
)
def test_labels_must_fit_the_logits(labels: Any, logits: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.placeholder(tf.int32, labels), logits=_hold(*logits)
        )


def test_cross_entropies_refuse_missing_and_wrong_arguments() -> None:
    nn = tf.nn
    for function in (
        nn.softmax_cross_entropy_with_logits,
        nn.sparse_softmax_cross_entropy_with_logits,
        nn.sigmoid_cross_entropy_with_logits,
    ):
        with pytest.raises(ValueError, match="Both `labels` and `logits`"):
            function(labels=_hold(2, 3))
    with pytest.raises(ValueError, match="must have the same shape"):
        nn.sigmoid_cross_entropy_with_logits(labels=_hold(1, 2), logits=_hold(2))
    with pytest.raises(TypeError, match="float32"):
        nn.sparse_softmax_cross_entropy_with_logits(labels=_hold(3), logits=_hold(3, 2))
    with pytest.raises(TypeError, match="alpha"):
        nn.leaky_relu(_hold(2), tf.constant(0.1))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"range \[-2, 2\)"):
        nn.softmax(_hold(2, 3), 5)


@pytest.mark.parametrize("label", [5, -1])
def test_a_label_that_is_no_class_fails_the_run(label: int) -> None:
    labels = tf.placeholder(tf.int32, [None])
    logits = tf.constant(np.zeros((2, 3), np.float32))
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    wanted = rf"label value of {label} which is outside the valid range of \[0, 3\)"
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match=wanted):
            session.run(loss, {labels: [1, label]})
        np.testing.assert_allclose(session.run(loss, {labels: [1, 2]}), np.log([3, 3]), rtol=1e-6)


def test_shapes_that_turn_out_not_to_fit_fail_the_run() -> None:
    a, b = _anything(), _anything()
    product, biased = tf.matmul(a, b), tf.nn.bias_add(a, b)
    convolved = tf.nn.conv2d(_anything(), a, 1, "SAME")
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="size-incompatible"):
            session.run(product, {a: np.zeros((2, 3)), b: np.zeros((2, 3))})
        with pytest.raises(tf.errors.InvalidArgumentError, match="as many biases"):
            session.run(biased, {a: np.zeros((2, 3)), b: np.zeros(2)})
        with pytest.raises(tf.errors.InvalidArgumentError, match="must be 4-dimensional"):
            session.run(convolved, {convolved.op.inputs[0]: np.zeros((2, 3)), a: np.zeros((2, 3))})


def test_windows_may_not_move_over_batch_or_channels() -> None:
    moved = tf.nn.conv2d(tf.ones(IMAGE), tf.ones([2, 2, 2, 1]), [2, 1, 1, 1], "SAME")
    pooled = tf.nn.avg_pool(tf.ones(IMAGE), [1, 1, 1, 2], [1, 1, 1, 1], "VALID")
    for tensor in (moved, pooled):
        with pytest.raises(tf.errors.UnimplementedError, match="batch and depth"):
            _run(tensor)


def _nchw(x: Any) -> Any:
    return tf.transpose(x, [0, 3, 1, 2])


@pytest.mark.parametrize(
    "make",
    [
        lambda x, layout: tf.nn.conv2d(x, tf.ones([2, 3, 2, 4]), 2, "SAME", data_format=layout),
        lambda x, layout: tf.nn.depthwise_conv2d(
            x, tf.ones([2, 3, 2, 2]), [1, 1, 1, 1], "VALID", data_format=layout
        ),
        lambda x, layout: tf.nn.max_pool(x, 3, 2, "SAME", data_format=layout),
        lambda x, layout: tf.nn.avg_pool(x, 3, 2, "SAME", data_format=layout),
        lambda x, layout: tf.nn.bias_add(x, [1.0, 2.0], data_format=layout),
        lambda x, layout: tf.nn.fused_batch_norm(x, [1.0, 2.0], [0.0, 1.0], data_format=layout)[0],
    ],
)
def test_channels_second_is_the_same_moved(make: Any) -> None:
    value = np.random.RandomState(3).standard_normal((2, 5, 6, 2)).astype(np.float32)
    x = tf.constant(value)
    last, second = make(x, "NHWC"), make(_nchw(x), "NCHW")
    found = [_nchw(last), second]
    slopes = [tf.gradients(tf.square(tensor), x)[0] for tensor in found]
    curves = [tf.gradients(tf.square(slope), x)[0] for slope in slopes]
    for one, other in _run([found, slopes, curves]):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-4)


def test_dropout_scales_what_it_keeps() -> None:
    x = tf.ones([50, 40])
    keep = tf.placeholder(tf.float32, [])
    rows = tf.nn.dropout(x, 0.5, noise_shape=[None, 1], seed=2)
    some, fewer, all_kept = _run(
        [tf.nn.dropout(x, rate=0.2, seed=1), tf.nn.dropout(x, keep, seed=1), rows], {keep: 0.25}
    )
    assert set(np.unique(some)) == {0.0, np.float32(1.25)}
    assert set(np.unique(fewer)) == {0.0, np.float32(4.0)}
    assert np.mean(some > 0) == pytest.approx(0.8, abs=0.05)
    assert np.mean(fewer > 0) == pytest.approx(0.25, abs=0.05)
    assert np.all(all_kept == all_kept[:, :1])
    assert set(np.unique(all_kept)) == {0.0, 2.0}
    assert tf.nn.dropout(x, 1.0) is x


def test_dropped_elements_get_no_gradient() -> None:
    x = tf.ones([100])
    y = tf.nn.dropout(x, 0.5, seed=3)
    value, slope = _run([y, tf.gradients(y, x)[0]])
    np.testing.assert_array_equal(value, slope)


def test_gradients_do_not_reach_the_labels_of_the_first_version() -> None:
    logits, labels = tf.zeros([2, 3]), tf.ones([2, 3])
    for function, reaches in (
        (tf.nn.softmax_cross_entropy_with_logits, False),
        (tf.nn.softmax_cross_entropy_with_logits_v2, True),
    ):
        loss = function(labels=labels, logits=logits)
        assert (tf.gradients(loss, labels)[0] is not None) is reaches


def test_variances_of_batches_are_unbiased_only_when_fused() -> None:
    value = np.random.RandomState(5).standard_normal((3, 2, 2, 2)).astype(np.float32)
    fused = tf.nn.fused_batch_norm(value, [1.0, 1.0], [0.0, 0.0])[2]
    plain = tf.nn.moments(tf.constant(value), [0, 1, 2])[1]
    mixed = tf.nn.fused_batch_norm(
        value, [1.0] * 2, [0.0] * 2, [0.0] * 2, [1.0] * 2, exponential_avg_factor=0.25
    )[2]
    found = _run([fused, plain, mixed])
    variance = value.astype(np.float64).var(axis=(0, 1, 2))
    unbiased = variance * 12 / 11
    for result, want in zip(found, (unbiased, variance, 0.75 + unbiased / 4), strict=True):
        np.testing.assert_allclose(result, want, rtol=1e-5)


def test_gradients_of_lookups_are_sparse() -> None:
    tables = [tf.ones([3, 2]), tf.ones([2, 2])]
    rows = tf.nn.embedding_lookup(tables, [4, 0, 0, 1])
    for slope in tf.gradients(rows, tables):
        assert isinstance(slope, tf.IndexedSlices)


def test_sixteen_bit_logits_are_computed_in_thirty_two() -> None:
    logits = tf.constant([[8.0, 0.0]], tf.float16)
    loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.0, 1.0]], logits=logits)
    mean, _ = tf.nn.moments(tf.constant([60000.0, 60000.0], tf.float16), [0])
    assert (loss.dtype, mean.dtype) == (tf.float16, tf.float16)
    found = _run([loss, mean])
    np.testing.assert_array_equal(found[0], [np.float16(8.0003354)])
    assert found[1] == 60000.0


def test_statistics_that_can_be_added_up() -> None:
    value = np.arange(12.0, dtype=np.float32).reshape(3, 4)
    counts = tf.nn.sufficient_statistics(tf.constant(value), [0], shift=2.0)
    known = tf.nn.normalize_moments(*counts)
    late = tf.placeholder(tf.float32, [None, 4])
    unknown = tf.nn.normalize_moments(*tf.nn.sufficient_statistics(late, [0]))
    for mean, variance in _run([known, unknown], {late: value}):
        np.testing.assert_allclose(mean, value.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(variance, value.var(axis=0), rtol=1e-4)


@pytest.mark.parametrize(("data_format", "channels"), [("NHWC", 3), ("NCHW", 1)])
def test_groups_of_channels_are_convolved_on_their_own(data_format: str, channels: int) -> None:
    random = np.random.default_rng(2)
    images = random.normal(size=(2, 6, 5, 4)).astype(np.float32)
    x = tf.constant(np.moveaxis(images, -1, channels))
    filters = tf.constant(random.normal(size=(3, 3, 2, 6)).astype(np.float32))

    def convolved(part: Any, weights: Any) -> Any:
        return tf.nn.conv2d(part, weights, 2, "SAME", data_format=data_format)

    apart = zip(tf.split(x, 2, channels), tf.split(filters, 2, 3), strict=True)
    results = convolved(x, filters), tf.concat([convolved(*pair) for pair in apart], channels)
    slopes = [tf.gradients(tf.square(result), [x, filters]) for result in results]
    values = _run([[result, *slope] for result, slope in zip(results, slopes, strict=True)])
    for one, other in zip(*values, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_groups_of_channels_share_out_the_results() -> None:
    with pytest.raises(ValueError, match=r"multiple of the number of groups \(2\)"):
        tf.nn.conv2d(_hold(1, 4, 4, 4), _hold(3, 3, 2, 5), 1, "SAME")
    images, filters = _anything(), _anything()
    result = tf.nn.conv2d(images, filters, 1, "SAME")
    for depth, out in ((2, 5), (3, 3)):
        feeds = {images: np.ones((1, 4, 4, 4)), filters: np.ones((3, 3, depth, out))}
        with pytest.raises(tf.errors.InvalidArgumentError, match="have not the channels"):
            _run(result, feeds)


@pytest.mark.parametrize(("data_format", "channels"), [("NHWC", 3), ("NCHW", 1)])
def test_the_greatest_of_channels_is_pooled(data_format: str, channels: int) -> None:
    images = np.random.default_rng(4).normal(size=(2, 3, 2, 6)).astype(np.float32)
    window = [1, 1, 1, 1]
    window[channels] = 3
    x = tf.placeholder(tf.float32, np.moveaxis(images, -1, channels).shape)
    pooled = tf.nn.max_pool(x, window, window, "VALID", data_format)
    assert _shape(pooled)[channels] == 2
    found = _run(pooled, {x: np.moveaxis(images, -1, channels)})
    wanted = images.reshape(2, 3, 2, 2, 3).max(-1)
    np.testing.assert_array_equal(np.moveaxis(found, channels, -1), wanted)


@pytest.mark.parametrize(
    ("ksize", "strides", "message"),
    [
        ([1, 2, 1, 2], [1, 2, 1, 2], "exactly one of pooling across depth"),
        ([1, 1, 1, 4], [1, 1, 1, 4], "evenly divides the input depth, not 4 for 6"),
        ([1, 1, 1, 2], [1, 1, 1, 1], "equals the depth stride, not 2 and 1"),
    ],
)
def test_pools_across_channels_that_tensorflow_has_not(
    ksize: list[int], strides: list[int], message: str
) -> None:
    x = _hold(1, 4, 4, 6)
    pooled = tf.nn.max_pool(x, ksize, strides, "SAME")
    with pytest.raises(tf.errors.UnimplementedError, match=message):
        _run(pooled, {x: np.zeros((1, 4, 4, 6))})

"""Functions of matrices and neural networks that are compared with TensorFlow.

`tools/record_nn_values.py` calls them on TensorFlow, the tests on polygraph; ``tf`` is the module
that has TF1's names. Arguments hold ties, zeros and negative numbers on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Case(NamedTuple):
    """A function of a namespace and tensors, and the arguments it is called with.

    Attributes:
      name: unique.
      function: gives a tensor or several.
      arguments: float32 arrays; gradients are taken to them.
      second: second gradients are compared too.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple[np.ndarray[Any, Any], ...]
    second: bool = True


def grid(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Numbers of which some are equal, some 0 and some negative; exact in every float."""
    numbers = np.random.RandomState(seed).randint(-8, 9, shape)
    return (numbers / 8).astype(np.float32)


def _matrices() -> Iterator[Case]:
    a, b = grid(2, 3), grid(3, 4, seed=1)
    yield Case("matmul", lambda tf, x, y: tf.matmul(x, y), (a, b))
    for flip_a, flip_b in ((True, False), (False, True), (True, True)):
        pair = a.T.copy() if flip_a else a, b.T.copy() if flip_b else b
        yield Case(
            f"matmul/{flip_a:d}{flip_b:d}",
            lambda tf, x, y, f=flip_a, g=flip_b: tf.matmul(x, y, transpose_a=f, transpose_b=g),
            pair,
        )
        batch = np.stack([pair[0], pair[0] + 1]), np.stack([pair[1], pair[1] - 1])
        yield Case(
            f"matmul/batch_{flip_a:d}{flip_b:d}",
            lambda tf, x, y, f=flip_a, g=flip_b: tf.matmul(x, y, adjoint_a=f, adjoint_b=g),
            batch,
        )
    yield Case("matmul/broadcast", lambda tf, x, y: tf.matmul(x, y), (grid(4, 2, 3), b))
    yield Case("matmul/operator", lambda _, x, y: x @ y, (a, b))
    yield Case("tensordot/1", lambda tf, x, y: tf.tensordot(x, y, 1), (grid(2, 2, 3), b))
    yield Case(
        "tensordot/pairs",
        lambda tf, x, y: tf.tensordot(x, y, [[0, 2], [1, 0]]),
        (grid(2, 4, 3), grid(3, 2, 5, seed=1)),
    )
    yield Case("tensordot/0", lambda tf, x, y: tf.tensordot(x, y, 0), (a, b))
    yield Case("trace", lambda tf, x: tf.trace(x), (grid(2, 3, 3),))
    yield Case("cross", lambda tf, x, y: tf.cross(x, y), (grid(4, 3), grid(4, 3, seed=1)))
    m = grid(2, 3, seed=3) + 0.0625
    for order, axis in (("euclidean", None), (1, 1), (np.inf, 1), (3, 0), ("fro", (0, 1)),
                        (1, (0, 1)), (np.inf, (0, 1))):  # fmt: skip
        yield Case(
            f"norm/{order}/{axis}",
            lambda tf, x, o=order, at=axis: tf.norm(x, o, axis=at, keepdims=True),
            (m,),
            second=False,
        )


EQUATIONS = {
    "ij,jk->ik": ((2, 3), (3, 4)), "bij,bjk->bik": ((2, 2, 3), (2, 3, 2)), "ij->ji": ((2, 3),),
    "ii->i": ((3, 3),), "ii->": ((3, 3),), "ij->": ((2, 3),), "i,j->ij": ((2,), (3,)),
    "i,i->": ((3,), (3,)), "...ij,...jk->...ik": ((2, 1, 2, 3), (3, 3, 2)), "ij,ij->j": ((2, 3),
    (2, 3)), "abc,bd->adc": ((2, 3, 2), (3, 2)), "...a->...": ((2, 3),), "ij,kj": ((2, 3), (4, 3)),
    "bij,bjk->ik": ((2, 2, 3), (2, 3, 2)), "ij,j,kj->ik": ((2, 3), (3,), (4, 3)),
    "iij,jk->ik": ((2, 2, 3), (3, 2)),
}  # fmt: skip


def _einsums() -> Iterator[Case]:
    for equation, shapes in EQUATIONS.items():
        yield Case(
            f"einsum/{equation}",
            lambda tf, *xs, text=equation: tf.einsum(text, *xs),
            tuple(grid(*shape, seed=at) for at, shape in enumerate(shapes)),
        )


def _convolutions() -> Iterator[Case]:
    x, k = grid(2, 5, 6, 3), grid(3, 2, 3, 2, seed=1)
    for padding in ("SAME", "VALID"):
        for stride in (1, 2):
            yield Case(
                f"conv2d/{padding}_{stride}",
                lambda tf, i, f, p=padding, s=stride: tf.nn.conv2d(i, f, [1, s, s, 1], p),
                (x, k),
            )
    pads = [[0, 0], [1, 0], [2, 1], [0, 0]]
    yield Case("conv2d/explicit", lambda tf, i, f: tf.nn.conv2d(i, f, 1, pads), (x, k))
    # TensorFlow differentiates no dilated convolution on a CPU.
    for rate, padding in ((2, "SAME"), (2, "VALID")):
        yield Case(
            f"atrous_conv2d/{padding}",
            lambda tf, i, f, r=rate, p=padding: tf.nn.atrous_conv2d(i, f, r, p),
            (x, grid(2, 2, 3, 2, seed=1)),
        )
    yield Case(
        "conv2d_transpose",
        lambda tf, i, f: tf.nn.conv2d_transpose(i, f, [2, 10, 12, 2], [1, 2, 2, 1], "SAME"),
        (x, grid(3, 2, 2, 3, seed=1)),
    )
    filters = grid(3, 2, 3, 2, seed=2)
    for padding, stride in (("SAME", 1), ("VALID", 2)):
        yield Case(
            f"depthwise_conv2d/{padding}",
            lambda tf, i, f, p=padding, s=stride: tf.nn.depthwise_conv2d(i, f, [1, s, s, 1], p),
            (x, filters),
        )
    yield Case(
        "depthwise_conv2d/rate",
        lambda tf, i, f: tf.nn.depthwise_conv2d(i, f, [1, 1, 1, 1], "SAME", rate=[2, 2]),
        (x, filters),
    )
    yield Case(
        "separable_conv2d",
        lambda tf, i, f, p: tf.nn.separable_conv2d(i, f, p, [1, 2, 2, 1], "SAME"),
        (x, filters, grid(1, 1, 6, 4, seed=3)),
    )
    yield Case(
        "conv1d",
        lambda tf, i, f: tf.nn.conv1d(i, f, 2, "SAME"),
        (grid(2, 7, 3), grid(3, 3, 2, seed=1)),
    )
    for padding, stride in (("SAME", 2), ("VALID", 1)):
        yield Case(
            f"conv3d/{padding}",
            lambda tf, i, f, p=padding, s=stride: tf.nn.conv3d(i, f, [1, s, s, s, 1], p),
            (grid(2, 4, 3, 4, 2), grid(3, 2, 2, 2, 2, seed=1)),
        )
    yield Case(
        "conv3d_transpose",
        lambda tf, i, f: tf.nn.conv3d_transpose(i, f, [1, 4, 4, 3, 2], [1, 2, 2, 1, 1]),
        (grid(1, 2, 2, 3, 3), grid(3, 2, 2, 2, 3, seed=1)),
    )
    yield Case("convolution", lambda tf, i, f: tf.nn.convolution(i, f, "VALID"), (x, k))


WINDOWS = ((2, 2, "SAME"), (2, 2, "VALID"), (3, 1, "SAME"), (3, 2, "VALID"))


def _pools() -> Iterator[Case]:
    x = grid(2, 5, 6, 2)
    for kind in ("max_pool", "avg_pool"):
        for size, stride, padding in WINDOWS:
            yield Case(
                f"{kind}/{size}_{stride}_{padding}",
                lambda tf, i, n=kind, k=size, s=stride, p=padding: getattr(tf.nn, n)(
                    i, [1, k, k, 1], [1, s, s, 1], p
                ),
                (x,),
            )
    yield Case("pool", lambda tf, i: tf.nn.pool(i, [2, 3], "AVG", "SAME", strides=[1, 2]), (x,))


ACTIVATIONS = (
    *("relu", "relu6", "elu", "selu", "leaky_relu", "softplus", "crelu", "swish", "l2_loss"),
    *("softmax", "log_softmax", "zero_fraction"),
)


def _activations() -> Iterator[Case]:
    x = np.array([[-3.0, -0.5, 0.0, 0.5], [6.0, 7.0, 1.0, 1.0]], np.float32)
    for name in ACTIVATIONS:
        yield Case(name, lambda tf, t, n=name: getattr(tf.nn, n)(t), (x,))
    yield Case("softsign", lambda tf, t: tf.nn.softsign(t), (x,), second=False)
    y = grid(2, 3, 2)
    yield Case("softmax/axis", lambda tf, t: tf.nn.softmax(t, 1), (y,))
    yield Case("log_softmax/axis", lambda tf, t: tf.nn.log_softmax(t, axis=0), (y,))
    yield Case("bias_add", lambda tf, t, b: tf.nn.bias_add(t, b), (y, grid(2, seed=1)))
    yield Case(
        "bias_add/NCHW",
        lambda tf, t, b: tf.nn.bias_add(t, b, data_format="NCHW"),
        (grid(2, 3, 2, 2), grid(3, seed=1)),
    )
    layer = grid(2, 3), grid(3, 2, seed=1), grid(2, seed=2)
    yield Case("xw_plus_b", lambda tf, *xs: tf.nn.xw_plus_b(*xs), layer)
    yield Case("relu_layer", lambda tf, *xs: tf.nn.relu_layer(*xs), layer)
    yield Case("l2_normalize", lambda tf, t: tf.nn.l2_normalize(t, 1), (y + 0.0625,))
    yield Case(
        "lrn", lambda tf, t: tf.nn.lrn(t, 1, 1.5, 0.5, 0.75), (grid(1, 2, 2, 4),), second=False
    )


def _cross_entropies() -> Iterator[Case]:
    logits = grid(3, 4) * 3
    labels = np.array([[1, 0, 0, 0], [0.25, 0.25, 0.5, 0], [0, 0, 0, 0]], np.float32)
    for name in ("softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_v2",
                 "sigmoid_cross_entropy_with_logits"):  # fmt: skip
        yield Case(
            name, lambda tf, x, z, n=name: getattr(tf.nn, n)(labels=z, logits=x), (logits, labels)
        )
    yield Case(
        "softmax_cross_entropy/axis",
        lambda tf, x, z: tf.nn.softmax_cross_entropy_with_logits_v2(labels=z, logits=x, axis=1),
        (grid(2, 3, 2), np.abs(grid(2, 3, 2, seed=1))),
    )
    yield Case(
        "softmax_cross_entropy/int_labels",
        lambda tf, x: tf.nn.softmax_cross_entropy_with_logits_v2(
            labels=[[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]], logits=x
        ),
        (logits,),
    )
    yield Case(
        "sparse_softmax_cross_entropy",
        lambda tf, x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 3, 2], logits=x),
        (logits,),
    )
    yield Case(
        "sparse_softmax_cross_entropy/rank_3",
        lambda tf, x: tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=[[1, 0], [2, 2]], logits=x
        ),
        (grid(2, 2, 3),),
    )
    yield Case(
        "weighted_cross_entropy",
        lambda tf, x, z: tf.nn.weighted_cross_entropy_with_logits(
            labels=z, logits=x, pos_weight=2.0
        ),
        (logits, labels),
    )


def _normalizations() -> Iterator[Case]:
    x = grid(3, 2, 2, 2)
    yield Case("moments", lambda tf, t: tf.nn.moments(t, [0, 1, 2]), (x,))
    yield Case("moments/keepdims", lambda tf, t: tf.nn.moments(t, [1], keep_dims=True), (x,))
    yield Case(
        "weighted_moments",
        lambda tf, t, w: tf.nn.weighted_moments(t, [0], w),
        (grid(4, 3), np.array([[1.0], [0.5], [2.0], [0.0]], np.float32)),
    )
    vectors = grid(2, seed=1), np.array([0.5, 2.0], np.float32), grid(2, seed=2), grid(2, seed=3)
    yield Case(
        "batch_normalization", lambda tf, *xs: tf.nn.batch_normalization(*xs, 1e-3), (x, *vectors)
    )
    yield Case(
        "batch_normalization/bare",
        lambda tf, t, m, v: tf.nn.batch_normalization(t, m, v, None, None, 1e-3),
        (x, *vectors[:2]),
    )
    yield Case(
        "fused_batch_norm",
        lambda tf, t, s, o: tf.nn.fused_batch_norm(t, s, o)[0],
        (x, vectors[3], vectors[2]),
    )
    yield Case(
        "fused_batch_norm/small_epsilon",
        lambda tf, t: tf.nn.fused_batch_norm(
            t / 256.0, [1.0, 2.0], [0.0, 1.0], epsilon=1e-6, is_training=True
        )[0],
        (x,),
    )
    yield Case(
        "fused_batch_norm/frozen",
        lambda tf, t, s, o, m, v: tf.nn.fused_batch_norm(t, s, o, m, v, is_training=False)[0],
        (x, vectors[3], vectors[2], *vectors[:2]),
    )
    yield Case(
        "fused_batch_norm/statistics",
        lambda tf, t: tf.nn.fused_batch_norm(t, [1.0, 2.0], [0.0, 1.0])[1:],
        (x,),
        second=False,
    )


def _embeddings() -> Iterator[Case]:
    table = grid(5, 2)
    yield Case(
        "embedding_lookup", lambda tf, t: tf.nn.embedding_lookup(t, [[3, 3], [0, 4]]), (table,)
    )
    for strategy in ("mod", "div"):
        yield Case(
            f"embedding_lookup/{strategy}",
            lambda tf, *ts, s=strategy: tf.nn.embedding_lookup(
                list(ts), [[4, 0], [3, 6]], partition_strategy=s
            ),
            (grid(3, 2), grid(2, 2, seed=1), grid(2, 2, seed=2)),
        )
    yield Case(
        "embedding_lookup/max_norm",
        lambda tf, t: tf.nn.embedding_lookup(t, [2, 0], max_norm=0.5),
        (table,),
        second=False,
    )


def cases() -> list[Case]:
    """All of them."""
    parts = (_matrices, _einsums, _convolutions, _pools, _activations, _cross_entropies,
             _normalizations, _embeddings)  # fmt: skip
    return [case for part in parts for case in part()]


def loss(tf: Any, results: Any) -> Any:
    """A scalar in which every element of the results counts differently."""
    total = tf.constant(0.0)
    for at, result in enumerate(results if isinstance(results, list | tuple) else [results]):
        weights = tf.cast(tf.range(tf.size(result)), tf.float32) * 0.125 + (1.0 + at)
        total += tf.reduce_sum(tf.reshape(result, [-1]) * weights)
    return total


def second_loss(tf: Any, gradients: Any) -> Any:
    """The gradients that there are, in one number that is not linear in them."""
    total = tf.constant(0.0)
    for gradient in gradients:
        if gradient is not None:
            dense = tf.convert_to_tensor(gradient)
            total += tf.reduce_sum(dense * dense)
    return total

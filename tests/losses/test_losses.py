"""`tf.losses`: values, names and collections as recorded on TensorFlow 2.21 compat.v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph import losses

if TYPE_CHECKING:
    from collections.abc import Iterator

PREDICTIONS = [[0.9, 0.2, 0.6], [0.1, 0.7, 0.4]]
LABELS = [[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
R = losses.Reduction
DISTANCES = [
    "absolute_difference", "cosine_distance", "hinge_loss", "huber_loss", "log_loss",
    "mean_squared_error", "sigmoid_cross_entropy", "softmax_cross_entropy",
    "sparse_softmax_cross_entropy", "mean_pairwise_squared_error",
]  # fmt: skip


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def value_of(fetches: Any, feed_dict: Any = None) -> Any:
    with tf.Session() as sess:
        return sess.run(fetches, feed_dict)


def by_name(name: str) -> Any:
    return getattr(losses, name)


def per_row(name: str) -> bool:
    return "softmax" in name


def truth_of(name: str) -> Any:
    return [0, 2] if name.startswith("sparse") else LABELS


@pytest.mark.parametrize(
    ("name", "arguments", "plain", "reduced"),
    [
        ("absolute_difference", {}, 0.38333333, [1.4, 0.23333333, 0.23333333, 0.46666667]),
        ("cosine_distance", {"axis": 1}, -0.15000001, [-1.0, -0.5, -0.5, -1.0]),
        ("cosine_distance", {"dim": -1}, -0.15000001, [-1.0, -0.5, -0.5, -1.0]),
        ("hinge_loss", {}, 0.71666664, [3.4000001, 0.56666666, 0.56666666, 1.1333333]),
        ("huber_loss", {}, 0.10583333, [0.20999999, 0.035, 0.035, 0.07]),
        ("huber_loss", {"delta": 0.3}, 0.074166663, [0.2, 0.033333331, 0.033333331, 0.066666663]),
        ("log_loss", {}, 0.6682356, [1.6786584, 0.27977639, 0.27977639, 0.55955279]),
        ("log_loss", {"epsilon": 0.1}, 0.44188198, [0.92407072, 0.15401179, 0.15401179, 0.3080236]),
        ("mean_squared_error", {}, 0.21166666, [0.42, 0.07, 0.07, 0.14]),
        ("sigmoid_cross_entropy", {}, 0.58956313, [3.1535614, 0.52559358, 0.52559358, 1.0511872]),
        (
            "sigmoid_cross_entropy",
            {"label_smoothing": 0.2},
            0.61789638,
            [3.4135611, 0.56892687, 0.56892687, 1.1378537],
        ),
        ("softmax_cross_entropy", {}, 2.0837064, [3.8212643, 1.9106321, 1.9106321, 3.8212643]),
        (
            "softmax_cross_entropy",
            {"label_smoothing": 0.3},
            1.7986503,
            [3.3580747, 1.6790373, 1.6790373, 3.3580747],
        ),
        (
            "sparse_softmax_cross_entropy",
            {},
            0.96685314,
            [1.6106322, 0.80531609, 0.80531609, 1.6106322],
        ),
    ],
)
def test_values(name: str, arguments: Any, plain: float, reduced: list[float]) -> None:
    function, truth = by_name(name), truth_of(name)
    weights = [2.0, 0.0] if per_row(name) else [[2.0], [0.0]]
    kinds = (R.SUM, R.MEAN, R.SUM_OVER_BATCH_SIZE, R.SUM_BY_NONZERO_WEIGHTS)
    made = [
        function(truth, PREDICTIONS, weights=weights, reduction=kind, **arguments) for kind in kinds
    ]
    default = function(truth, PREDICTIONS, **arguments)
    whole = function(truth, PREDICTIONS, weights=weights, reduction=R.NONE, **arguments)
    found = value_of([default, made, whole])
    np.testing.assert_allclose(found[0], plain, rtol=1e-5)
    np.testing.assert_allclose(found[1], reduced, rtol=1e-5)
    np.testing.assert_allclose(found[2].sum(), reduced[0], rtol=1e-5)
    assert found[2].shape == tuple(whole.shape.as_list())


def test_pairs_of_values() -> None:
    function = losses.mean_pairwise_squared_error
    weights: list[Any] = [1.0, [[2.0], [0.0]], 0.0, [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]]
    found = value_of([function(LABELS, PREDICTIONS, weights=weight) for weight in weights])
    np.testing.assert_allclose(found, [1.0266665, 0.36, 0.0, 3.2], rtol=1e-5)


@pytest.mark.parametrize("name", DISTANCES)
def test_arguments_that_do_not_fit(name: str) -> None:
    function, truth = by_name(name), truth_of(name)
    more = {"axis": 1} if name == "cosine_distance" else {}
    with pytest.raises(ValueError, match="must not be None"):
        function(None, PREDICTIONS, **more)
    with pytest.raises(ValueError, match="must not be None"):
        function(truth, None, **more)
    with pytest.raises(ValueError, match=r"incompatible|must be equal|must equal"):
        function(truth, PREDICTIONS[:1], **more)
    with pytest.raises(ValueError, match=r"weights can not be broadcast to values\."):
        function(truth, PREDICTIONS, weights=np.ones((3, 1, 1)), **more)


def test_reductions() -> None:
    assert len(set(R.all())) == 5
    with pytest.raises(ValueError, match="Invalid Reduction Key nope"):
        losses.mean_squared_error(LABELS, PREDICTIONS, reduction="nope")
    with pytest.raises(ValueError, match="You must specify argument `axis`"):
        losses.cosine_distance(LABELS, PREDICTIONS)


def test_names(graph: tf.Graph) -> None:
    truth, guess = tf.constant(LABELS), tf.constant(PREDICTIONS)
    plain = losses.mean_squared_error(truth, guess)
    named = losses.mean_squared_error(truth, guess, scope="mine")
    with tf.name_scope("net"):
        inner = losses.absolute_difference(truth, guess, reduction=R.SUM)
    assert [loss.name for loss in (plain, named, inner)] == [
        "mean_squared_error/value:0",
        "mine/value:0",
        "net/absolute_difference/Sum:0",
    ]
    assert [op.name for op in graph.get_operations() if op.name.startswith("mine")][:9] == [
        "mine/SquaredDifference",
        "mine/assert_broadcastable/weights",
        "mine/assert_broadcastable/weights/shape",
        "mine/assert_broadcastable/weights/rank",
        "mine/assert_broadcastable/values/shape",
        "mine/assert_broadcastable/values/rank",
        "mine/assert_broadcastable/static_scalar_check_success",
        "mine/Cast/x",
        "mine/Mul",
    ]


def test_collections() -> None:
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    losses.add_loss(a)
    losses.add_loss(b, "other")
    losses.add_loss(b, None)
    with tf.name_scope("net"):
        losses.mean_squared_error([1.0], [3.0])
    losses.mean_squared_error([1.0], [3.0], loss_collection=None)
    none = losses.get_regularization_loss()
    tf.get_variable("w", [2], initializer=tf.ones_initializer(), regularizer=tf.reduce_sum)
    made = [
        none,
        losses.get_regularization_loss(),
        losses.get_total_loss(),
        losses.get_total_loss(add_regularization_losses=False, name="plain"),
        losses.get_total_loss(scope="net"),
    ]
    assert [loss.name for loss in losses.get_losses()] == ["a:0", "net/mean_squared_error/value:0"]
    assert losses.get_losses(loss_collection="other") == [b]
    assert [loss.op.name for loss in made[1:]] == [
        "total_regularization_loss",
        "total_loss",
        "plain",
        "total_loss_1",
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(made) == [0.0, 2.0, 7.0, 5.0, 4.0]
    with pytest.raises(ValueError, match="inputs must be"):
        losses.get_total_loss(scope="nothing")


def test_a_loss_keeps_its_dtype_and_has_no_nan_where_all_weights_are_zero() -> None:
    made = [
        losses.compute_weighted_loss([1, 2, 4]),
        losses.compute_weighted_loss(tf.constant([1.0, 2.0], tf.float64), [1.0, 0.0]),
        losses.compute_weighted_loss([[1.0], [2.0]], [[0.0], [0.0]]),
    ]
    assert [loss.dtype for loss in made] == [tf.int32, tf.float64, tf.float32]
    assert value_of(made) == [2, 1.0, 0.0]


def test_shapes_that_only_a_run_knows() -> None:
    truth, guess, weights = (tf.placeholder(tf.float32) for _ in range(3))
    loss = losses.mean_squared_error(truth, guess, weights)
    gradient = tf.gradients(loss, guess)[0]
    feeds: dict[Any, Any] = {truth: LABELS, guess: PREDICTIONS, weights: [[2.0], [0.0]]}
    found = value_of([loss, gradient], feeds)
    np.testing.assert_allclose(found[0], 0.14, rtol=1e-5)
    np.testing.assert_allclose(
        found[1], [[-0.13333333, 0.26666668, -0.5333333], [0.0, 0.0, 0.0]], rtol=1e-5, atol=1e-7
    )
    for wrong in (np.ones((3, 1)), np.ones((2, 1, 1))):
        with pytest.raises(tf.errors.InvalidArgumentError):
            value_of(loss, feeds | {weights: wrong})


def test_a_last_axis_too_many_is_dropped() -> None:
    function = losses.sparse_softmax_cross_entropy
    plain = function([0, 2], PREDICTIONS, [1.0, 0.0])
    column = function([[0], [2]], PREDICTIONS, [[1.0], [0.0]])
    labels, logits, weights = (tf.placeholder(d) for d in (tf.int32, tf.float32, tf.float32))
    open_ = function(labels, logits, weights)
    feeds = {labels: [[0], [2]], logits: PREDICTIONS, weights: [[1.0], [0.0]]}
    assert value_of([plain, column]) == [pytest.approx(0.8053161)] * 2
    assert value_of(open_, feeds) == pytest.approx(0.8053161)


def test_softmax_labels_get_no_gradient() -> None:
    labels, logits = tf.constant(LABELS), tf.constant(PREDICTIONS)
    loss = losses.softmax_cross_entropy(labels, logits)
    assert tf.gradients(loss, [labels, logits])[0] is None

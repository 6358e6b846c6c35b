"""Rules of neural networks' ops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.rules.indexing import indices
from polygraph.conformance.fuzz.rules.registry import rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref

_WIDE = ("float32", "float64")
_IMAGE_RANK = 4


def _matrix(ref: Ref) -> bool:
    return ref.rank == 2 and 0 not in ref.shape  # noqa: PLR2004


@rule(3)
def softmax(g: Growth) -> str:
    """Probabilities of the last axis."""
    x = g.pick(_WIDE, lambda ref: ref.rank > 0)
    return f"tf.nn.{g.choose.of(('softmax', 'log_softmax'))}({x})"


@rule(2)
def cross_entropy(g: Growth) -> str:
    """Losses of logits."""
    x = g.pick(_WIDE, _matrix)
    if g.choose.chance(0.5):
        labels = indices(g, x.shape[:1], x.shape[1])
        name = "sparse_softmax_cross_entropy_with_logits"
        return f"tf.nn.{name}(labels={labels}, logits={x})"
    name = g.choose.of(("softmax_cross_entropy_with_logits_v2",
                        "sigmoid_cross_entropy_with_logits"))  # fmt: skip
    return f"tf.nn.{name}(labels={g.like(x)}, logits={x})"


@rule(1)
def bias(g: Growth) -> str:
    """A vector added to the last axis."""
    x = g.pick(_WIDE, lambda ref: ref.rank > 1)
    return f"tf.nn.bias_add({x}, {g.of_type(x.dtype, x.shape[-1:])})"


def _image(g: Growth) -> Ref:
    return g.pick(
        ("float32",),
        lambda ref: ref.rank == _IMAGE_RANK and min(ref.shape[1:3]) > 2,  # noqa: PLR2004
        lambda: (2, 5, 4, g.choose.integer(1, 2)),
    )


@rule(2)
def convolution(g: Growth) -> str:
    """A convolution, full or of each channel."""
    x = _image(g)
    channels = x.shape[-1]
    step = g.choose.integer(1, 2)
    where = g.choose.of(('"SAME"', '"VALID"'))
    if g.choose.chance(0.3):
        filters = g.of_type("float32", (2, 3, channels, 2))
        return f"tf.nn.depthwise_conv2d({x}, {filters}, [1, {step}, {step}, 1], {where})"
    filters = g.of_type("float32", (3, 2, channels, g.choose.integer(1, 3)))
    rest = ""
    if step == 1 and g.choose.chance(0.3):
        rest = ", dilations=[1, 2, 1, 1]"
        where = '"SAME"'
    return f"tf.nn.conv2d({x}, {filters}, strides=[1, {step}, {step}, 1], padding={where}{rest})"


@rule(2)
def pooling(g: Growth) -> str:
    """The largest, or the mean, of windows."""
    x = _image(g)
    name = g.choose.of(("max_pool", "avg_pool"))
    step = g.choose.integer(1, 2)
    where = g.choose.of(('"SAME"', '"VALID"'))
    return f"tf.nn.{name}({x}, [1, 2, 3, 1], [1, {step}, {step}, 1], {where})"


@rule(1)
def normalisation(g: Growth) -> str:
    """Means and variances, and what is made with them."""
    x = g.pick(_WIDE, lambda ref: ref.rank > 0 and 0 not in ref.shape)
    part = g.choose.integer(0, 1)
    return g.choose.of(
        (
            f"tf.nn.moments({x}, [0])[{part}]",
            f"tf.nn.l2_normalize({x}, -1)",
            f"tf.nn.moments({x}, [-1], keep_dims=True)[{part}]",
        )
    )

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


@rule(2)
def transposed_convolution(g: Growth) -> str:
    """The gradient of a convolution by its input, as a layer."""
    x = _image(g)
    batch, height, width, channels = x.shape
    step = g.choose.integer(1, 2)
    filters = g.of_type("float32", (3, 2, 2, channels))
    shape = [batch, height * step, width * step, 2]
    return f'tf.nn.conv2d_transpose({x}, {filters}, {shape}, [1, {step}, {step}, 1], "SAME")'


@rule(1)
def volume_convolution(g: Growth) -> str:
    """A convolution over three axes, or its transpose."""
    x = g.of_type("float32", (1, 3, 4, 3, 2))
    filters = g.of_type("float32", (2, 2, 3, 2, 2))
    step = g.choose.integer(1, 2)
    strides = [1, step, step, step, 1]
    if g.choose.chance(0.4):
        shape = [1, 3 * step, 4 * step, 3 * step, 2]
        return f'tf.nn.conv3d_transpose({x}, {filters}, {shape}, {strides}, "SAME")'
    where = g.choose.of(("SAME", "VALID"))
    return f'tf.nn.conv3d({x}, {filters}, {strides}, "{where}")'


@rule(2)
def batch_normalisation(g: Growth) -> str:
    """Images brought to a mean and a variance of zero and one, or near them."""
    x = _image(g)
    scale, offset = (g.of_type("float32", x.shape[-1:]) for _ in range(2))
    if g.choose.chance(0.6):
        return f"tf.nn.fused_batch_norm({x}, {scale}, {offset})[{g.choose.integer(0, 2)}]"
    mean, deviation = (g.of_type("float32", x.shape[-1:]) for _ in range(2))
    given = f"mean={mean}, variance=tf.square({deviation}), is_training=False"
    return f"tf.nn.fused_batch_norm({x}, {scale}, {offset}, {given})[0]"


@rule(1)
def layer_of_one_line(g: Growth) -> str:
    """Compositions that there is a function for."""
    x = _image(g)
    by_channel = g.of_type("float32", (2, 2, x.shape[-1], 1))
    across = g.of_type("float32", (1, 1, x.shape[-1], 3))
    return g.choose.of(
        (
            f"tf.nn.crelu({x})",
            f"tf.nn.swish({x})",
            f"tf.nn.lrn({x}, 2, bias=1.0, alpha=0.5, beta=0.5)",
            f"tf.nn.zero_fraction({x})",
            f"tf.nn.weighted_moments({x}, [1, 2], tf.abs({g.like(x)}) + 0.5)[1]",
            f'tf.nn.separable_conv2d({x}, {by_channel}, {across}, [1, 1, 1, 1], "SAME")',
        )
    )

"""Pooling: the greatest or the mean cell of each window, over images and sequences."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import FLOATING, REAL
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.convolution import four_dims, require_images, same_attrs
from polygraph.ops.convolution_forms import along_columns, layout_1d
from polygraph.ops.filling import zeros_like
from polygraph.ops.pooling_depth import greatest_channels, is_across_depth
from polygraph.ops.primitives import pooling as primitives
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.reshaping import expand_dims, squeeze
from polygraph.ops.shape_queries import shape
from polygraph.ops.window_attrs import (
    channel,
    checked_format,
    four,
    geometry,
    out_dims,
    out_size,
    padding_attrs,
    require_spatial,
    spatial,
    with_channels,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "avg_pool",
    "avg_pool1d",
    "avg_pool2d",
    "max_pool",
    "max_pool1d",
    "max_pool2d",
    "pool",
]

_SAMPLE: dict[str, object] = {
    "ksize": (1, 2, 2, 1),
    "strides": (1, 2, 2, 1),
    "padding": "SAME",
}
_AVG_ATTRS = ("ksize", "strides", "padding", "data_format")
_MAX_ATTRS = (*_AVG_ATTRS, "explicit_paddings")


def _pooled_shape(context: ShapeContext) -> TensorShape:
    images = four_dims(context.shape(0))
    layout = context.attrs["data_format"]
    out = out_dims(images, spatial(context.attrs["ksize"], layout), context.attrs)
    return TensorShape(with_channels(images[0], out, images[channel(layout)], layout))


def _max_pooled_shape(context: ShapeContext) -> TensorShape:
    dims, attrs = list(_pooled_shape(context).as_list()), context.attrs
    axis = channel(attrs["data_format"])
    pads = None if attrs["padding"] == "SAME" else (0, 0)
    dims[axis] = out_size(dims[axis], attrs["ksize"][axis], attrs["strides"][axis], 1, pads)
    return TensorShape(dims)


def _geometry(dims: tuple[int, ...], attrs: Mapping[str, Any]) -> dict[str, Any]:
    layout = attrs["data_format"]
    require_spatial(attrs["ksize"], layout, "ksize")
    window = spatial(attrs["ksize"], layout)
    return {"ksize": window, **geometry(dims, window, attrs)}


def _max_attrs(
    ksize: Any, strides: Any, padding: str, explicit_paddings: Any, data_format: str
) -> dict[str, Any]:
    return {
        "ksize": ksize,
        "strides": strides,
        "padding": padding,
        "explicit_paddings": explicit_paddings,
        "data_format": data_format,
    }


@graph_op(
    "MaxPool",
    "input: T -> output: T",
    shape=_max_pooled_shape,
    samples=(((2, 5, 6, 3), _SAMPLE),),
    T=REAL,
)
def MaxPool(
    images: Array,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
) -> Any:
    """The greatest cell of each window."""
    require_images(images, "tensor_in")
    attrs = _max_attrs(ksize, strides, padding, explicit_paddings, data_format)
    if is_across_depth(attrs):
        return greatest_channels(images, attrs)
    return primitives.max_pool(images, **_geometry(images.shape, attrs))


@graph_op(
    "MaxPoolGrad",
    "orig_input: T, orig_output: T, grad: T -> output: T",
    shape=shape_rules.unchanged,
    T=REAL,
)
def MaxPoolGrad(
    orig_input: Array,
    orig_output: Array,
    grad: Array,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
) -> Any:
    """Gradient of `MaxPool`: to the first greatest cell of each window."""
    require_images(orig_input, "tensor_in")
    attrs = _max_attrs(ksize, strides, padding, explicit_paddings, data_format)
    attrs = _geometry(orig_input.shape, attrs)
    return primitives.max_pool_grad(orig_input, orig_output, grad, **attrs)


@graph_op(
    "MaxPoolGradGrad",
    "orig_input: T, orig_output: T, grad: T -> output: T",
    shape=lambda context: context.shape(1),
    T=REAL,
)
def MaxPoolGradGrad(
    orig_input: Array,
    orig_output: Array,
    grad: Array,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
) -> Any:
    """Gradient of `MaxPoolGrad`: of each window, ``grad`` at the first greatest cell."""
    require_images(orig_input, "tensor_in")
    attrs = _max_attrs(ksize, strides, padding, explicit_paddings, data_format)
    attrs = _geometry(orig_input.shape, attrs)
    return primitives.max_pool_grad_grad(orig_input, orig_output, grad, **attrs)


@MaxPool.gradient
def _max_pool_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [MaxPoolGrad(op.inputs[0], op.outputs[0], dy, **same_attrs(op, _MAX_ATTRS))]


@MaxPoolGrad.gradient
def _max_pool_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    x, y, _ = op.inputs
    back = MaxPoolGradGrad(x, y, dy, **same_attrs(op, _MAX_ATTRS))
    return [zeros_like(x), zeros_like(y), back]


@MaxPoolGradGrad.gradient
def _max_pool_grad_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    x, y, _ = op.inputs
    back = MaxPoolGrad(x, y, dy, **same_attrs(op, _MAX_ATTRS))
    return [zeros_like(x), zeros_like(y), back]


@graph_op(
    "AvgPool",
    "value: T -> output: T",
    shape=_pooled_shape,
    samples=(((2, 5, 6, 3), _SAMPLE),),
    T=FLOATING,
)
def AvgPool(
    images: Array,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    data_format: str = "NHWC",
) -> Any:
    """The mean of the cells of each window; those outside of the images do not count."""
    require_images(images, "tensor_in")
    attrs = dict(zip(_AVG_ATTRS, (ksize, strides, padding, data_format), strict=True))
    return primitives.avg_pool(images, **_geometry(images.shape, attrs))


@graph_op(
    "AvgPoolGrad",
    "orig_input_shape: int32, grad: T -> output: T",
    shape=lambda context: context.as_shape(0).with_rank(4),
    static=("orig_input_shape",),
    T=FLOATING,
)
def AvgPoolGrad(
    orig_input_shape: Array,
    grad: Array,
    *,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    data_format: str = "NHWC",
) -> Any:
    """Gradient of `AvgPool`: shared out evenly among the cells of each window."""
    sizes = known_ints(orig_input_shape)
    require_images(grad, "out_backprop")
    attrs = dict(zip(_AVG_ATTRS, (ksize, strides, padding, data_format), strict=True))
    return primitives.avg_pool_grad(grad, input_shape=sizes, **_geometry(sizes, attrs))


@AvgPool.gradient
def _avg_pool_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [AvgPoolGrad(shape(op.inputs[0]), dy, **same_attrs(op, _AVG_ATTRS))]


@AvgPoolGrad.gradient
def _avg_pool_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [None, AvgPool(dy, **same_attrs(op, _AVG_ATTRS))]


def _pool_attrs(ksize: Any, strides: Any, padding: Any, data_format: str | None) -> dict[str, Any]:
    layout = checked_format(data_format)
    attrs = {
        "ksize": four(1 if ksize is None else ksize, layout, "ksize"),
        "strides": four(1 if strides is None else strides, layout, "strides"),
        "data_format": layout,
        **padding_attrs(padding),
    }
    if min(attrs["ksize"]) < 1:
        msg = f"ksize must be positive, but is {ksize!r}"
        raise ValueError(msg)
    return attrs


def _avg_pool_attrs(
    ksize: Any, strides: Any, padding: Any, data_format: str | None
) -> dict[str, Any]:
    attrs = _pool_attrs(ksize, strides, padding, data_format)
    if attrs.pop("explicit_paddings"):
        msg = f"avg_pool pads by 'SAME' or 'VALID', not {padding!r}"
        raise ValueError(msg)
    return attrs


def max_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The greatest cell of each window of the images.

    Args:
      value: ``[n, rows, columns, c]``, or ``[n, c, rows, columns]`` for "NCHW".
      ksize: of the windows, for all four axes, or for rows and columns. Windows of one cell may
        reach over several channels that no other window has; there is no gradient of them.
      strides: of the windows, as ``ksize``.
      padding: ``"SAME"``, ``"VALID"``, or a pair (before, after) for each axis.
      data_format: ``"NHWC"`` or ``"NCHW"``.
      name: of the operation.
      input: another name of ``value``.

    Raises:
      ValueError: a window does not fit, or an argument is none of its values.
    """
    images = one_of("value", value, "input", input)
    with name_scope(name, "MaxPool", [images]) as scope:
        tensor = convert_to_tensor(images, name="input")
        return MaxPool(tensor, name=scope, **_pool_attrs(ksize, strides, padding, data_format))  # type: ignore[no-any-return]


def max_pool2d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    name: str | None = None,
) -> Tensor:
    """The greatest cell of each window of the images; arguments as of `max_pool`."""
    return max_pool(input, ksize, strides, padding, data_format, name or "MaxPool2d")


def avg_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The mean of the cells of each window of the images; those outside do not count.

    Args:
      value: ``[n, rows, columns, c]``, or ``[n, c, rows, columns]`` for "NCHW".
      ksize: of the windows, for all four axes, or for rows and columns.
      strides: of the windows, as ``ksize``.
      padding: ``"SAME"`` or ``"VALID"``.
      data_format: ``"NHWC"`` or ``"NCHW"``.
      name: of the operation.
      input: another name of ``value``.

    Raises:
      ValueError: a window does not fit, or an argument is none of its values.
    """
    images = one_of("value", value, "input", input)
    with name_scope(name, "AvgPool", [images]) as scope:
        tensor = convert_to_tensor(images, name="value")
        return AvgPool(tensor, name=scope, **_avg_pool_attrs(ksize, strides, padding, data_format))  # type: ignore[no-any-return]


avg_pool2d = avg_pool


def _pool_1d(
    pool: Callable[..., Tensor],
    sequences: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None,
    scope: str,
) -> Tensor:
    layout = layout_1d(data_format)
    axis = 2 if layout == "NCHW" else 1
    window = along_columns(ksize, layout, "ksize")
    steps = along_columns(strides, layout, "strides")
    result = pool(expand_dims(sequences, axis), window, steps, padding, layout, scope)
    return squeeze(result, [axis])


def max_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NWC",
    name: str | None = None,
) -> Tensor:
    """The greatest cell of each window of sequences; arguments as of `avg_pool1d`."""
    with name_scope(name, "MaxPool1d", [input]) as scope:
        return _pool_1d(max_pool, input, ksize, strides, padding, data_format, scope)


def avg_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NWC",
    name: str | None = None,
) -> Tensor:
    """The mean of each window of sequences ``[n, steps, c]`` (``[n, c, steps]`` for "NCW")."""
    with name_scope(name, "AvgPool1D", [input]) as scope:
        return _pool_1d(avg_pool, input, ksize, strides, padding, data_format, scope)


_POOLS: dict[str, Callable[..., Tensor]] = {"MAX": max_pool, "AVG": avg_pool}


def pool(
    input: Any,
    window_shape: Sequence[int],
    pooling_type: str,
    padding: Any,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Pooling over one or two axes.

    Args:
      input: sequences ``[n, steps, c]`` or images ``[n, rows, columns, c]``; channels second where
        ``data_format`` begins with "NC".
      window_shape: of the windows, a number for each axis.
      pooling_type: ``"MAX"`` or ``"AVG"``.
      padding: ``"SAME"`` or ``"VALID"``.
      dilation_rate: must be 1 along each axis.
      strides: of the windows, a number for each axis.
      name: of the operation.
      data_format: "NWC", "NCW", "NHWC" or "NCHW".
      dilations: another name of ``dilation_rate``.

    Raises:
      ValueError: another number of axes, a dilation, or an argument that does not fit.
    """
    rates = one_of("dilation_rate", dilation_rate, "dilations", dilations)
    if rates is not None and any(rate != 1 for rate in rates):
        msg = f"pool has no holes in its windows: dilation_rate must be 1, not {rates!r}"
        raise ValueError(msg)
    if pooling_type not in _POOLS:
        msg = f"`pooling_type` must be 'MAX' or 'AVG', not {pooling_type!r}"
        raise ValueError(msg)
    steps = [1] * len(window_shape) if strides is None else list(strides)
    with name_scope(name, f"{pooling_type.lower()}_pool", [input]) as scope:
        compute = _POOLS[pooling_type]
        if len(window_shape) == 1:
            return _pool_1d(compute, input, window_shape, steps, padding, data_format, scope)
        if len(window_shape) != 2 or len(steps) != 2:  # noqa: PLR2004
            msg = f"pool is over 1 or 2 axes, but window_shape is {window_shape!r}"
            raise ValueError(msg)
        return compute(input, window_shape, steps, padding, data_format, scope)

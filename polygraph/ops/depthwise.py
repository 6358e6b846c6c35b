"""Depthwise and separable convolution."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import FLOATING
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.convolution import (
    WINDOW_ATTRS,
    conv2d,
    conv_attrs,
    four_dims,
    require_images,
    same_attrs,
)
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import depthwise as primitives
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.shape_queries import shape
from polygraph.ops.window_attrs import channel, geometry, out_dims, with_channels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "depthwise_conv2d",
    "depthwise_conv2d_backprop_filter",
    "depthwise_conv2d_backprop_input",
    "depthwise_conv2d_native",
    "depthwise_conv2d_native_backprop_filter",
    "depthwise_conv2d_native_backprop_input",
    "separable_conv2d",
]

_ONES = (1, 1, 1, 1)


def _product(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one * other


def _depthwise_shape(context: ShapeContext) -> TensorShape:
    images, filters = four_dims(context.shape(0)), four_dims(context.shape(1))
    layout = context.attrs["data_format"]
    depth = images[channel(layout)]
    if depth is not None and filters[2] is not None and depth != filters[2]:
        msg = f"Dimensions must be equal, but are {depth} and {filters[2]}"
        raise ShapeError(msg)
    out = out_dims(images, filters[:2], context.attrs)
    channels = _product(filters[2] if depth is None else depth, filters[3])
    return TensorShape(with_channels(images[0], out, channels, layout))


def _require_depth(shape: tuple[int, ...], filters: tuple[int, ...], layout: str) -> None:
    if shape[channel(layout)] != filters[2]:
        refuse(
            f"images of shape {in_brackets(shape)} ({layout}) do not have the {filters[2]} "
            "channels that the filter takes"
        )


def _attrs(*values: Any) -> dict[str, Any]:
    return dict(zip(WINDOW_ATTRS, values, strict=True))


@graph_op(
    "DepthwiseConv2dNative",
    "input: T, filter: T -> output: T",
    shape=_depthwise_shape,
    samples=(((2, 5, 6, 3), (3, 2, 3, 2), {"strides": _ONES, "padding": "SAME"}),),
    T=FLOATING,
)
def DepthwiseConv2dNative(
    images: Array,
    filters: Array,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Each window of each channel times the filters of that channel."""
    require_images(images, "depthwise convolution input")
    require_images(filters, "depthwise convolution filter")
    _require_depth(images.shape, filters.shape, data_format)
    attrs = _attrs(strides, padding, explicit_paddings, data_format, dilations)
    return primitives.depthwise_conv2d(
        images, filters, **geometry(images.shape, filters.shape, attrs)
    )


@graph_op(
    "DepthwiseConv2dNativeBackpropInput",
    "input_sizes: int32, filter: T, out_backprop: T -> output: T",
    shape=lambda context: context.as_shape(0).with_rank(4),
    static=("input_sizes",),
    T=FLOATING,
)
def DepthwiseConv2dNativeBackpropInput(
    input_sizes: Array,
    filters: Array,
    out_backprop: Array,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Gradient of `DepthwiseConv2dNative` to its images, of shape ``input_sizes``."""
    sizes = known_ints(input_sizes)
    require_images(filters, "depthwise convolution filter")
    require_images(out_backprop, "depthwise convolution gradient")
    _require_depth(sizes, filters.shape, data_format)
    attrs = _attrs(strides, padding, explicit_paddings, data_format, dilations)
    return primitives.depthwise_conv2d_backprop_input(
        filters, out_backprop, input_shape=sizes, **geometry(sizes, filters.shape, attrs)
    )


@graph_op(
    "DepthwiseConv2dNativeBackpropFilter",
    "input: T, filter_sizes: int32, out_backprop: T -> output: T",
    shape=lambda context: context.as_shape(1).with_rank(4),
    static=("filter_sizes",),
    T=FLOATING,
)
def DepthwiseConv2dNativeBackpropFilter(
    images: Array,
    filter_sizes: Array,
    out_backprop: Array,
    *,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Gradient of `DepthwiseConv2dNative` to its filter, of shape ``filter_sizes``."""
    sizes = known_ints(filter_sizes)
    require_images(images, "depthwise convolution input")
    require_images(out_backprop, "depthwise convolution gradient")
    _require_depth(images.shape, sizes, data_format)
    attrs = _attrs(strides, padding, explicit_paddings, data_format, dilations)
    return primitives.depthwise_conv2d_backprop_filter(
        images, out_backprop, filter_shape=sizes, **geometry(images.shape, sizes, attrs)
    )


@DepthwiseConv2dNative.gradient
def _depthwise_gradient(op: Operation, dy: Tensor) -> list[Any]:
    images, filters = op.inputs
    attrs = same_attrs(op, WINDOW_ATTRS)
    return [
        DepthwiseConv2dNativeBackpropInput(shape(images), filters, dy, **attrs),
        DepthwiseConv2dNativeBackpropFilter(images, shape(filters), dy, **attrs),
    ]


@DepthwiseConv2dNativeBackpropInput.gradient
def _backprop_input_gradient(op: Operation, dy: Tensor) -> list[Any]:
    _, filters, gradient = op.inputs
    attrs = same_attrs(op, WINDOW_ATTRS)
    return [
        None,
        DepthwiseConv2dNativeBackpropFilter(dy, shape(filters), gradient, **attrs),
        DepthwiseConv2dNative(dy, filters, **attrs),
    ]


@DepthwiseConv2dNativeBackpropFilter.gradient
def _backprop_filter_gradient(op: Operation, dy: Tensor) -> list[Any]:
    images, _, gradient = op.inputs
    attrs = same_attrs(op, WINDOW_ATTRS)
    return [
        DepthwiseConv2dNativeBackpropInput(shape(images), dy, gradient, **attrs),
        None,
        DepthwiseConv2dNative(images, dy, **attrs),
    ]


def depthwise_conv2d_native(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
) -> Tensor:
    """`depthwise_conv2d` with TF1's older order of arguments."""
    attrs = conv_attrs(strides, padding, data_format, dilations)
    return DepthwiseConv2dNative(input, filter, name=name, **attrs)  # type: ignore[no-any-return]


def depthwise_conv2d_native_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
) -> Tensor:
    """Gradient of `depthwise_conv2d_native` to its images, whose shape is ``input_sizes``."""
    attrs = conv_attrs(strides, padding, data_format, dilations)
    return DepthwiseConv2dNativeBackpropInput(  # type: ignore[no-any-return]
        input_sizes, filter, out_backprop, name=name, **attrs
    )


def depthwise_conv2d_native_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
) -> Tensor:
    """Gradient of `depthwise_conv2d_native` to its filter, whose shape is ``filter_sizes``."""
    attrs = conv_attrs(strides, padding, data_format, dilations)
    return DepthwiseConv2dNativeBackpropFilter(  # type: ignore[no-any-return]
        input, filter_sizes, out_backprop, name=name, **attrs
    )


depthwise_conv2d_backprop_input = depthwise_conv2d_native_backprop_input
depthwise_conv2d_backprop_filter = depthwise_conv2d_native_backprop_filter


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Convolution of each channel with filters of its own.

    Args:
      input: ``[n, rows, columns, c]``, or ``[n, c, rows, columns]`` for "NCHW".
      filter: ``[rows, columns, c, multiplier]``.
      strides: of the windows, for all four axes.
      padding: ``"SAME"``, ``"VALID"``, or a pair (before, after) for each axis.
      rate: distance of the cells of a window along rows and columns.
      name: of the operation.
      data_format: ``"NHWC"`` (the default) or ``"NCHW"``.
      dilations: another name of ``rate``.

    Returns:
      Images with ``c * multiplier`` channels.
    """
    rates = one_of("rate", rate, "dilations", dilations)
    attrs = conv_attrs(strides, padding, data_format, rates)
    with name_scope(name, "depthwise", [input, filter]) as scope:
        images = convert_to_tensor(input, name="tensor_in")
        kernel = convert_to_tensor(filter, name="filter_in")
        return DepthwiseConv2dNative(images, kernel, name=scope, **attrs)  # type: ignore[no-any-return]


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """A `depthwise_conv2d`, then a convolution that mixes the channels of each cell.

    Args:
      input: ``[n, rows, columns, c]``, or ``[n, c, rows, columns]`` for "NCHW".
      depthwise_filter: ``[rows, columns, c, multiplier]``.
      pointwise_filter: ``[1, 1, c * multiplier, out]``.
      strides: of the depthwise windows, for all four axes.
      padding: of the depthwise windows.
      rate: distance of the cells of a window along rows and columns.
      name: of the operation.
      data_format: ``"NHWC"`` (the default) or ``"NCHW"``.
      dilations: another name of ``rate``.

    Raises:
      ValueError: the pointwise filter has rows or columns, or does not fit.
    """
    rates = one_of("rate", rate, "dilations", dilations)
    with name_scope(name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]) as scope:
        images = convert_to_tensor(input, name="tensor_in")
        first = convert_to_tensor(depthwise_filter, name="depthwise_filter")
        second = convert_to_tensor(pointwise_filter, name="pointwise_filter")
        for dim in second.get_shape().with_rank(4)[:2]:
            dim.assert_is_compatible_with(1)
        attrs = conv_attrs(strides, padding, data_format, rates)
        between = DepthwiseConv2dNative(images, first, name="depthwise", **attrs)
        return conv2d(between, second, _ONES, "VALID", data_format=attrs["data_format"], name=scope)

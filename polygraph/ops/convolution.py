"""Two-dimensional convolution: the op, its gradients, and its transpose."""
# ruff: noqa: ARG001, N802 - attributes that decide no value; TF1's op types

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import FLOATING, int32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.convolution_groups import OUT, group_count, in_groups
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import convolution as primitives
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.shape_queries import shape
from polygraph.ops.window_attrs import (
    channel,
    checked_format,
    four,
    geometry,
    out_dims,
    padding_attrs,
    with_channels,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["conv2d", "conv2d_backprop_filter", "conv2d_backprop_input", "conv2d_transpose"]

_RANK = 4
_ONES = (1, 1, 1, 1)
_SAMPLE: dict[str, object] = {"strides": (1, 2, 1, 1), "padding": "SAME"}
WINDOW_ATTRS = ("strides", "padding", "explicit_paddings", "data_format", "dilations")


def four_dims(shape: TensorShape) -> Sequence[int | None]:
    """The dimensions of images or filters; four unknown ones for an unknown rank."""
    return shape.with_rank(_RANK).as_tuple() or (None,) * _RANK


def _equal(one: int | None, other: int | None) -> None:
    if one is not None and other is not None and one != other:
        msg = f"Dimensions must be equal, but are {one} and {other}"
        raise ShapeError(msg)


def _conv2d_shape(context: ShapeContext) -> TensorShape:
    images, filters = four_dims(context.shape(0)), four_dims(context.shape(1))
    layout = context.attrs["data_format"]
    depth = images[channel(layout)]
    if depth is not None and filters[2] and depth % filters[2]:
        msg = f"Depth of input ({depth}) is not a multiple of input depth of filter ({filters[2]})"
        raise ShapeError(msg)
    if depth and filters[2] and filters[3] is not None and filters[3] % (depth // filters[2]):
        groups = depth // filters[2]
        msg = f"Depth of output ({filters[3]}) is not a multiple of the number of groups ({groups})"
        raise ShapeError(msg)
    out = out_dims(images, filters[:2], context.attrs)
    return TensorShape(with_channels(images[0], out, filters[3], layout))


def _backprop_input_shape(context: ShapeContext) -> TensorShape:
    sizes = context.as_shape(0).with_rank(_RANK)
    filters, gradient = four_dims(context.shape(1)), four_dims(context.shape(2))
    depth = channel(context.attrs["data_format"])
    _equal(gradient[depth], filters[3])
    return sizes


def _backprop_filter_shape(context: ShapeContext) -> TensorShape:
    images, gradient = four_dims(context.shape(0)), four_dims(context.shape(2))
    _equal(images[0], gradient[0])
    return context.as_shape(1).with_rank(_RANK)


def require_images(x: Array, what: str) -> None:
    """Refuse arrays that are not of rank 4."""
    if len(x.shape) != _RANK:
        refuse(f"{what} must be 4-dimensional: {in_brackets(x.shape)}")


@graph_op(
    "Conv2D",
    "input: T, filter: T -> output: T",
    shape=_conv2d_shape,
    samples=(((2, 5, 6, 3), (3, 2, 3, 4), _SAMPLE),),
    T=FLOATING,
)
def Conv2D(
    images: Array,
    filters: Array,
    *,
    strides: Sequence[int],
    padding: str,
    use_cudnn_on_gpu: bool = True,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Each window of the images times the filter, which is not turned around."""
    require_images(images, "convolution input")
    require_images(filters, "convolution filter")
    groups, depth = group_count(images.shape, filters.shape, data_format), channel(data_format)
    attrs = _attrs(strides, padding, explicit_paddings, data_format, dilations)
    places = geometry(images.shape, filters.shape, attrs)
    compute = functools.partial(primitives.conv2d, **places)
    return in_groups(compute, groups, [(images, depth), (filters, OUT)], depth)


def _attrs(*values: Any) -> dict[str, Any]:
    return dict(zip(WINDOW_ATTRS, values, strict=True))


@graph_op(
    "Conv2DBackpropInput",
    "input_sizes: int32, filter: T, out_backprop: T -> output: T",
    shape=_backprop_input_shape,
    static=("input_sizes",),
    T=FLOATING,
)
def Conv2DBackpropInput(
    input_sizes: Array,
    filters: Array,
    out_backprop: Array,
    *,
    strides: Sequence[int],
    padding: str,
    use_cudnn_on_gpu: bool = True,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Gradient of `Conv2D` to its images, of shape ``input_sizes``; the transposed convolution."""
    sizes = known_ints(input_sizes)
    require_images(filters, "convolution filter")
    require_images(out_backprop, "convolution gradient")
    groups, depth = group_count(sizes, filters.shape, data_format), channel(data_format)
    attrs = _attrs(strides, padding, explicit_paddings, data_format, dilations)
    part = tuple(filters.shape[2] if axis == depth else size for axis, size in enumerate(sizes))
    places = geometry(sizes, filters.shape, attrs)
    compute = functools.partial(primitives.conv2d_backprop_input, input_shape=part, **places)
    return in_groups(compute, groups, [(filters, OUT), (out_backprop, depth)], depth)


@graph_op(
    "Conv2DBackpropFilter",
    "input: T, filter_sizes: int32, out_backprop: T -> output: T",
    shape=_backprop_filter_shape,
    static=("filter_sizes",),
    T=FLOATING,
)
def Conv2DBackpropFilter(
    images: Array,
    filter_sizes: Array,
    out_backprop: Array,
    *,
    strides: Sequence[int],
    padding: str,
    use_cudnn_on_gpu: bool = True,
    explicit_paddings: Sequence[int] = (),
    data_format: str = "NHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Gradient of `Conv2D` to its filter, of shape ``filter_sizes``."""
    sizes = known_ints(filter_sizes)
    require_images(images, "convolution input")
    require_images(out_backprop, "convolution gradient")
    groups, depth = group_count(images.shape, sizes, data_format), channel(data_format)
    attrs = _attrs(strides, padding, explicit_paddings, data_format, dilations)
    part = (*sizes[:OUT], sizes[OUT] // groups)
    places = geometry(images.shape, sizes, attrs)
    compute = functools.partial(primitives.conv2d_backprop_filter, filter_shape=part, **places)
    return in_groups(compute, groups, [(images, depth), (out_backprop, depth)], OUT)


def same_attrs(op: Operation, names: Sequence[str]) -> dict[str, Any]:
    """The attributes of ``op`` that its gradient has too."""
    return {name: op.attrs[name] for name in names}


_CONV_ATTRS = (*WINDOW_ATTRS, "use_cudnn_on_gpu")


@Conv2D.gradient
def _conv2d_gradient(op: Operation, dy: Tensor) -> list[Any]:
    images, filters = op.inputs
    attrs = same_attrs(op, _CONV_ATTRS)
    return [
        Conv2DBackpropInput(shape(images), filters, dy, **attrs),
        Conv2DBackpropFilter(images, shape(filters), dy, **attrs),
    ]


@Conv2DBackpropInput.gradient
def _backprop_input_gradient(op: Operation, dy: Tensor) -> list[Any]:
    _, filters, gradient = op.inputs
    attrs = same_attrs(op, _CONV_ATTRS)
    return [
        None,
        Conv2DBackpropFilter(dy, shape(filters), gradient, **attrs),
        Conv2D(dy, filters, **attrs),
    ]


@Conv2DBackpropFilter.gradient
def _backprop_filter_gradient(op: Operation, dy: Tensor) -> list[Any]:
    images, _, gradient = op.inputs
    attrs = same_attrs(op, _CONV_ATTRS)
    return [
        Conv2DBackpropInput(shape(images), dy, gradient, **attrs),
        None,
        Conv2D(images, dy, **attrs),
    ]


def conv_attrs(
    strides: Any, padding: Any, data_format: str | None, dilations: Any
) -> Mapping[str, Any]:
    """The attributes of a convolution, from what TF1's functions take."""
    layout = checked_format(data_format)
    return {
        "strides": four(1 if strides is None else strides, layout, "strides"),
        "dilations": four(1 if dilations is None else dilations, layout, "dilations"),
        "data_format": layout,
        **padding_attrs(padding),
    }


def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Convolution of images (cross-correlation: the filter is not turned around).

    Args:
      input: ``[n, rows, columns, in]``, or ``[n, in, rows, columns]`` for "NCHW".
      filter: ``[rows, columns, in, out]``; or of less channels, which go evenly into those of the
        images: these are then in groups, among which ``out`` is shared out.
      strides: of the windows, for all four axes, or for rows and columns.
      padding: ``"SAME"``, ``"VALID"``, or a pair (before, after) for each axis.
      use_cudnn_on_gpu: changes no value.
      data_format: ``"NHWC"`` or ``"NCHW"``.
      dilations: distance of the cells of a window, as ``strides``.
      name: of the operation.
      filters: another name of ``filter``.

    Raises:
      ValueError: the static shapes do not fit, or an argument is none of its values.
    """
    kernel = one_of("filter", filter, "filters", filters)
    attrs = conv_attrs(strides, padding, data_format, dilations)
    return Conv2D(input, kernel, use_cudnn_on_gpu=use_cudnn_on_gpu, name=name, **attrs)  # type: ignore[no-any-return]


def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Gradient of `conv2d` to its images, whose shape is ``input_sizes`` (int32).

    The other arguments are those of `conv2d`; ``out_backprop`` is the gradient of its result.
    """
    kernel = one_of("filter", filter, "filters", filters)
    attrs = conv_attrs(strides, padding, data_format, dilations)
    return Conv2DBackpropInput(  # type: ignore[no-any-return]
        input_sizes, kernel, out_backprop, use_cudnn_on_gpu=use_cudnn_on_gpu, name=name, **attrs
    )


def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
) -> Tensor:
    """Gradient of `conv2d` to its filter, whose shape is ``filter_sizes`` (int32).

    The other arguments are those of `conv2d`; ``out_backprop`` is the gradient of its result.
    """
    attrs = conv_attrs(strides, padding, data_format, dilations)
    return Conv2DBackpropFilter(  # type: ignore[no-any-return]
        input, filter_sizes, out_backprop, use_cudnn_on_gpu=use_cudnn_on_gpu, name=name, **attrs
    )


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The transpose (gradient) of `conv2d`, sometimes called a deconvolution.

    Args:
      value: ``[n, rows, columns, in]``, or ``[n, in, rows, columns]`` for "NCHW".
      filter: ``[rows, columns, out, in]``.
      output_shape: of the result (int32).
      strides: of the convolution that it transposes.
      padding: of the convolution that it transposes.
      data_format: ``"NHWC"`` or ``"NCHW"``.
      name: of the operation.
      input: another name of ``value``.
      filters: another name of ``filter``.
      dilations: of the convolution that it transposes.
    """
    images = one_of("value", value, "input", input)
    kernel = one_of("filter", filter, "filters", filters)
    attrs = conv_attrs(strides, padding, data_format, dilations)
    with name_scope(name, "conv2d_transpose", [images, kernel, output_shape]) as scope:
        first = convert_to_tensor(images, name="value")
        sizes = convert_to_tensor(output_shape, int32, name="input_sizes")
        return Conv2DBackpropInput(sizes, kernel, first, name=scope, **attrs)  # type: ignore[no-any-return]

"""Convolution over one axis, over any number of axes, and with holes: all by `conv2d`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import int32
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.convolution import Conv2DBackpropInput, conv2d, conv_attrs
from polygraph.ops.packing import stack
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.reshaping import expand_dims, squeeze

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.tensor import Tensor

__all__ = [
    "atrous_conv2d",
    "atrous_conv2d_transpose",
    "conv1d",
    "conv1d_transpose",
    "convolution",
]

_FORMATS_1D = {None: "NHWC", "NWC": "NHWC", "NHWC": "NHWC", "NCW": "NCHW", "NCHW": "NCHW"}


def layout_1d(data_format: str | None) -> str:
    """The layout of images that stands for one of sequences.

    Raises:
      ValueError: there is no such layout.
    """
    if data_format not in _FORMATS_1D:
        msg = f"`data_format` must be 'NWC' or 'NCW', not {data_format!r}"
        raise ValueError(msg)
    return _FORMATS_1D[data_format]


def along_columns(value: Any, layout: str, name: str) -> tuple[int, ...]:
    """A number (or 1 or 3 numbers) for sequences, as four numbers for images of one row.

    Raises:
      ValueError: it has another length.
    """
    given = tuple(value) if isinstance(value, list | tuple) else (value,)
    if len(given) == 3:  # noqa: PLR2004
        given = (given[2] if layout == "NCHW" else given[1],)
    if len(given) != 1:
        msg = f"{name} should be a number, or of length 1 or 3, but is {value!r}"
        raise ValueError(msg)
    size = int(given[0])
    return (1, 1, 1, size) if layout == "NCHW" else (1, 1, size, 1)


def _padding_1d(padding: Any) -> Any:
    if not isinstance(padding, list | tuple):
        return padding
    first, *rest = padding
    return [first, [0, 0], *rest]


def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Convolution of sequences.

    Args:
      value: ``[n, steps, in]``, or ``[n, in, steps]`` for "NCW".
      filters: ``[width, in, out]``.
      stride: of the windows.
      padding: ``"SAME"`` or ``"VALID"``.
      use_cudnn_on_gpu: changes no value.
      data_format: ``"NWC"`` (the default) or ``"NCW"``.
      name: of the operation.
      input: another name of ``value``.
      dilations: distance of the cells of a window.
    """
    given = one_of("value", value, "input", input)
    layout = layout_1d(data_format)
    axis = 2 if layout == "NCHW" else 1
    strides = along_columns(1 if stride is None else stride, layout, "stride")
    holes = along_columns(1 if dilations is None else dilations, layout, "dilations")
    with name_scope(name, "conv1d", [given, filters]) as scope:
        images = expand_dims(given, axis)
        kernel = expand_dims(filters, 0)
        result = conv2d(
            images,
            kernel,
            strides,
            padding if layout == "NCHW" else _padding_1d(padding),
            use_cudnn_on_gpu=use_cudnn_on_gpu is not False,
            data_format=layout,
            dilations=holes,
            name=scope,
        )
        return squeeze(result, [axis])


def _with_row(sizes: Any, axis: int) -> Any:
    """A shape of sequences as one of images of one row."""
    elements = [sizes[index] for index in range(3)]
    elements.insert(axis, 1)
    return stack(elements)


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose (gradient) of `conv1d`; ``output_shape`` is the shape of the result.

    ``filters`` is ``[width, out, in]``; the other arguments are those of `conv1d`.
    """
    layout = layout_1d(data_format)
    axis = 2 if layout == "NCHW" else 1
    steps = along_columns(strides, layout, "strides")
    holes = along_columns(1 if dilations is None else dilations, layout, "dilations")
    attrs = conv_attrs(steps, padding, layout, holes)
    with name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as scope:
        sizes = _with_row(convert_to_tensor(output_shape, int32), axis)
        images, kernel = expand_dims(input, axis), expand_dims(filters, 0)
        result = Conv2DBackpropInput(sizes, kernel, images, name=scope, **attrs)
        return squeeze(result, [axis])


def _numbers(value: Any, count: int, name: str) -> tuple[int, ...]:
    given = (1,) * count if value is None else value
    given = tuple(given) if isinstance(given, list | tuple) else (given,) * count
    if len(given) != count:
        msg = f"`{name}` is for {count} axes, but is {value!r}"
        raise ValueError(msg)
    return tuple(map(int, given))


def _spatial_axes(images: Tensor, filters: Tensor) -> int:
    for tensor, rest in ((images, 2), (filters, 2)):
        rank = tensor.get_shape().ndims
        if rank is not None:
            return rank - rest
    msg = "convolution needs the rank of `input` or of `filter`: give them a shape"
    raise ValueError(msg)


def convolution(
    input: Any,
    filter: Any,
    padding: Any,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Convolution over one or two axes, as the rank of ``input`` says.

    Args:
      input: sequences ``[n, steps, in]`` or images ``[n, rows, columns, in]``; channels second
        where ``data_format`` begins with "NC".
      filter: ``[*window, in, out]``.
      padding: ``"SAME"`` or ``"VALID"``.
      strides: of the windows, a number for each axis.
      dilation_rate: distance of the cells of a window, a number for each axis.
      name: of the operation.
      data_format: "NWC", "NCW", "NHWC" or "NCHW".
      filters: another name of ``filter``.
      dilations: another name of ``dilation_rate``.

    Raises:
      ValueError: another number of axes, strides and holes at once, or an argument that does not
        fit.
    """
    kernel = one_of("filter", filter, "filters", filters)
    rates = one_of("dilation_rate", dilation_rate, "dilations", dilations)
    with name_scope(name, "convolution", [input, kernel]) as scope:
        images = convert_to_tensor(input, name="input")
        weights = convert_to_tensor(kernel, name="filter")
        axes = _spatial_axes(images, weights)
        steps = _numbers(strides, axes, "strides")
        holes = _numbers(rates, axes, "dilation_rate")
        if max(steps) > 1 and max(holes) > 1:
            msg = (
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`: "
                f"strides={steps} and dilation_rate={holes}"
            )
            raise ValueError(msg)
        if axes == 1:
            return conv1d(
                images, weights, steps, padding, None, data_format, scope, dilations=holes
            )
        if axes != 2:  # noqa: PLR2004
            msg = f"convolution is over 1 or 2 axes, but the input {images!r} has {axes}"
            raise ValueError(msg)
        layout = data_format or "NHWC"
        return conv2d(
            images, weights, steps, padding, data_format=layout, dilations=holes, name=scope
        )


def atrous_conv2d(
    value: Any, filters: Any, rate: int, padding: Any, name: str | None = None
) -> Tensor:
    """Convolution of NHWC images with holes: the cells of a window are ``rate`` apart.

    Args:
      value: ``[n, rows, columns, in]``.
      filters: ``[rows, columns, in, out]``.
      rate: distance of the cells, at least 1.
      padding: ``"SAME"`` or ``"VALID"``.
      name: of the operation.
    """
    return convolution(value, filters, padding, dilation_rate=[rate, rate], name=name)


def atrous_conv2d_transpose(
    value: Any,
    filters: Any,
    output_shape: Any,
    rate: int,
    padding: Any,
    name: str | None = None,
) -> Tensor:
    """The transpose (gradient) of `atrous_conv2d`; ``output_shape`` is the shape of the result."""
    attrs = conv_attrs(1, padding, "NHWC", rate)
    with name_scope(name, "atrous_conv2d_transpose", [value, filters, output_shape]) as scope:
        sizes: Sequence[int] | Tensor = convert_to_tensor(output_shape, int32, name="input_sizes")
        images = convert_to_tensor(value, name="value")
        return Conv2DBackpropInput(sizes, filters, images, name=scope, **attrs)  # type: ignore[no-any-return]

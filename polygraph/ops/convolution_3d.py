"""Three-dimensional convolution, as a sum of two-dimensional ones over the depth of the filter."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph.core.ground.dtypes import FLOATING
from polygraph.core.ground.errors import ShapeError, UnimplementedError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known_ints, make_error
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import convolution as conv, elementwise as ew, shaping
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.shape_queries import shape
from polygraph.ops.window_attrs import out_size, same_padding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array
    from polygraph.ops.primitives.windows import Pair

__all__ = ["conv3d", "conv3d_transpose"]

_RANK = 5
_ONES = (1, 1, 1, 1, 1)
_ATTRS = ("strides", "padding", "data_format", "dilations")
_LAYOUTS = ("NDHWC", "NCDHW")


def _channels_last(values: Sequence[Any], data_format: str) -> tuple[Any, ...]:
    if data_format == "NCDHW":
        return (values[0], *values[2:], values[1])
    return tuple(values)


def _as_given(values: Sequence[Any], data_format: str) -> tuple[Any, ...]:
    if data_format == "NCDHW":
        return (values[0], values[4], *values[1:4])
    return tuple(values)


def _five(static: TensorShape) -> Sequence[int | None]:
    return static.with_rank(_RANK).as_tuple() or (None,) * _RANK


def _conv3d_shape(context: ShapeContext) -> TensorShape:
    layout = context.attrs["data_format"]
    volumes = _channels_last(_five(context.shape(0)), layout)
    filters = _five(context.shape(1))
    if None not in (volumes[4], filters[3]) and volumes[4] != filters[3]:
        msg = f"Dimensions must be equal, but are {volumes[4]} and {filters[3]}"
        raise ShapeError(msg)
    strides = _channels_last(context.attrs["strides"], layout)[1:4]
    dilations = _channels_last(context.attrs["dilations"], layout)[1:4]
    pads = None if context.attrs["padding"] == "SAME" else (0, 0)
    out = [
        out_size(size, window, stride, dilation, pads)
        for size, window, stride, dilation in zip(
            volumes[1:4], filters[:3], strides, dilations, strict=True
        )
    ]
    return TensorShape(_as_given((volumes[0], *out, filters[4]), layout))


class _Windows(NamedTuple):
    """How the windows lie over volumes of one shape (channels last).

    Attributes:
      depth: stride, dilation and padding along the depth.
      images: attributes of the two-dimensional convolutions.
      shape: of the volumes, without padding.
      out: windows along the depth.
    """

    depth: tuple[int, int, Pair]
    images: dict[str, Any]
    shape: tuple[int, ...]
    out: int

    @classmethod
    def over(
        cls,
        dims: tuple[int, ...],
        filters: tuple[int, ...],
        strides: Sequence[int],
        padding: str,
        data_format: str,
        dilations: Sequence[int],
    ) -> _Windows:
        """Windows over volumes of shape ``dims``, laid out as ``data_format`` says."""
        volume = _channels_last(dims, data_format)
        _require_fit(volume, filters)
        steps = _channels_last(strides, data_format)
        holes = _channels_last(dilations, data_format)
        if {steps[0], steps[4], holes[0], holes[4]} != {1}:
            text = "strides and dilations in the batch and depth dimensions are not supported"
            raise make_error(UnimplementedError, text)
        pads = [
            same_padding(*numbers) if padding == "SAME" else (0, 0)
            for numbers in zip(volume[1:4], filters[:3], steps[1:4], holes[1:4], strict=True)
        ]
        images = {"strides": steps[2:4], "dilations": holes[2:4], "padding": tuple(pads[1:])}
        count = out_size(volume[1], filters[0], steps[1], holes[1], pads[0]) or 0
        return cls((steps[1], holes[1], pads[0]), images, volume, count)

    def padded_depth(self) -> int:
        """Length of the depth with its padding."""
        return self.shape[1] + sum(self.depth[2])

    def slices(self, window: int) -> Iterator[dict[str, Any]]:
        """For each cell of a window along the depth, where all the windows have it."""
        stride, dilation, _ = self.depth
        for at in range(window):
            begin = at * dilation
            end = begin + (self.out - 1) * stride + 1 if self.out else begin
            yield {
                "begin": (0, begin, 0, 0, 0),
                "end": (self.shape[0], end, *self.shape[2:]),
                "strides": (1, stride, 1, 1, 1),
            }

    def flat_shape(self) -> tuple[int, ...]:
        """Shape of the images that one slice is, all windows along the depth in a row."""
        return (self.shape[0] * self.out, *self.shape[2:])


def _require_fit(volume: tuple[int, ...], filters: tuple[int, ...]) -> None:
    if len(volume) != _RANK or len(filters) != _RANK or volume[4] != filters[3]:
        refuse(
            f"a filter of shape {in_brackets(filters)} does not fit volumes of shape "
            f"{in_brackets(volume)} (channels last)"
        )


def _to_last(x: Array, data_format: str) -> Any:
    return shaping.transpose(x, perm=(0, 2, 3, 4, 1)) if data_format == "NCDHW" else x


def _from_last(x: Array, data_format: str) -> Any:
    return shaping.transpose(x, perm=(0, 4, 1, 2, 3)) if data_format == "NCDHW" else x


def _with_depth_padding(volumes: Array, windows: _Windows) -> Any:
    before, after = windows.depth[2]
    if not before and not after:
        return volumes
    low, high = (0, before, 0, 0, 0), (0, after, 0, 0, 0)
    return shaping.pad(volumes, ew.scalar(0, volumes), low=low, high=high)


def _images(x: Array) -> Any:
    """Volumes as images, all depths in a row."""
    return shaping.reshape(x, shape=(x.shape[0] * x.shape[1], *x.shape[2:]))


def _layer(filters: Array, at: int) -> Any:
    """The two-dimensional filter at one depth."""
    end = filters.shape[1:]
    picked = shaping.strided_slice(
        filters, begin=(at, 0, 0, 0, 0), end=(at + 1, *end), strides=_ONES
    )
    return shaping.reshape(picked, shape=end)


def _sum(terms: Sequence[Any]) -> Any:
    total = terms[0]
    for term in terms[1:]:
        total = ew.add(total, term)
    return total


@graph_op("Conv3D", "input: T, filter: T -> output: T", shape=_conv3d_shape, T=FLOATING)
def Conv3D(
    volumes: Array,
    filters: Array,
    *,
    strides: Sequence[int],
    padding: str,
    data_format: str = "NDHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Each window of the volumes times the filter, which is not turned around."""
    windows = _Windows.over(volumes.shape, filters.shape, strides, padding, data_format, dilations)
    padded = _with_depth_padding(_to_last(volumes, data_format), windows)
    terms = [
        conv.conv2d(
            _images(shaping.strided_slice(padded, **place)), _layer(filters, at), **windows.images
        )
        for at, place in enumerate(windows.slices(filters.shape[0]))
    ]
    total = _sum(terms)
    result = shaping.reshape(total, shape=(windows.shape[0], windows.out, *total.shape[1:]))
    return _from_last(result, data_format)


@graph_op(
    "Conv3DBackpropInputV2",
    "input_sizes: int32, filter: T, out_backprop: T -> output: T",
    shape=lambda context: context.as_shape(0).with_rank(_RANK),
    static=("input_sizes",),
    T=FLOATING,
)
def Conv3DBackpropInputV2(
    input_sizes: Array,
    filters: Array,
    out_backprop: Array,
    *,
    strides: Sequence[int],
    padding: str,
    data_format: str = "NDHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Gradient of `Conv3D` to its volumes, of shape ``input_sizes``; the transposed convolution."""
    sizes = known_ints(input_sizes)
    windows = _Windows.over(sizes, filters.shape, strides, padding, data_format, dilations)
    gradient = _images(_to_last(out_backprop, data_format))
    padded = (windows.shape[0], windows.padded_depth(), *windows.shape[2:])
    terms = []
    for at, place in enumerate(windows.slices(filters.shape[0])):
        images = conv.conv2d_backprop_input(
            _layer(filters, at), gradient, input_shape=windows.flat_shape(), **windows.images
        )
        layers = (windows.shape[0], windows.out, *windows.shape[2:])
        part = shaping.reshape(images, shape=layers)
        terms.append(shaping.strided_slice_grad(part, shape=padded, **place))
    before, _ = windows.depth[2]
    end = (padded[0], before + windows.shape[1], *padded[2:])
    result = shaping.strided_slice(_sum(terms), begin=(0, before, 0, 0, 0), end=end, strides=_ONES)
    return _from_last(result, data_format)


@graph_op(
    "Conv3DBackpropFilterV2",
    "input: T, filter_sizes: int32, out_backprop: T -> output: T",
    shape=lambda context: context.as_shape(1).with_rank(_RANK),
    static=("filter_sizes",),
    T=FLOATING,
)
def Conv3DBackpropFilterV2(
    volumes: Array,
    filter_sizes: Array,
    out_backprop: Array,
    *,
    strides: Sequence[int],
    padding: str,
    data_format: str = "NDHWC",
    dilations: Sequence[int] = _ONES,
) -> Any:
    """Gradient of `Conv3D` to its filter, of shape ``filter_sizes``."""
    sizes = known_ints(filter_sizes)
    windows = _Windows.over(volumes.shape, sizes, strides, padding, data_format, dilations)
    padded = _with_depth_padding(_to_last(volumes, data_format), windows)
    gradient = _images(_to_last(out_backprop, data_format))
    layers = []
    for place in windows.slices(sizes[0]):
        images = _images(shaping.strided_slice(padded, **place))
        layer = conv.conv2d_backprop_filter(
            images, gradient, filter_shape=sizes[1:], **windows.images
        )
        layers.append(shaping.reshape(layer, shape=(1, *sizes[1:])))
    return layers[0] if len(layers) == 1 else shaping.concatenate(*layers, axis=0)


def _same_attrs(op: Operation) -> dict[str, Any]:
    return {name: op.attrs[name] for name in _ATTRS}


@Conv3D.gradient
def _conv3d_gradient(op: Operation, dy: Tensor) -> list[Any]:
    volumes, filters = op.inputs
    attrs = _same_attrs(op)
    return [
        Conv3DBackpropInputV2(shape(volumes), filters, dy, **attrs),
        Conv3DBackpropFilterV2(volumes, shape(filters), dy, **attrs),
    ]


@Conv3DBackpropInputV2.gradient
def _backprop_input_gradient(op: Operation, dy: Tensor) -> list[Any]:
    _, filters, gradient = op.inputs
    attrs = _same_attrs(op)
    return [
        None,
        Conv3DBackpropFilterV2(dy, shape(filters), gradient, **attrs),
        Conv3D(dy, filters, **attrs),
    ]


@Conv3DBackpropFilterV2.gradient
def _backprop_filter_gradient(op: Operation, dy: Tensor) -> list[Any]:
    volumes, _, gradient = op.inputs
    attrs = _same_attrs(op)
    return [
        Conv3DBackpropInputV2(shape(volumes), dy, gradient, **attrs),
        None,
        Conv3D(volumes, dy, **attrs),
    ]


def _attrs(strides: Any, padding: Any, data_format: str, dilations: Any) -> dict[str, Any]:
    if data_format not in _LAYOUTS:
        msg = f"`data_format` must be 'NDHWC' or 'NCDHW', not {data_format!r}"
        raise ValueError(msg)
    if padding not in ("SAME", "VALID"):
        msg = f"`padding` must be 'SAME' or 'VALID', not {padding!r}"
        raise ValueError(msg)
    found = {"padding": padding, "data_format": data_format}
    for name, value in (("strides", strides), ("dilations", dilations)):
        numbers = tuple(value or _ONES) if not isinstance(value, int) else (value,)
        if len(numbers) in (1, 3):
            spread = numbers * 3 if len(numbers) == 1 else numbers
            numbers = _as_given((1, *spread, 1), data_format)
        if len(numbers) != _RANK:
            msg = f"{name} should be of length 1, 3 or 5 but is {value!r}"
            raise ValueError(msg)
        found[name] = numbers
    return found


def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = _ONES,
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Convolution of volumes (cross-correlation: the filter is not turned around).

    Args:
      input: ``[n, depth, rows, columns, in]``; channels second for "NCDHW".
      filter: ``[depth, rows, columns, in, out]``.
      strides: of the windows, for all five axes.
      padding: ``"SAME"`` or ``"VALID"``.
      data_format: ``"NDHWC"`` or ``"NCDHW"``.
      dilations: distance of the cells of a window, as ``strides``.
      name: of the operation.
      filters: another name of ``filter``.

    Raises:
      ValueError: the static shapes do not fit, or an argument is none of its values.
    """
    kernel = one_of("filter", filter, "filters", filters)
    return Conv3D(input, kernel, name=name, **_attrs(strides, padding, data_format, dilations))  # type: ignore[no-any-return]


def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The transpose (gradient) of `conv3d`; ``output_shape`` is the shape of the result.

    ``filter`` is ``[depth, rows, columns, out, in]``; ``input`` and ``filters`` are other names of
    ``value`` and ``filter``, and the rest is as in `conv3d`.
    """
    volumes = one_of("value", value, "input", input)
    kernel = one_of("filter", filter, "filters", filters)
    attrs = _attrs(strides, padding, data_format, dilations)
    return Conv3DBackpropInputV2(  # type: ignore[no-any-return]
        output_shape, kernel, volumes, name=name or "conv3d_transpose", **attrs
    )

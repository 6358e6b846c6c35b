"""How windows lie over images: TF1's attributes of convolution and pooling, made concrete.

TF1 gives strides, dilations, window sizes and paddings for all four axes, as a number, a pair or
a list, and paddings as ``"SAME"``, ``"VALID"`` or ``"EXPLICIT"``. The primitives take pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import ShapeError, UnimplementedError
from polygraph.core.ground.trace import make_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polygraph.ops.primitives.windows import Padding, Pair

    Dims = Sequence[int | None]

_RANK = 4
_PADDINGS = ("SAME", "VALID", "EXPLICIT")


def four(value: Any, data_format: str, name: str) -> tuple[int, ...]:
    """A number, a pair or a list as one number for each axis of the images.

    Raises:
      ValueError: it has another length than 1, 2 or 4.
    """
    given = tuple(value) if isinstance(value, list | tuple) else (value,)
    if len(given) == _RANK:
        return tuple(int(item) for item in given)
    if len(given) not in (1, 2):
        msg = f"{name} should be of length 1, 2 or 4 but was {len(given)}: {value!r}"
        raise ValueError(msg)
    rows, columns = int(given[0]), int(given[-1])
    return (1, 1, rows, columns) if data_format == "NCHW" else (1, rows, columns, 1)


def checked_format(data_format: str | None) -> str:
    """``data_format``, ``"NHWC"`` by default.

    Raises:
      ValueError: it is neither "NHWC" nor "NCHW".
    """
    if data_format is None:
        return "NHWC"
    if data_format not in ("NHWC", "NCHW"):
        msg = f"`data_format` must be 'NHWC' or 'NCHW', not {data_format!r}"
        raise ValueError(msg)
    return data_format


def padding_attrs(padding: Any) -> dict[str, Any]:
    """The attributes ``padding`` and ``explicit_paddings`` for a name or a list of pairs.

    Raises:
      ValueError: it is no padding.
    """
    if isinstance(padding, list | tuple):
        pairs = [tuple(pair) for pair in padding if isinstance(pair, list | tuple)]
        if len(pairs) != _RANK or any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004
            msg = f"explicit paddings are 4 pairs, one for each axis, not {padding!r}"
            raise ValueError(msg)
        flat = tuple(int(size) for pair in pairs for size in pair)
        if min(flat) < 0:
            msg = f"explicit paddings must not be negative: {padding!r}"
            raise ValueError(msg)
        return {"padding": "EXPLICIT", "explicit_paddings": flat}
    if padding not in _PADDINGS:
        msg = f"`padding` must be 'SAME', 'VALID' or a list of pairs, not {padding!r}"
        raise ValueError(msg)
    return {"padding": padding, "explicit_paddings": ()}


def spatial(values: Sequence[Any], data_format: str) -> Any:
    """The entries of rows and columns."""
    return tuple(values[2:4] if data_format == "NCHW" else values[1:3])


def channel(data_format: str) -> int:
    """The axis of the channels."""
    return 1 if data_format == "NCHW" else 3


def require_spatial(values: Sequence[int], data_format: str, what: str) -> None:
    """Refuse windows that move or reach over batch or channels.

    Raises:
      UnimplementedError: they do; TF1 cannot either.
    """
    if values[0] != 1 or values[channel(data_format)] != 1:
        text = f"{what} {list(values)} in the batch and depth dimensions are not supported"
        raise make_error(UnimplementedError, text)


def _reach(window: int, dilation: int) -> int:
    return (window - 1) * dilation + 1


def out_size(
    size: int | None, window: int | None, stride: int, dilation: int, pads: Pair | None
) -> int | None:
    """Length of the result along one axis; ``pads`` is None for SAME.

    Raises:
      ShapeError: the window does not fit, or does not move.
    """
    if stride < 1:
        msg = f"Stride must be > 0, but got {stride}"
        raise ShapeError(msg)
    if size is None or (pads is not None and window is None):
        return None
    if pads is None:
        return -(-size // stride)
    room = size + sum(pads) - _reach(window or 1, dilation)
    if room < 0:
        reach = _reach(window or 1, dilation)
        msg = f"Negative dimension size caused by subtracting {reach} from {size + sum(pads)}"
        raise ShapeError(msg)
    return room // stride + 1


def _given_pads(attrs: Mapping[str, Any], data_format: str) -> list[Pair | None]:
    if attrs["padding"] == "SAME":
        return [None, None]
    if attrs["padding"] == "VALID":
        return [(0, 0), (0, 0)]
    flat = attrs["explicit_paddings"]
    pairs = [(int(flat[2 * axis]), int(flat[2 * axis + 1])) for axis in range(_RANK)]
    return list(spatial(pairs, data_format))


def out_dims(
    dims: Dims, window: Sequence[int | None], attrs: Mapping[str, Any]
) -> list[int | None]:
    """Static rows and columns of the result over images of static shape ``dims``.

    Args:
      dims: the images, in the layout that ``attrs["data_format"]`` says.
      window: rows and columns of the window.
      attrs: of the operation.

    Raises:
      ShapeError: the window does not fit.
    """
    layout = attrs["data_format"]
    strides = spatial(attrs["strides"], layout)
    dilations = spatial(attrs.get("dilations", (1, 1, 1, 1)), layout)
    return [
        out_size(*numbers)
        for numbers in zip(
            spatial(dims, layout),
            window,
            strides,
            dilations,
            _given_pads(attrs, layout),
            strict=True,
        )
    ]


def same_padding(size: int, window: int, stride: int, dilation: int) -> Pair:
    """What SAME adds before and after an axis; an odd cell goes to the end."""
    count = -(-size // stride)
    missing = max(0, (count - 1) * stride + _reach(window, dilation) - size)
    return missing // 2, missing - missing // 2


def with_channels(
    batch: int | None, rows_columns: Sequence[int | None], channels: int | None, data_format: str
) -> list[int | None]:
    """The four dimensions in the layout of ``data_format``."""
    if data_format == "NCHW":
        return [batch, channels, *rows_columns]
    return [batch, *rows_columns, channels]


def geometry(
    shape: tuple[int, ...], window: Sequence[int], attrs: Mapping[str, Any]
) -> dict[str, Any]:
    """The attributes of the primitives, for images of a concrete shape.

    ``window`` begins with the rows and the columns.

    Raises:
      ShapeError: the window does not fit.
      UnimplementedError: it moves over batch or channels.
    """
    layout = attrs["data_format"]
    require_spatial(attrs["strides"], layout, "strides")
    found = {
        "strides": spatial(attrs["strides"], layout),
        "padding": _concrete_padding(shape, window, attrs),
        "data_format": layout,
    }
    if "dilations" in attrs:
        require_spatial(attrs["dilations"], layout, "dilations")
        found["dilations"] = spatial(attrs["dilations"], layout)
    return found


def _concrete_padding(
    shape: tuple[int, ...], window: Sequence[int], attrs: Mapping[str, Any]
) -> Padding:
    layout = attrs["data_format"]
    sizes = spatial(shape, layout)
    strides = spatial(attrs["strides"], layout)
    dilations = spatial(attrs.get("dilations", (1, 1, 1, 1)), layout)
    rows, columns = (
        same_padding(sizes[axis], window[axis], strides[axis], dilations[axis])
        if given is None
        else given
        for axis, given in enumerate(_given_pads(attrs, layout))
    )
    return rows, columns

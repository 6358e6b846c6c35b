"""Max pooling across the channels of images, which TF1 has beside that across rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import UnimplementedError
from polygraph.core.ground.trace import make_error
from polygraph.ops.primitives.reduction import reduce_max
from polygraph.ops.primitives.shaping import reshape
from polygraph.ops.window_attrs import channel, spatial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.trace import Array


def is_across_depth(attrs: Mapping[str, Any]) -> bool:
    """Whether the windows reach over several channels."""
    return attrs["ksize"][channel(attrs["data_format"])] != 1  # type: ignore[no-any-return]


def greatest_channels(images: Array, attrs: Mapping[str, Any]) -> Any:
    """The greatest of each ``ksize`` channels that follow each other.

    Raises:
      UnimplementedError: the windows overlap, are more than one cell high or wide, or do not divide
        the channels; TF1 cannot either.
    """
    layout = attrs["data_format"]
    axis = channel(layout)
    size, stride, depth = attrs["ksize"][axis], attrs["strides"][axis], images.shape[axis]
    if max(*spatial(attrs["ksize"], layout), *spatial(attrs["strides"], layout)) > 1:
        _cannot("exactly one of pooling across depth or pooling across width/height")
    if depth % size:
        _cannot(f"a depth window that evenly divides the input depth, not {size} for {depth}")
    if size != stride:
        _cannot(f"a depth window that equals the depth stride, not {size} and {stride}")
    dims = images.shape
    parts = reshape(images, shape=(*dims[:axis], depth // size, size, *dims[axis + 1 :]))
    return reduce_max(parts, axes=(axis + 1,), keepdims=False)


def _cannot(what: str) -> None:
    raise make_error(UnimplementedError, f"max pooling across depth supports {what}")

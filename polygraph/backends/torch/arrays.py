"""Between NumPy arrays and torch tensors: dtypes, and memory that is shared or copied."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import torch

Known = np.ndarray[Any, Any]

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
_BITS16 = np.dtype(np.uint16)

TORCH_DTYPES: dict[np.dtype[Any], torch.dtype] = {
    np.dtype(name): getattr(torch, name)
    for name in (
        "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
} | {_BFLOAT16: torch.bfloat16}  # fmt: skip
"""Torch's dtype for each of NumPy's."""


class _Writable:
    """An array's memory, said to be writable: torch warns of read-only arrays, and only reads."""

    def __init__(self, array: Known) -> None:
        self.array = array
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def share(array: Known) -> torch.Tensor:
    """A tensor over the memory of a C-contiguous ``array``, which nobody may write to."""
    if array.dtype == _BFLOAT16:
        return share(array.view(_BITS16)).view(torch.bfloat16)
    if not array.flags.writeable:
        array = np.asarray(_Writable(array))
    return torch.from_numpy(array)


def to_numpy(tensor: torch.Tensor) -> Known:
    """An array over the memory of a tensor on the host."""
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.uint16).numpy().view(_BFLOAT16)
    return tensor.numpy()


def put(array: Known, device: torch.device) -> torch.Tensor:
    """A contiguous copy of ``array`` on ``device``."""
    return share(np.array(array, order="C")).to(device)


def get(tensor: torch.Tensor) -> Known:
    """A copy of ``tensor`` in the host's memory."""
    return np.array(to_numpy(tensor.detach().cpu()))

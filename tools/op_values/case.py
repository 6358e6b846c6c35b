"""What a family module hands to the recorder: one op type on concrete inputs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    Input = np.ndarray[Any, Any] | Sequence[np.ndarray[Any, Any]]


@dataclasses.dataclass(frozen=True)
class Spec:
    """One op type applied to concrete inputs.

    Attributes:
        op: TF1's op type.
        inputs: one entry for each input argument of the op; a list for a list argument.
        attrs: attributes which TensorFlow cannot infer from the inputs; dtypes by name.
        label: what this case is about, part of its id.
        runs: consecutive runs of the op in one session (random ops draw new numbers).
        defined: how many of the op's outputs mean anything; the rest TensorFlow leaves as they
            come out of memory. None for all of them.
        pinned: TensorFlow leaves the answer to the processor or to a race; what it did is recorded.
    """

    op: str
    inputs: tuple[Input, ...]
    label: str
    attrs: dict[str, Any] = dataclasses.field(default_factory=dict)
    runs: int = 1
    pinned: bool = False
    defined: int | None = None

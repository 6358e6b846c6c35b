"""What stands for one tensor but is kept in parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Parts(ABC):
    """Base of what is one tensor cut along one axis; iterating gives the parts in order.

    Operations that treat the parts each on its own, such as embedding lookups, know it by this.
    """

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    @abstractmethod
    def __len__(self) -> int: ...

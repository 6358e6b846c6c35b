"""A run in parts: what was announced, and what has been fed so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PartialRun:
    """A run in parts: the feeds announced, and those given so far."""

    def __init__(self, announced: Sequence[Any]) -> None:
        self._announced = set(announced)
        self.given: dict[Any, Any] = {}

    def take(self, feeds: Mapping[Any, Any]) -> None:
        """Add the feeds of one part."""
        for tensor in feeds:
            if tensor not in self._announced:
                msg = f"{tensor.name} was not announced as a feed in partial_run_setup"
                raise InvalidArgumentError(None, None, msg)
            if tensor in self.given:
                msg = f"{tensor.name} was fed already in this partial run"
                raise InvalidArgumentError(None, None, msg)
        self.given.update(feeds)

"""What a session raises when an engine fails."""

from __future__ import annotations

from polygraph.core.ground.errors import InternalError, OpError, ResourceExhaustedError


def engine_error(backend: str, doing: str, error: Exception) -> OpError:
    """The error to raise for an exception out of a backend, which is to be chained.

    Args:
      backend: the backend's name.
      doing: what it was doing.
      error: what it raised.
    """
    cls = ResourceExhaustedError if isinstance(error, MemoryError) else InternalError
    text = f"The backend '{backend}' failed when {doing}: {type(error).__name__}: {error}"
    found = cls(None, None, text)
    for note in getattr(error, "__notes__", ()):
        found.add_note(note)
    return found

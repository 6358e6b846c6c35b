"""The stack of default sessions of each thread, and what evaluates a tensor in one of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.upward import UPWARD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.runtime.session import BaseSession


class Sessions(threading.local):
    """The stack of default sessions of one thread."""

    def __init__(self) -> None:
        self.stack: list[BaseSession] = []
        self.deadline: float | None = None


SESSIONS = Sessions()


def get_default_session() -> BaseSession | None:
    """The innermost session entered in this thread, None when there is none."""
    return SESSIONS.stack[-1] if SESSIONS.stack else None


class AsDefault:
    """Makes a session the default one for the duration of a block."""

    def __init__(self, session: BaseSession) -> None:
        self._session = session

    def __enter__(self) -> BaseSession:
        SESSIONS.stack.append(self._session)
        return self._session

    def __exit__(self, *_: object) -> None:
        if SESSIONS.stack[-1] is not self._session:
            msg = "Nesting violated: sessions must be left in the reverse order of entering"
            raise AssertionError(msg)
        SESSIONS.stack.pop()


def _evaluate(fetches: Any, feed_dict: Mapping[Any, Any] | None, session: Any) -> Any:
    """`Tensor.eval` and `Operation.run`."""
    session = session or get_default_session()
    if session is None:
        what = (
            "evaluate tensor using `eval()`"
            if isinstance(fetches, Tensor)
            else "execute operation using `run()`"
        )
        msg = (
            f"Cannot {what}: No default session is registered. Use `with sess.as_default()` or "
            "pass an explicit session to `eval(session=sess)`"
        )
        raise ValueError(msg)
    graph = fetches.graph
    if session.graph is not graph:
        msg = (
            "Cannot use the given session to evaluate tensor: the tensor's graph is different "
            "from the session's graph."
        )
        raise ValueError(msg)
    return session.run(fetches, feed_dict)


UPWARD.evaluate = _evaluate

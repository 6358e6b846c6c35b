"""The error of a check that did not hold, with the values that it names.

The values are not computed in a run that succeeds. A Program is a pure function and a failed run
has changed no state, so they are found by running the part that yields them once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import OpError
from polygraph.core.ground.program import Program
from polygraph.core.ground.summary import filled
from polygraph.core.ground.trace import make_error, prune
from polygraph.ops.loop_checkpoints import LoopOverflowError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from polygraph.core.ground.program import Check
    from polygraph.core.runtime.planner.stage import Planner


def check_error(
    planner: Planner, program: Program, failed: int, state: Sequence[Any], feeds: Sequence[Any]
) -> Exception:
    """The error to raise for the check of index ``failed``."""
    check = program.checks[failed]
    details = _details(planner, program, check, state, feeds) if check.details else []
    if check.code is LoopOverflowError:
        return LoopOverflowError(*map(int, details))
    message = filled(check.message, details)
    if check.source is not None:
        message += f"\n\t [[node {check.source.name} ({check.source.type}), {check.source.frame}]]"
    error = make_error(check.code, message)
    if isinstance(error, OpError) and check.source is not None:
        error.blame(check.source)
    return error


def _details(
    planner: Planner,
    program: Program,
    check: Check,
    state: Sequence[Any],
    feeds: Sequence[Any],
) -> list[np.ndarray[Any, Any]]:
    results = list(dict.fromkeys(check.details))
    block = prune(program.block.replace(results=tuple(results)))
    again = Program(
        f"{program.name} (details of a failed check)",
        block,
        program.state,
        program.feeds,
        fetches=len(results),
        carries=0,
        updates=(),
        checks=(),
    )
    fetches, *_ = planner.compile(again)(state, feeds)
    found = dict(zip(results, fetches, strict=True))
    return [found[detail] for detail in check.details]

"""What the suite is made of: a case, the backend that it is run on, and what came of it.

    target = Target.open("numpy")
    for case in all_cases(target):
        print(case.id, run_case(case, target).outcome)

A case passes or fails by itself; whether it was *expected* to fail is the backend's to say, with
a reason, before the case is run. An expected failure that passes is a failure: what a backend
declares has to be true.
"""

from __future__ import annotations

import enum
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polygraph.conformance.levels import must_pass

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.conformance.target import Target

DETAIL_LIMIT = 4000
"""Characters of a failure's detail that are kept."""


class ConformanceFailure(AssertionError):  # noqa: N818 - it is a finding, not an error of ours
    """A backend did not do what the case asks for; the text says what, on which operands."""


class Outcome(enum.StrEnum):
    """What came of one case."""

    PASS = "pass"  # noqa: S105 - what came of a case
    XFAIL = "xfail"
    """It failed, as the backend says with a reason."""
    FAIL = "fail"
    XPASS = "xpass"
    """It passed though the backend says that it fails: counts as a failure."""

    @property
    def good(self) -> bool:
        """Whether the suite may pass with it."""
        return self in {Outcome.PASS, Outcome.XFAIL}


@dataclass(frozen=True, slots=True)
class Case:
    """One question to a backend.

    Attributes:
      id: unique; ``family/subject-dtype-label``, such as ``primitive/matmul-float64-2x3_3x4``.
      level: 0 load, 1 forward, 2 gradients, 3 between ops, 4 threads, faults and resources.
      family: what the report groups by.
      op: the op or topic.
      run: asks; returns nothing, raises `ConformanceFailure` (or what the backend raised).
      dtype: name of the main dtype, empty where there is none.
      expected: why the backend's own tables say that it fails; see `Target.limit_of`.
      ci: it belongs to the fast subset.
      loosened: how its tolerance is wider than the usual one, empty where it is not.
      seed: what random data were made from.
      optional: it needs a dtype that a backend need not declare, so that no list demands it.
    """

    id: str
    level: int
    family: str
    op: str
    run: Callable[[Target], None] = field(repr=False)
    dtype: str = ""
    expected: str | None = None
    ci: bool = True
    loosened: str = ""
    seed: int | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case.

    Attributes:
      case: which one.
      outcome: what.
      seconds: how long it took; the first of several that share a Program pays for it.
      detail: of a failure: what was found, what was wanted, on which operands.
      reason: of an expected failure: what the backend says.
    """

    case: Case
    outcome: Outcome
    seconds: float
    detail: str = ""
    reason: str = ""


def expectation(case: Case, target: Target) -> str | None:
    """Why ``case`` is expected to fail on ``target``; None where it has to pass.

    A case of the must-pass list has to pass whatever the backend says of it.
    """
    if must_pass(case):
        return None
    return case.expected or target.waiver_for(case.id)


def run_case(case: Case, target: Target) -> Result:
    """Ask one question, and never raise for what a backend does wrong."""
    reason = expectation(case, target)
    start = time.perf_counter()
    try:
        case.run(target)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's backend may do anything
        outcome = Outcome.FAIL if reason is None else Outcome.XFAIL
        detail = _detail(error)
    else:
        outcome = Outcome.PASS if reason is None else Outcome.XPASS
        detail = ""
    return Result(case, outcome, time.perf_counter() - start, detail, reason or "")


def _detail(error: BaseException) -> str:
    if isinstance(error, ConformanceFailure):
        return str(error)[:DETAIL_LIMIT]
    text = "".join(traceback.format_exception(error))
    return text if len(text) <= DETAIL_LIMIT else f"...{text[-DETAIL_LIMIT:]}"


def require(condition: Any, message: str) -> None:
    """Raise `ConformanceFailure` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ConformanceFailure(message)


__all__ = ["Case", "ConformanceFailure", "Outcome", "Result", "expectation", "require", "run_case"]

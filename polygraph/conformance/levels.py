"""The levels, and which cases of each have to pass on every backend.

A backend may decline a dtype or an op, with a reason, and still be useful. It may not decline
what is listed here: "conformant to level N of list V" means that every case of the lists up to N
passed. A list never changes under its version.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polygraph.conformance.case import Case

KIT_VERSION = "1.0"
"""Version of the suite: of what it asks, not of how."""

REQUIRED_DTYPES = ("bool", "int32", "int64", "float32", "float64")
"""What every backend computes in."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level.

    Attributes:
      number: 0 to 4; a level stands on those below.
      title: what it is about.
      version: of its must-pass list.
      includes: shell patterns of case ids that have to pass.
      excludes: patterns of those among them that need not.
    """

    number: int
    title: str
    version: str
    includes: tuple[str, ...]
    excludes: tuple[str, ...] = ()

    def demands(self, case_id: str) -> bool:
        """Whether the case has to pass."""
        return _matches(case_id, self.includes) and not _matches(case_id, self.excludes)


def _matches(case_id: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(case_id, pattern) for pattern in patterns)


def _at(*families: str) -> tuple[str, ...]:
    return tuple(f"{family}/*-{dtype}-*" for family in families for dtype in REQUIRED_DTYPES)


LEVELS = (
    Level(0, "load and probe", "1", ("load/*",), ("load/roundtrip-*", "load/waiver-*")),
    Level(
        1,
        "ops forward",
        "1",
        _at("primitive", "composite"),
        # What processors and compilers disagree on by design is asked, not demanded.
        ("*-subnormal", "*-zeros", "*-extreme*"),
    ),
    Level(
        2,
        "gradients",
        "1",
        ("gradient/*-float32-*", "gradient/*-float64-*"),
        # It makes complex numbers, which no backend has to hold.
        ("gradient/Complex-*",),
    ),
    Level(
        3,
        "state, control flow, random numbers, shapes, errors",
        "1",
        ("state/*", "flow/*", "shapes/*", "errors/*", "training/*", *_at("dtypes", "random")),
        ("dtypes/subnormals-*",),
    ),
    Level(4, "threads, faults, resources", "1", ("threads/*", "faults/*")),
)


def must_pass(case: Case) -> bool:
    """Whether ``case`` is on the must-pass list of its level."""
    return not case.optional and _demanded(case.level, case.id)


@cache
def _demanded(level: int, case_id: str) -> bool:
    return LEVELS[level].demands(case_id)

"""Finding the cases: every module of `polygraph.conformance.checks` contributes some."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from polygraph.conformance import checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from polygraph.conformance.case import Case
    from polygraph.conformance.target import Target

SUBSETS = ("full", "ci")
"""``ci``: what every change can be checked with; ``full``: everything."""


def check_modules() -> Iterator[ModuleType]:
    """The modules of checks; each has ``cases(target) -> Iterable[Case]``."""
    for found in sorted(pkgutil.iter_modules(checks.__path__), key=lambda module: module.name):
        yield importlib.import_module(f"{checks.__name__}.{found.name}")


def all_cases(target: Target, *, subset: str = "full", level: int | None = None) -> list[Case]:
    """The cases for ``target``, lower levels first.

    Args:
      target: the backend; which cases there are depends on its tables only for the reasons of
        expected failures.
      subset: one of `SUBSETS`.
      level: the highest level; all when None.

    Raises:
      ValueError: no such subset, or two cases have the same id.
    """
    if subset not in SUBSETS:
        msg = f"no subset {subset!r}; there are {', '.join(SUBSETS)}"
        raise ValueError(msg)
    found = [
        case
        for module in check_modules()
        for case in module.cases(target)
        if (level is None or case.level <= level) and (subset == "full" or case.ci)
    ]
    require_unique(found)
    return sorted(found, key=lambda case: case.level)


def require_unique(cases: Iterable[Case]) -> None:
    """Raise ValueError if two cases have the same id."""
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            msg = f"two conformance cases are called {case.id!r}"
            raise ValueError(msg)
        seen.add(case.id)

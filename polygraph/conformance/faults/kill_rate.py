"""Whether the suite catches the planted faults."""

from __future__ import annotations

import fnmatch
import itertools
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from polygraph.conformance.case import Case, run_case
from polygraph.conformance.faults import numbers, places, runs, runtime
from polygraph.conformance.faults.fault import FAULTS, Fault
from polygraph.conformance.op_cases import op_cases
from polygraph.conformance.registry import all_cases, check_modules
from polygraph.conformance.target import Target
from polygraph.core.ground.op import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from polygraph.core.ground.backend import Backend

    Source = Callable[[Target], Iterator[Case]]

PLANTED_IN = (numbers, places, runs, runtime)
"""The modules of faults."""

_BY_OP = ("primitive", "composite")
_HEAVY = frozenset({"primitives", "composites", "recorded", "gradients"})


@dataclass(frozen=True, slots=True)
class Kill:
    """What became of a fault.

    Attributes:
      fault: which.
      case: the id of the case that caught it; empty where none did.
      asked: how many cases were asked before.
    """

    fault: Fault
    case: str
    asked: int

    @property
    def caught(self) -> bool:
        """Whether the suite noticed."""
        return bool(self.case)


def kill_rate(faults: Iterable[Fault] | None = None, *, thorough: bool = True) -> list[Kill]:
    """Run the suite against faulty backends.

    Args:
      faults: those to plant; all when None.
      thorough: run the whole fast subset where the cases that a fault names miss it.
    """
    return [kill(fault, thorough=thorough) for fault in (FAULTS if faults is None else faults)]


def kill(fault: Fault, *, thorough: bool = True) -> Kill:
    """Plant one fault and find the first case that fails for it, and does not without it."""
    asked = 0
    sources: list[Source] = [lambda target: _named(fault, target)]
    if thorough:
        sources.append(_light)
        sources.append(lambda target: iter(all_cases(target, subset="ci")))
    for source in sources:
        start, failed = 0, ""
        while True:
            more, failed = _first_failure(fault, source, start)
            start += more
            if not failed:
                break
            if _sound(fault.sound, failed, source):
                return Kill(fault, failed, asked + start)
        asked += start
    return Kill(fault, "", asked)


def _first_failure(fault: Fault, source: Source, start: int) -> tuple[int, str]:
    """How many cases from ``start`` on were asked, and the id of the last if it failed."""
    asked = 0
    with fault.plant() as backend, Target.of(backend) as target, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in itertools.islice(source(target), start, None):
            asked += 1
            if not run_case(case, target).outcome.good:
                return asked, case.id
    return asked, ""


def _sound(make: Callable[[], Backend], case_id: str, source: Source) -> bool:
    """Whether the copy without the fault passes the case."""
    with Target.of(make()) as target, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = next(case for case in source(target) if case.id == case_id)
        return run_case(case, target).outcome.good


def _named(fault: Fault, target: Target) -> Iterator[Case]:
    """The cases that a fault names, in its order."""
    for pattern in fault.first:
        family, _, rest = pattern.partition("/")
        if family in _BY_OP:
            ops = [REGISTRY[rest.partition("-")[0]]]
            found: Iterable[Case] = op_cases(family, ops, target)
        else:
            found = _of_family(family, target)
        yield from (case for case in found if fnmatch.fnmatchcase(case.id, pattern))


def _of_family(family: str, target: Target) -> Iterator[Case]:
    for module in check_modules():
        name = module.__name__.rpartition(".")[2]
        declared = getattr(getattr(module, "check", None), "family", name.rstrip("s"))
        if family.rstrip("s") == declared.rstrip("s"):
            yield from module.cases(target)


def _light(target: Target) -> Iterator[Case]:
    """The cases that do not take long to list."""
    for module in check_modules():
        if module.__name__.rpartition(".")[2] not in _HEAVY:
            yield from module.cases(target)


@cache
def _plain_text(text: str) -> str:
    return " ".join(text.split())


def table(kills: Sequence[Kill]) -> str:
    """The kill rate as Markdown."""
    caught = sum(each.caught for each in kills)
    lines = [
        f"{caught} of {len(kills)} caught.",
        "",
        "| fault | what goes wrong | caught by |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {each.fault.name} | {_plain_text(each.fault.what)} | "
        f"{f'`{each.case}`' if each.caught else '**nothing**'} |"
        for each in kills
    ]
    return "\n".join(lines) + "\n"

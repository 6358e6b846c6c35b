"""Running samples on a target and judging what comes back.

All samples of an op at a dtype go into one Program, or those of a whole family on a backend that
compiles: there a Program costs more to make than to run. Where such a Program fails as a whole,
each sample is run by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.conformance.case import ConformanceFailure, require
from polygraph.conformance.oracle import Truth, truths
from polygraph.conformance.tolerance import Bound, allowed, bound_of
from polygraph.core.ground.op import Composite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.conformance.samples import Sample
    from polygraph.conformance.target import Target
    from polygraph.core.ground.op import Op

Known = np.ndarray[Any, Any]

STEPS_AT_ONCE = 160
"""Samples in one Program, at most."""

SHOWN = 6
"""Wrong elements that a failure shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Application:
    """One op on one sample."""

    op: Op
    sample: Sample

    def describe(self) -> str:
        """The op, its operands and attributes, as text that can be pasted into Python."""
        lines = [f"{self.op.name}: {self.op.signature.text}"]
        for x in self.sample.operands:
            text = np.array2string(x, threshold=40, edgeitems=4)
            lines.append(f"  {x.dtype}{list(x.shape)} {text}")
        if self.sample.attrs:
            lines.append(f"  {dict(self.sample.attrs)}")
        return "\n".join(lines)


@dataclass(slots=True, eq=False)
class Group:
    """Applications that share a Program, run when the first of them is asked for.

    Attributes:
      applications: in the order in which they were added.
    """

    applications: list[Application] = field(default_factory=list)
    _verdicts: dict[Application, Exception | None] = field(default_factory=dict)

    def check(self, target: Target, application: Application, *, confirm: bool) -> None:
        """Raise what is wrong with one application.

        Args:
          target: the backend.
          application: one of the group's.
          confirm: run what is wrong by itself too, and say what comes of it.

        Raises:
          ConformanceFailure: a result is wrong.
          Exception: whatever the backend raised.
        """
        if application not in self._verdicts:
            self._run_all(target)
        verdict = self._verdicts[application]
        if confirm and isinstance(verdict, ConformanceFailure):
            self._confirm(target, application, verdict)
        if verdict is not None:
            raise verdict

    def _run_all(self, target: Target) -> None:
        for start in range(0, len(self.applications), STEPS_AT_ONCE):
            self._run(target, self.applications[start : start + STEPS_AT_ONCE])

    def _run(self, target: Target, some: Sequence[Application]) -> None:
        try:
            found = target.compute([(a.op, a.sample.operands, a.sample.attrs) for a in some])
        except Exception as error:  # noqa: BLE001 - a stranger's backend may do anything
            if len(some) == 1:
                self._verdicts[some[0]] = error
                return
            half = len(some) // 2
            self._run(target, some[:half])
            self._run(target, some[half:])
            return
        for application, results in zip(some, found, strict=True):
            self._verdicts[application] = verdict(application, results)

    def _confirm(
        self, target: Target, application: Application, failure: ConformanceFailure
    ) -> None:
        """Say whether the sample fails by itself too."""
        if len(self.applications) == 1:
            return
        sample = application.sample
        try:
            results = target.compute([(application.op, sample.operands, sample.attrs)])[0]
        except Exception as error:
            msg = f"{failure}\nby itself it raises {type(error).__name__}: {error}"
            raise ConformanceFailure(msg) from error
        if verdict(application, results) is None:
            msg = f"{failure}\nby itself it is right: it fails in one Program with others"
            raise ConformanceFailure(msg)


def verdict(application: Application, results: Sequence[Known]) -> Exception | None:
    """What is wrong with the results of an application; None where nothing is."""
    op, sample = application.op, application.sample
    types = op.types(sample.types, sample.attrs)
    bounds = [
        bound_of(op.name, type_.dtype, composite=isinstance(op, Composite)) for type_ in types
    ]
    exact = not any(bound.ulps or bound.terms for bound in bounds)
    wanted = truths(op, sample.operands, sample.attrs, types, exact=exact)
    try:
        for index, (found, truth) in enumerate(zip(results, wanted, strict=True)):
            require_near(found, truth, bounds[index], f"{application.describe()}\nresult {index}")
    except ConformanceFailure as failure:
        return failure
    return None


def require_near(found: Any, truth: Truth, bound: Bound, what: str) -> None:
    """Raise ConformanceFailure unless ``found`` has the type and, within bounds, the elements."""
    require(
        isinstance(found, np.ndarray | np.generic),
        f"{what} is a {type(found).__name__}, not a NumPy array",
    )
    own = truth.own
    require(
        (found.dtype, found.shape) == (own.dtype, own.shape),
        f"{what} is {found.dtype}{list(found.shape)}, not {own.dtype}{list(own.shape)}",
    )
    with np.errstate(all="ignore"):
        good = found == own if bound.any_zero else same(found, own)
        if bound.any_zero and found.dtype.kind not in "biu":
            good |= np.isnan(found) & np.isnan(own)
        if found.dtype.kind not in "biu" and (bound.ulps or bound.terms):
            # The reference at the dtype itself is the meaning only of what has no digits.
            defined = truth.narrow | ~np.isfinite(own) | ~np.isfinite(truth.wide)
            good = (good & defined) | _near(found, truth, bound)
    if not np.all(good):
        raise ConformanceFailure(f"{what}: {_differences(found, truth, bound, ~good)}")


def same(found: Known, wanted: Known) -> Known:
    """Where elements are the same: of zeros also the sign, any NaN is any other."""
    if wanted.dtype.kind == "c":
        return np.asarray(same(found.real, wanted.real) & same(found.imag, wanted.imag))
    equal = np.asarray(found == wanted)
    if wanted.dtype.kind in "biu":
        return equal
    signs = np.signbit(found) == np.signbit(wanted)
    nan = np.isnan(found) & np.isnan(wanted)
    return np.asarray((equal & ((wanted != 0) | signs)) | nan)


def _near(found: Known, truth: Truth, bound: Bound) -> Known:
    wide, kind = truth.wide, truth.wide.dtype
    limits = allowed(bound, found.dtype, wide, truth.terms)
    away = np.abs(found.astype(kind) - wide)
    # Beyond the largest number: what rounds to infinity may, and what is about to.
    rounded = wide.astype(found.dtype)
    edges = (np.isinf(found) | np.isinf(rounded)) & (
        same(found, rounded) | same(found, ((1 + 1e-3) * wide).astype(found.dtype))
    )
    near = np.isfinite(found) & np.isfinite(wide) & (away <= limits)
    return np.asarray(near | edges | (np.isnan(found) & np.isnan(wide)))


def _differences(found: Known, truth: Truth, bound: Bound, wrong: Known) -> str:
    places = np.argwhere(np.broadcast_to(wrong, found.shape))
    lines = [f"{len(places)} of {found.size} elements are wrong"]
    limits = np.broadcast_to(
        allowed(bound, found.dtype, truth.wide, truth.terms)
        if found.dtype.kind not in "biu"
        else np.zeros(()),
        found.shape,
    )
    for place in places[:SHOWN]:
        at = tuple(int(i) for i in place)
        lines.append(
            f"  at {list(at)}: {found[at]!r}, not {truth.own[at]!r}"
            f" (true {truth.wide[at]!r}, allowed {float(limits[at]):.3g})"
        )
    return "\n".join(lines)

"""The forward cases of primitives and composites."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.conformance.case import Case, ConformanceFailure
from polygraph.conformance.forward import Application, Group
from polygraph.conformance.levels import REQUIRED_DTYPES
from polygraph.conformance.samples import SEED, main_dtypes, samples_of
from polygraph.conformance.tolerance import bound_of
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.op import Composite
from polygraph.core.ground.program import Block

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, KeysView

    import numpy as np

    from polygraph.conformance.samples import Sample
    from polygraph.conformance.target import Target
    from polygraph.core.ground.op import Op

CI_KINDS = frozenset({"declared", "extreme", "large"})
"""Kinds of samples in the fast subset, one of each for an op at a dtype."""

_REQUIRED = frozenset(as_dtype(name).np_dtype for name in REQUIRED_DTYPES)

EVERY_SAMPLE = frozenset({"float32", "int32"})
"""Dtypes at which the fast subset has every declared sample."""


def op_cases(family: str, ops: Iterable[Op], target: Target) -> Iterator[Case]:
    """A case for each op, dtype and sample; one that fails for an op without samples."""
    groups: defaultdict[Hashable, Group] = defaultdict(Group)
    for op in ops:
        if not op.samples:
            yield _without_sample(family, op)
            continue
        for dtype in main_dtypes(op):
            yield from _cases(family, op, dtype, target, groups)


def _without_sample(family: str, op: Op) -> Case:
    def run(_: Target) -> None:
        msg = f"{op!r} has no sample: nobody knows whether a backend computes it"
        raise ConformanceFailure(msg)

    return Case(f"{family}/{op.name}-any-sample", 1, family, op.name, run)


def _cases(
    family: str,
    op: Op,
    dtype: np.dtype[Any],
    target: Target,
    groups: defaultdict[Hashable, Group],
) -> Iterator[Case]:
    name = as_dtype(dtype).name
    limits = _Limits(target, op)
    seen: set[str] = set()
    for sample in samples_of(op, dtype):
        application = Application(op, sample)
        expected = limits.of(sample)
        in_ci = _in_ci(sample, name, seen)
        key: Hashable = (family, name) if target.backend.capabilities.compiled else (op, name)
        # What is in the fast subset shares Programs only with others that are.
        group = Group() if expected else groups[key, in_ci]
        group.applications.append(application)
        bound = bound_of(op.name, dtype, composite=isinstance(op, Composite))
        case_id = f"{family}/{op.name}-{name}-{sample.label}"
        # What is known to fail needs no second run, which may cost a compilation, to say so.
        confirm = not target.waives(case_id)
        yield Case(
            id=case_id,
            level=1,
            family=family,
            op=op.name,
            run=partial(_check, group, application, confirm=confirm),
            dtype=name,
            expected=expected,
            ci=in_ci,
            loosened=bound.text,
            seed=SEED,
            optional=not limits.dtypes_of(sample) <= _REQUIRED,
        )


def _check(group: Group, application: Application, target: Target, *, confirm: bool) -> None:
    group.check(target, application, confirm=confirm)


def _in_ci(sample: Sample, dtype: str, seen: set[str]) -> bool:
    first = sample.kind not in seen
    seen.add(sample.kind)
    if dtype in EVERY_SAMPLE:
        return first or sample.kind in {"declared", "dtypes"}
    return first and sample.kind in CI_KINDS


class _Limits:
    """Why a backend's tables say that it cannot do an op, remembered by dtypes."""

    def __init__(self, target: Target, op: Op) -> None:
        self._target = target
        self._op = op
        self._known: dict[Hashable, str | None] = {}

    def dtypes_of(self, sample: Sample) -> KeysView[np.dtype[Any]]:
        """Dtypes of operands, results and the values of inner blocks."""
        types = (*sample.types, *self._op.types(sample.types, sample.attrs))
        inner = [
            value.dtype
            for attr in sample.attrs.values()
            if isinstance(attr, Block)
            for value in (*attr.parameters, *attr.results)
        ]
        return dict.fromkeys([type_.dtype for type_ in types] + inner).keys()

    def of(self, sample: Sample) -> str | None:
        """The reason for a sample, None where the backend has no excuse."""
        key = tuple(self.dtypes_of(sample))
        if key not in self._known:
            self._known[key] = self._target.limit_of(self._op, sample.types, sample.attrs)
        return self._known[key]

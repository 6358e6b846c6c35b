"""What lowering a cond and lowering a loop share: regions as inner blocks.

A region becomes an inner block of a `cond` or `while_loop` step. State that it writes goes in and
comes out as values. Checks inside come out as flags. Where a region holds what only a stage of
its own can run (a host step, a size that hangs on data), a cond's predicate is demanded and the
taken branch lowered in its place; a loop becomes a host loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.program import Check
from polygraph.core.ground.summary import without_details
from polygraph.core.ground.tensor import Tensor
from polygraph.core.runtime.planner.rename import Renamed, StateKey, Version, handed_in
from polygraph.core.runtime.planner.specialise import (
    CannotCompileError,
    HostValue,
    Specialiser,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.region import Region
    from polygraph.core.ground.trace import Array, Builder
    from polygraph.core.runtime.planner.rename import Ref
    from polygraph.core.runtime.planner.specialise import Abstract


class DeferredError(Exception):
    """Something that a region takes from outside has not been computed yet."""


def written_keys(renamed: Renamed, op: Operation) -> list[StateKey]:
    """The state that the regions of ``op`` write."""
    return list(dict.fromkeys(key for part in renamed.inner[op] for key in part.final))


def found_in(outer: Specialiser, ref: Ref) -> Abstract:
    """What stands for ``ref``.

    Raises:
      DeferredError: nothing yet.
    """
    found = outer.lookup(ref)
    if found is None:
        raise DeferredError
    return found


def outside(renamed: Renamed, op: Operation, ref: Tensor | Version) -> Tensor | Version:
    """What ``ref``, an import of a region of ``op``, is called outside of the region."""
    return ref if isinstance(ref, Tensor) else handed_in(renamed, op, ref)


@dataclass(slots=True, eq=False)
class Inner:
    """One region being lowered into a block of its own."""

    renamed: Renamed
    builder: Builder
    specialiser: Specialiser


def lower_region(
    outer: Specialiser, part: Renamed, env: dict[Ref, Abstract], builder: Builder
) -> Inner:
    """Lower ``part`` into ``builder``.

    Raises:
      CannotCompileError: something in it needs a stage of its own.
    """
    specialiser = Specialiser(
        builder, env, _no_state, outer.initialized, outer.lower_owner, outer.capacity
    )
    result = specialiser.run(part)
    for op in result.host:
        raise CannotCompileError(f"{op.name!r} ({op.frame}) runs in Python")
    for op in result.demanded.values():
        raise CannotCompileError(f"a shape of {op.name!r} ({op.frame}) hangs on data")
    for observation in result.observations:
        raise CannotCompileError(f"{observation.op.name!r} ({observation.op.frame}) observes")
    if result.deferred:
        raise DeferredError
    return Inner(part, builder, specialiser)


def _no_state(key: StateKey) -> Abstract:
    msg = f"state {key.name!r} reached a region without its owner"
    raise AssertionError(msg)


def yielded(inner: Inner, ref: Ref) -> Array:
    """What a region yields as ``ref``."""
    return array_of(found_in(inner.specialiser, ref))


def array_of(found: Abstract) -> Array:
    """``found``, which must not live on the host only.

    Raises:
      CannotCompileError: it does.
    """
    if isinstance(found, HostValue) or found.dtype == object:
        raise CannotCompileError("a string goes in or out")
    return found


def state_after(inner: Inner, key: StateKey) -> Array:
    """What a region leaves of a piece of state."""
    region = inner.renamed.cut.region
    return yielded(inner, inner.renamed.final.get(key, Version(key, (region, "write"))))


def relay_checks(outer: Specialiser, checks: Sequence[Check], flags: Sequence[Array]) -> None:
    """Checks of a region become checks of its owner; their details stay inside."""
    builder = outer.result.builder
    for inner_check, flag in zip(checks, flags, strict=True):
        message = without_details(inner_check.message, "<value inside a branch or loop>")
        builder.checks.append(Check(inner_check.code, message, inner_check.source))
        builder.check_flags.append(builder.value(flag))


def named_in(region: Region | None, ref: Tensor | Version) -> Tensor | Version:
    """What an import of one region of an owner is called in another."""
    return ref if isinstance(ref, Tensor) else ref.inside(region)


def imports_of(
    outer: Specialiser, op: Operation, renamed: Renamed, keys: Sequence[StateKey]
) -> dict[Tensor | Version, Abstract]:
    """What all regions of ``op`` take from outside; versions under their first region's name."""
    imports: dict[Tensor | Version, Abstract] = {}
    first = renamed.inner[op][0].cut.region
    parameters = {tensor for part in renamed.inner[op] for tensor in parameters_of(part)}
    for part in renamed.inner[op]:
        for ref in part.imports:
            if ref in parameters:
                continue
            imports[named_in(first, ref)] = found_in(outer, outside(renamed, op, ref))
    for key in keys:
        name = Version(key, (first, "write"))
        imports.setdefault(name, found_in(outer, renamed.entry[op][key][1]))
    for ref, found in imports.items():
        if isinstance(found, HostValue):
            raise CannotCompileError(f"a string, {ref}, is used inside")
    return imports


def parameters_of(part: Renamed) -> Sequence[Tensor]:
    """The parameters of a region."""
    region = part.cut.region
    return () if region is None else region.parameters


def bind_owner(
    outer: Specialiser, op: Operation, keys: Sequence[StateKey], results: Sequence[Any]
) -> None:
    """Let ``results`` stand for the outputs of an owner and for the state that it leaves."""
    for tensor, result in zip(op.outputs, results, strict=False):
        outer.bind(tensor, result)
    for key, result in zip(keys, results[len(op.outputs) :], strict=False):
        outer.bind(Version(key, op), result)


def as_list(results: Any) -> list[Any]:
    """The results of a step, one or several, as a list."""
    return list(results) if isinstance(results, tuple) else [results]

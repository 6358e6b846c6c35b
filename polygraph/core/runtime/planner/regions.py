"""Lowering the operations that own regions: `cond` and `while_loop`.

A region becomes an inner block of a `cond` or `while_loop` step. State that it writes goes in and
comes out as values. Checks inside come out as flags. Where a region holds what only a stage of
its own can run (a host step, a size that hangs on data), a cond's predicate is demanded and the
taken branch lowered in its place; a loop becomes a host loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.program import Check, Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.summary import without_details
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.trace import Builder, building
from polygraph.core.runtime.planner.rename import Renamed, StateKey, Version, handed_in
from polygraph.core.runtime.planner.specialise import (
    CannotCompileError,
    HostValue,
    Specialiser,
)
from polygraph.ops.primitives.control import cond, while_loop
from polygraph.ops.primitives.elementwise import logical_and

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.trace import Array
    from polygraph.core.runtime.planner.rename import Ref
    from polygraph.core.runtime.planner.specialise import Abstract

_TRUE = np.asarray(True)  # noqa: FBT003


class _DeferredError(Exception):
    """Something that a region takes from outside has not been computed yet."""


def lower_owner(
    outer: Specialiser, op: Operation, refs: Sequence[Ref | None], renamed: Renamed
) -> None:
    """Lower an operation that owns regions."""
    try:
        if op.definition.kind is Kind.COND:
            _lower_cond(outer, op, refs, renamed)
        else:
            _lower_while(outer, op, refs, renamed)
    except _DeferredError:
        outer.defer(op)


def written_keys(renamed: Renamed, op: Operation) -> list[StateKey]:
    """The state that the regions of ``op`` write."""
    return list(dict.fromkeys(key for part in renamed.inner[op] for key in part.final))


def _found(outer: Specialiser, ref: Ref) -> Abstract:
    found = outer.lookup(ref)
    if found is None:
        raise _DeferredError
    return found


def outside(renamed: Renamed, op: Operation, ref: Tensor | Version) -> Tensor | Version:
    """What ``ref``, an import of a region of ``op``, is called outside of the region."""
    return ref if isinstance(ref, Tensor) else handed_in(renamed, op, ref)


@dataclass(slots=True, eq=False)
class _Inner:
    """One region being lowered into a block of its own."""

    renamed: Renamed
    builder: Builder
    specialiser: Specialiser


def _lower_region(
    outer: Specialiser, part: Renamed, env: dict[Ref, Abstract], builder: Builder
) -> _Inner:
    """Lower ``part`` into ``builder``.

    Raises:
      CannotCompileError: something in it needs a stage of its own.
    """
    specialiser = Specialiser(builder, env, _no_state, outer.initialized, outer.lower_owner)
    result = specialiser.run(part)
    for op in result.host:
        raise CannotCompileError(f"{op.name!r} ({op.frame}) runs in Python")
    for op in result.demanded.values():
        raise CannotCompileError(f"a shape of {op.name!r} ({op.frame}) hangs on data")
    for observation in result.observations:
        raise CannotCompileError(f"{observation.op.name!r} ({observation.op.frame}) observes")
    if result.deferred:
        raise _DeferredError
    return _Inner(part, builder, specialiser)


def _no_state(key: StateKey) -> Abstract:
    msg = f"state {key.name!r} reached a region without its owner"
    raise AssertionError(msg)


def _yielded(inner: _Inner, ref: Ref) -> Array:
    found = inner.specialiser.lookup(ref)
    assert found is not None, ref
    if isinstance(found, HostValue):
        raise CannotCompileError("a string is yielded")
    return found


def _state_after(inner: _Inner, key: StateKey) -> Array:
    region = inner.renamed.cut.region
    return _yielded(inner, inner.renamed.final.get(key, Version(key, (region, "write"))))


def _relay_checks(outer: Specialiser, checks: Sequence[Check], flags: Sequence[Array]) -> None:
    """Checks of a region become checks of its owner; their details stay inside."""
    builder = outer.result.builder
    for inner_check, flag in zip(checks, flags, strict=True):
        message = without_details(inner_check.message, "<value inside a branch or loop>")
        builder.checks.append(Check(inner_check.code, message, inner_check.source))
        builder.check_flags.append(builder.value(flag))


# cond


def _lower_cond(
    outer: Specialiser, op: Operation, refs: Sequence[Ref | None], renamed: Renamed
) -> None:
    predicate_ref = refs[0]
    assert predicate_ref is not None
    predicate = _found(outer, predicate_ref)
    if isinstance(predicate, np.ndarray):
        _splice(outer, op, renamed, 0 if bool(predicate) else 1)
        return
    try:
        _emit_cond(outer, op, renamed, predicate)
    except CannotCompileError:
        outer.demand(predicate_ref, op)


def _splice(outer: Specialiser, op: Operation, renamed: Renamed, taken: int) -> None:
    """Lower the taken branch in the place of its owner."""
    part = renamed.inner[op][taken]
    for ref in part.imports:
        if isinstance(ref, Version):
            found = outer.lookup(handed_in(renamed, op, ref))
            if found is not None:
                outer.bind(ref, found)
    outer.lower_all(part)
    for tensor, ref in zip(op.outputs, part.outputs, strict=True):
        found = outer.lookup(ref)
        if found is None:
            outer.defer(op)
        else:
            outer.bind(tensor, found)
    for key in written_keys(renamed, op):
        last = part.final.get(key, Version(key, (part.cut.region, "write")))
        found = (
            outer.lookup(last)
            if last in part.final.values()
            else outer.lookup(renamed.entry[op][key][1])
        )
        if found is None:
            outer.defer(op)
        else:
            outer.bind(Version(key, op), found)


def _emit_cond(outer: Specialiser, op: Operation, renamed: Renamed, predicate: Abstract) -> None:
    parts = renamed.inner[op]
    keys = written_keys(renamed, op)
    imports = _imports(outer, op, renamed, keys)
    captured = [found for found in imports.values() if isinstance(found, Value)]
    captured = list(dict.fromkeys(captured))
    inners, parameters = [], []
    for part in parts:
        inner_of = {value: Value(value.type) for value in captured}
        env: dict[Ref, Abstract] = {}
        for ref, found in imports.items():
            inside = (
                ref
                if isinstance(ref, Tensor)
                else Version(
                    ref.key,
                    (part.cut.region, ref.writer[1]),  # type: ignore[index]
                )
            )
            env[inside] = inner_of[found] if isinstance(found, Value) else found
        inners.append(_lower_region(outer, part, env, Builder()))
        parameters.append(list(inner_of.values()))
    yielded = [
        [_yielded(inner, ref) for ref in inner.renamed.outputs]
        + [_state_after(inner, key) for key in keys]
        for inner in inners
    ]
    types = [[TensorType(item.dtype, item.shape) for item in items] for items in yielded]
    if types[0] != types[1]:
        raise CannotCompileError("the branches differ in shape")
    flags = [inner.builder.check_flags for inner in inners]
    padded = [[*flags[0], *[_TRUE] * len(flags[1])], [*[_TRUE] * len(flags[0]), *flags[1]]]
    blocks = [
        inner.builder.block(inner_parameters, items + checks)
        for inner, inner_parameters, items, checks in zip(
            inners, parameters, yielded, padded, strict=True
        )
    ]
    results = _as_list(cond(predicate, *captured, then_block=blocks[0], else_block=blocks[1]))
    _bind_owner(outer, op, keys, results)
    checks = [*inners[0].builder.checks, *inners[1].builder.checks]
    _relay_checks(outer, checks, results[len(op.outputs) + len(keys) :])


def _imports(
    outer: Specialiser, op: Operation, renamed: Renamed, keys: Sequence[StateKey]
) -> dict[Tensor | Version, Abstract]:
    """What all regions of ``op`` take from outside; versions under their first region's name."""
    imports: dict[Tensor | Version, Abstract] = {}
    first = renamed.inner[op][0].cut.region
    parameters = {tensor for part in renamed.inner[op] for tensor in _parameters(part)}
    for part in renamed.inner[op]:
        for ref in part.imports:
            if ref in parameters:
                continue
            name = ref if isinstance(ref, Tensor) else Version(ref.key, (first, ref.writer[1]))  # type: ignore[index]
            imports[name] = _found(outer, outside(renamed, op, ref))
    for key in keys:
        name = Version(key, (first, "write"))
        imports.setdefault(name, _found(outer, renamed.entry[op][key][1]))
    for ref, found in imports.items():
        if isinstance(found, HostValue):
            raise CannotCompileError(f"a string, {ref}, is used inside")
    return imports


def _parameters(part: Renamed) -> Sequence[Tensor]:
    region = part.cut.region
    return () if region is None else region.parameters


def _bind_owner(
    outer: Specialiser, op: Operation, keys: Sequence[StateKey], results: Sequence[Any]
) -> None:
    for tensor, result in zip(op.outputs, results, strict=False):
        outer.bind(tensor, result)
    for key, result in zip(keys, results[len(op.outputs) :], strict=False):
        outer.bind(Version(key, op), result)


def _as_list(results: Any) -> list[Any]:
    return list(results) if isinstance(results, tuple) else [results]


# while


@dataclass(slots=True, eq=False)
class _Loop:
    """A loop being lowered.

    Attributes:
      carried: for each value that goes round, the refs inside that stand for it at the start of
        an iteration, in the condition and in the body.
      initial: the values before the first iteration.
      fixed: refs inside that stand for values from outside.
    """

    op: Operation
    condition: Renamed
    body: Renamed
    keys: list[StateKey]
    carried: list[list[Ref]]
    initial: list[Array]
    fixed: dict[Ref, Abstract]
    reads: list[int]


def _lower_while(
    outer: Specialiser, op: Operation, refs: Sequence[Ref | None], renamed: Renamed
) -> None:
    try:
        loop = _loop(outer, op, refs, renamed)
        _emit_while(outer, loop)
    except CannotCompileError as reason:
        outer.to_host(op, _host_operands(op, refs, renamed), renamed, reason.reason)


def _host_operands(op: Operation, refs: Sequence[Ref | None], renamed: Renamed) -> list[Ref | None]:
    """Everything that a host loop takes: loop variables, captures and state."""
    operands: dict[Ref | None, None] = dict.fromkeys(refs)
    for part in renamed.inner[op]:
        inside = set(_parameters(part))
        for ref in part.imports:
            if ref not in inside:
                operands[outside(renamed, op, ref)] = None
    return list(operands)


def _loop(outer: Specialiser, op: Operation, refs: Sequence[Ref | None], renamed: Renamed) -> _Loop:
    condition, body = renamed.inner[op]
    if condition.final:
        raise CannotCompileError("the condition changes state")
    keys = list(body.final)
    imports = _imports(outer, op, renamed, keys)
    fixed: dict[Ref, Abstract] = {}
    for ref, found in imports.items():
        for part in (condition, body):
            inside = (
                ref
                if isinstance(ref, Tensor)
                else Version(
                    ref.key,
                    (part.cut.region, ref.writer[1]),  # type: ignore[index]
                )
            )
            fixed[inside] = found
    carried: list[list[Ref]] = []
    initial: list[Array] = []
    for index, ref in enumerate(refs[: len(op.outputs)]):
        assert ref is not None
        found = _found(outer, ref)
        if isinstance(found, HostValue):
            raise CannotCompileError("a loop variable is a string")
        places: list[Ref] = [_parameters(condition)[index], _parameters(body)[index]]
        if body.outputs[index] == places[1] and isinstance(found, np.ndarray):
            fixed.update(dict.fromkeys(places, found))
        carried.append(places)
        initial.append(found)
    reads: list[int] = []
    for position, key in enumerate(keys):
        write = Version(key, (body.cut.region, "write"))
        carried.append([write])
        initial.append(_array(fixed.pop(write)))
        fixed.pop(Version(key, (condition.cut.region, "write")), None)
        places = [Version(key, (part.cut.region, "read")) for part in (condition, body)]
        present = [place for place in places if place in fixed]
        if present:
            reads.append(position)
            initial.append(_array(fixed[present[0]]))
            for place in present:
                del fixed[place]
            carried.append(present)
    return _Loop(op, condition, body, keys, carried, initial, fixed, reads)


def _array(found: Abstract) -> Array:
    assert not isinstance(found, HostValue)
    return found


def _emit_while(outer: Specialiser, loop: _Loop) -> None:
    op = loop.op
    outer_builder = outer.result.builder
    captured = list(dict.fromkeys(v for v in loop.fixed.values() if isinstance(v, Value)))
    body = _lower_body(outer, loop, captured)
    after = [_yielded(body.inner, ref) for ref in loop.body.outputs]
    for position, key in enumerate(loop.keys):
        value = _state_after(body.inner, key)
        after.append(value)
        if position in loop.reads:
            after.append(value)
    for index, (before, item) in enumerate(zip(loop.initial, after, strict=True)):
        if (before.dtype, before.shape) != (item.dtype, item.shape):
            raise CannotCompileError(
                f"loop variable {index} changes from shape {before.shape} to {item.shape}"
            )
    checks = body.inner.builder.checks
    flags = body.inner.builder.check_flags
    with building(body.inner.builder):
        ok_after = [logical_and(ok, flag) for ok, flag in zip(body.ok, flags, strict=True)]
    body_block = body.inner.builder.block(
        [*body.parameters, *body.ok, *body.captures], [*after, *ok_after]
    )
    condition_block = _condition_block(outer, loop, captured, len(checks))
    initial = [outer_builder.value(item) for item in loop.initial]
    initial += [outer_builder.value(_TRUE)] * len(checks)
    results = _as_list(
        while_loop(
            *initial,
            *captured,
            cond_block=condition_block,
            body_block=body_block,
            loop_vars=len(initial),
        )
    )
    _bind_loop(outer, loop, results)
    _relay_checks(outer, checks, results[len(loop.carried) : len(loop.carried) + len(checks)])
    _check_last_condition(outer, loop, op)


@dataclass(slots=True, eq=False)
class _Body:
    inner: _Inner
    parameters: list[Value]
    captures: list[Value]
    ok: list[Value]


def _loop_env(
    loop: _Loop, captured: Sequence[Value]
) -> tuple[dict[Ref, Abstract], list[Value], list[Value]]:
    """Names inside a loop's block, the parameters that go round, and those that stay."""
    parameters = [Value(TensorType(item.dtype, item.shape)) for item in loop.initial]
    inner_of = {value: Value(value.type) for value in captured}
    env: dict[Ref, Abstract] = {}
    for places, parameter in zip(loop.carried, parameters, strict=True):
        env.update(dict.fromkeys(places, parameter))
    for ref, found in loop.fixed.items():
        env[ref] = inner_of[found] if isinstance(found, Value) else found
    return env, parameters, list(inner_of.values())


def _lower_body(outer: Specialiser, loop: _Loop, captured: Sequence[Value]) -> _Body:
    env, parameters, captures = _loop_env(loop, captured)
    builder = Builder()
    # The checks of the condition hold in every iteration that it admits: they are made here.
    _lower_region(outer, loop.condition, env, builder)
    inner = _lower_region(outer, loop.body, env, builder)
    ok = [Value(TensorType(np.dtype(np.bool_), ())) for _ in builder.checks]
    return _Body(inner, parameters, captures, ok)


def _condition_block(
    outer: Specialiser, loop: _Loop, captured: Sequence[Value], checks: int
) -> Any:
    env, parameters, captures = _loop_env(loop, captured)
    inner = _lower_region(outer, loop.condition, env, Builder())
    flag = _yielded(inner, loop.condition.outputs[0])
    ok = [Value(TensorType(np.dtype(np.bool_), ())) for _ in range(checks)]
    with building(inner.builder):
        for item in ok:
            flag = logical_and(flag, item)
    return inner.builder.block([*parameters, *ok, *captures], [flag])


def _bind_loop(outer: Specialiser, loop: _Loop, results: Sequence[Any]) -> None:
    for tensor, result in zip(loop.op.outputs, results, strict=False):
        outer.bind(tensor, result)
    position = len(loop.op.outputs)
    for index, key in enumerate(loop.keys):
        outer.bind(Version(key, loop.op), results[position])
        position += 2 if index in loop.reads else 1


def _check_last_condition(outer: Specialiser, loop: _Loop, op: Operation) -> None:
    """The condition that ends the loop is checked on the values that it ends with."""
    probe = Builder()
    env, _, _ = _loop_env(loop, [v for v in loop.fixed.values() if isinstance(v, Value)])
    _lower_region(outer, loop.condition, env, probe)
    if not probe.checks:
        return
    final: dict[Ref, Abstract] = dict(loop.fixed)
    for places, tensor in zip(loop.carried, op.outputs, strict=False):
        found = outer.lookup(tensor)
        assert found is not None
        final.update(dict.fromkeys(places, found))
    for key in loop.keys:
        found = outer.lookup(Version(key, op))
        assert found is not None
        final[Version(key, (loop.condition.cut.region, "read"))] = found
    _lower_region(outer, loop.condition, final, outer.result.builder)

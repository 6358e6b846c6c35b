"""Lowering a loop: condition and body as inner blocks, or a loop that the planner drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.program import Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.trace import Builder, building
from polygraph.core.runtime.planner.regions import (
    Inner,
    array_of,
    as_list,
    found_in,
    imports_of,
    lower_region,
    named_in,
    outside,
    parameters_of,
    relay_checks,
    state_after,
    yielded,
)
from polygraph.core.runtime.planner.rename import Renamed, StateKey, Version
from polygraph.core.runtime.planner.specialise import CannotCompileError, Specialiser
from polygraph.ops.operand_checks import require_scalar
from polygraph.ops.primitives.control import while_loop
from polygraph.ops.primitives.elementwise import logical_and

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.trace import Array
    from polygraph.core.runtime.planner.rename import Ref
    from polygraph.core.runtime.planner.specialise import Abstract

_TRUE = np.asarray(True)  # noqa: FBT003


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


def lower_while(outer: Specialiser, op: Operation, refs: Sequence[Ref], renamed: Renamed) -> None:
    """Lower a loop whose variables start as ``refs``; the planner drives it where it must."""
    try:
        loop = _loop(outer, op, refs, renamed)
        _emit_while(outer, loop)
    except CannotCompileError as reason:
        outer.to_host(op, _host_operands(op, refs, renamed), renamed, reason.reason)


def _host_operands(op: Operation, refs: Sequence[Ref], renamed: Renamed) -> list[Ref | None]:
    """Everything that a host loop takes: loop variables, captures and state."""
    operands: dict[Ref | None, None] = dict.fromkeys(refs)
    for part in renamed.inner[op]:
        inside = set(parameters_of(part))
        for taken in part.imports:
            if taken not in inside:
                operands[outside(renamed, op, taken)] = None
    return list(operands)


def _loop(outer: Specialiser, op: Operation, refs: Sequence[Ref], renamed: Renamed) -> _Loop:
    condition, body = renamed.inner[op]
    if condition.final:
        raise CannotCompileError("the condition changes state")
    keys = list(body.final)
    fixed: dict[Ref, Abstract] = {}
    for taken, found in imports_of(outer, op, renamed, keys).items():
        for part in (condition, body):
            fixed[named_in(part.cut.region, taken)] = found
    loop = _Loop(op, condition, body, keys, [], [], fixed, [])
    for index, ref in enumerate(refs[: len(op.outputs)]):
        _carry_variable(loop, index, array_of(found_in(outer, ref)))
    for position in range(len(keys)):
        _carry_state(loop, position)
    return loop


def _carry_variable(loop: _Loop, index: int, initial: Array) -> None:
    """Let a loop variable go round; one that stays as it is keeps a value that is known."""
    places: list[Ref] = [parameters_of(loop.condition)[index], parameters_of(loop.body)[index]]
    if loop.body.outputs[index] == places[1] and isinstance(initial, np.ndarray):
        loop.fixed.update(dict.fromkeys(places, initial))
    loop.carried.append(places)
    loop.initial.append(initial)


def _carry_state(loop: _Loop, position: int) -> None:
    """Let state that the body writes go round: as what writes follow, and as what reads see."""
    key, fixed = loop.keys[position], loop.fixed
    regions = (loop.condition.cut.region, loop.body.cut.region)
    write = Version(key, (regions[1], "write"))
    loop.carried.append([write])
    loop.initial.append(array_of(fixed.pop(write)))
    fixed.pop(Version(key, (regions[0], "write")), None)
    places: list[Ref] = [Version(key, (region, "read")) for region in regions]
    present = [place for place in places if place in fixed]
    if present:
        loop.reads.append(position)
        loop.initial.append(array_of(fixed[present[0]]))
        loop.carried.append(present)
        for place in present:
            del fixed[place]


def _emit_while(outer: Specialiser, loop: _Loop) -> None:
    op = loop.op
    outer_builder = outer.result.builder
    captured = list(dict.fromkeys(v for v in loop.fixed.values() if isinstance(v, Value)))
    body = _lower_body(outer, loop, captured)
    after = [yielded(body.inner, ref) for ref in loop.body.outputs]
    for position, key in enumerate(loop.keys):
        value = state_after(body.inner, key)
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
    results = as_list(
        while_loop(
            *initial,
            *captured,
            cond_block=condition_block,
            body_block=body_block,
            loop_vars=len(initial),
        )
    )
    _bind_loop(outer, loop, results)
    relay_checks(outer, checks, results[len(loop.carried) : len(loop.carried) + len(checks)])
    _check_last_condition(outer, loop, op)


@dataclass(slots=True, eq=False)
class _Body:
    inner: Inner
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
    lower_region(outer, loop.condition, env, builder)
    inner = lower_region(outer, loop.body, env, builder)
    ok = [Value(TensorType(np.dtype(np.bool_), ())) for _ in builder.checks]
    return _Body(inner, parameters, captures, ok)


def _condition_block(
    outer: Specialiser, loop: _Loop, captured: Sequence[Value], checks: int
) -> Any:
    env, parameters, captures = _loop_env(loop, captured)
    inner = lower_region(outer, loop.condition, env, Builder())
    flag = yielded(inner, loop.condition.outputs[0])
    require_scalar(flag, f"the condition of {loop.op.name!r}")
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
    lower_region(outer, loop.condition, env, probe)
    if not probe.checks:
        return
    final: dict[Ref, Abstract] = dict(loop.fixed)
    for places, tensor in zip(loop.carried, op.outputs, strict=False):
        final.update(dict.fromkeys(places, found_in(outer, tensor)))
    for key in loop.keys:
        final[Version(key, (loop.condition.cut.region, "read"))] = found_in(outer, Version(key, op))
    lower_region(outer, loop.condition, final, outer.result.builder)

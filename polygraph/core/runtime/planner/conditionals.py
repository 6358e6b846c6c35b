"""Lowering a cond: both branches as inner blocks, or the taken one in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph.core.ground.program import Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.trace import Builder
from polygraph.core.runtime.planner.regions import (
    array_of,
    as_list,
    bind_owner,
    found_in,
    imports_of,
    lower_region,
    named_in,
    relay_checks,
    state_after,
    written_keys,
    yielded,
)
from polygraph.core.runtime.planner.rename import Renamed, Version, handed_in
from polygraph.core.runtime.planner.specialise import CannotCompileError, Specialiser
from polygraph.ops.operand_checks import require_scalar
from polygraph.ops.primitives.control import cond

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.trace import Array
    from polygraph.core.runtime.planner.rename import Ref
    from polygraph.core.runtime.planner.specialise import Abstract

_TRUE = np.asarray(True)  # noqa: FBT003


def lower_cond(outer: Specialiser, op: Operation, predicate_ref: Ref, renamed: Renamed) -> None:
    """Lower a cond. With a known predicate only the taken branch is looked at."""
    predicate = found_in(outer, predicate_ref)
    require_scalar(predicate, f"the predicate of {op.name!r}")
    if isinstance(predicate, np.ndarray):
        _splice(outer, op, renamed, 0 if bool(predicate) else 1)
        return
    try:
        _emit_cond(outer, op, renamed, array_of(predicate))
    except CannotCompileError:
        outer.demand(predicate_ref, op)


def _splice(outer: Specialiser, op: Operation, renamed: Renamed, taken: int) -> None:
    """Lower the taken branch in the place of its owner."""
    part = renamed.inner[op][taken]
    for taken_in in part.imports:
        if isinstance(taken_in, Version):
            found = outer.lookup(handed_in(renamed, op, taken_in))
            if found is not None:
                outer.bind(taken_in, found)
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


def _emit_cond(outer: Specialiser, op: Operation, renamed: Renamed, predicate: Array) -> None:
    parts = renamed.inner[op]
    keys = written_keys(renamed, op)
    imports = imports_of(outer, op, renamed, keys)
    captured = [found for found in imports.values() if isinstance(found, Value)]
    captured = list(dict.fromkeys(captured))
    inners, parameters = [], []
    for part in parts:
        inner_of = {value: Value(value.type) for value in captured}
        env: dict[Ref, Abstract] = {}
        for ref, found in imports.items():
            inside = named_in(part.cut.region, ref)
            env[inside] = inner_of[found] if isinstance(found, Value) else found
        inners.append(lower_region(outer, part, env, Builder()))
        parameters.append(list(inner_of.values()))
    given = [
        [yielded(inner, ref) for ref in inner.renamed.outputs]
        + [state_after(inner, key) for key in keys]
        for inner in inners
    ]
    types = [[TensorType(item.dtype, item.shape) for item in items] for items in given]
    if types[0] != types[1]:
        raise CannotCompileError("the branches differ in shape")
    flags = [inner.builder.check_flags for inner in inners]
    padded = [[*flags[0], *[_TRUE] * len(flags[1])], [*[_TRUE] * len(flags[0]), *flags[1]]]
    blocks = [
        inner.builder.block(inner_parameters, items + checks)
        for inner, inner_parameters, items, checks in zip(
            inners, parameters, given, padded, strict=True
        )
    ]
    results = as_list(cond(predicate, *captured, then_block=blocks[0], else_block=blocks[1]))
    bind_owner(outer, op, keys, results)
    checks = [*inners[0].builder.checks, *inners[1].builder.checks]
    relay_checks(outer, checks, results[len(op.outputs) + len(keys) :])

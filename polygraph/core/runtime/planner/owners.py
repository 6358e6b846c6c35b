"""Lowering the operations that own regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.op_spec import Kind
from polygraph.core.runtime.planner.conditionals import lower_cond
from polygraph.core.runtime.planner.loops import lower_while
from polygraph.core.runtime.planner.regions import DeferredError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.runtime.planner.rename import Ref, Renamed
    from polygraph.core.runtime.planner.specialise import Specialiser


def lower_owner(
    outer: Specialiser, op: Operation, refs: Sequence[Ref | None], renamed: Renamed
) -> None:
    """Lower ``op``, or leave it to a later stage."""
    operands = [ref for ref in refs if ref is not None]
    try:
        if op.definition.kind is Kind.COND:
            lower_cond(outer, op, operands[0], renamed)
        else:
            lower_while(outer, op, operands, renamed)
    except DeferredError:
        outer.defer(op)

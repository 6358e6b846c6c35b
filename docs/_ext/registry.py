"""Every op type and every primitive, from the registries that the runtime uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph
from polygraph.core.ground.dtypes import short_name
from polygraph.core.ground.op import REGISTRY, Composite, Op
from polygraph.core.ground.op_def import OP_DEFS, OpDef
from polygraph.core.ground.op_spec import GradientState, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polygraph.core.ground.dtypes import DType

__all__ = ["composites", "op_types", "primitives"]

# Importing the package is what fills the registries.
assert polygraph.__version__  # noqa: S101

GRADIENTS = {GradientState.NONE: "none, on purpose", GradientState.MISSING: "missing"}
KINDS = {
    Kind.PURE: "",
    Kind.PLACEHOLDER: "has a value only when it is fed",
    Kind.VARIABLE: "a variable",
    Kind.VARIABLE_PROBE: "asks about a variable without reading it",
    Kind.CAPACITY: "is a number of the plan's: how many turns of loops there is room for",
    Kind.HIDDEN: "is the hidden state of another operation",
    Kind.WRITE: "writes its variables",
    Kind.HOST: "runs in Python, between two stages",
    Kind.COND: "owns two regions",
    Kind.WHILE: "owns a condition and a body",
}


def op_types(_: str) -> str:
    """A section for each op type of a graph."""
    return "\n".join(_op_type(OP_DEFS[name]) for name in sorted(OP_DEFS))


def _op_type(definition: OpDef) -> str:
    rule = definition.gradient_rule
    facts = {
        "is": KINDS[definition.kind],
        "types": _dtypes(definition.dtypes),
        "needs the values of": ", ".join(f"`{name}`" for name in sorted(definition.static)),
        "keeps for itself": ", ".join(f"`{state.name}`" for state in definition.hidden),
        "gradient": GRADIENTS[rule] if isinstance(rule, GradientState) else "a rule",
        "samples": _samples(definition.samples),
    }
    return _entry(definition.type, definition.signature, definition.doc, facts)


def primitives(_: str) -> str:
    """A section for each primitive."""
    return _ops(op for op in REGISTRY.values() if not isinstance(op, Composite))


def composites(_: str) -> str:
    """A section for each composite."""
    return _ops(op for op in REGISTRY.values() if isinstance(op, Composite))


def _ops(ops: Iterable[Op]) -> str:
    return "\n".join(
        _entry(
            op.name,
            op.signature.text,
            op.doc,
            {"types": _dtypes(op.signature.dtypes), "samples": _samples(op.samples)},
        )
        for op in sorted(ops, key=lambda op: op.name)
    )


def _entry(name: str, signature: str, doc: str, facts: Mapping[str, str]) -> str:
    first = doc.split("\n\n", maxsplit=1)[0].replace("\n", " ")
    lines = [f"## `{name}`", "", f"`{signature}`", "", first, ""]
    lines += [f"- {what}: {fact}" for what, fact in facts.items() if fact]
    return "\n".join(lines) + "\n"


def _dtypes(dtypes: Mapping[str, Sequence[DType]]) -> str:
    return "; ".join(
        f"`{name}` is {', '.join(short_name(dtype.np_dtype) for dtype in choices)}"
        for name, choices in dtypes.items()
    )


def _samples(samples: Sequence[tuple[Any, ...]]) -> str:
    shown = [f"`{', '.join(map(_operand, sample)) or 'no operands'}`" for sample in samples[:4]]
    return "; ".join(shown)


def _operand(operand: Any) -> str:
    """A shape as it is, an array by its values where they are few, attributes by name."""
    if isinstance(operand, np.ndarray):
        if operand.size > 6:  # noqa: PLR2004 - what fits a line
            return f"{short_name(operand.dtype)}{list(operand.shape)}"
        values = " ".join(np.array2string(operand, separator=", ", precision=6).split())
        return f"{short_name(operand.dtype)} {values}"
    if isinstance(operand, dict):
        return ", ".join(f"{name}={value!r}" for name, value in operand.items())
    return repr(operand)

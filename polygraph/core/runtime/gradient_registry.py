"""Gradient rules that a program registers itself, and which rule an operation follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import MissingGradientError
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.ground.op_spec import GradientState

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.operation import Operation

    Rule = Callable[..., Any]

__all__ = ["NoGradient", "NotDifferentiable", "RegisterGradient"]

_rules: dict[str, Rule | None] = {}
"""Rules by op type or by the name that `Graph.gradient_override_map` uses; None for no gradient."""


def register_rule(name: str, rule: Rule | None) -> None:
    """Let ``rule`` be the gradient of ``name``; None makes it a constant to differentiation.

    Raises:
      KeyError: there is one already.
    """
    definition = OP_DEFS.get(name)
    defined = definition is not None and definition.gradient_rule is not GradientState.MISSING
    if name in _rules or defined:
        msg = f"Registering two gradient with name '{name}'!"
        raise KeyError(msg)
    _rules[name] = rule


class RegisterGradient:
    """Decorator: the decorated function is the gradient of an op type, or of an override's name.

    The function takes the operation and one gradient for each of its outputs, and gives one
    gradient, or None, for each of its inputs.

    Args:
      op_type: the op type, or the name that `Graph.gradient_override_map` maps a type to.

    Raises:
      TypeError: ``op_type`` is no string.
      KeyError: on decorating, where there is a gradient of that name already.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            msg = f"op_type must be a string, but is {op_type!r}"
            raise TypeError(msg)
        self._op_type = op_type

    def __call__(self, f: Rule) -> Rule:
        """Register ``f`` and return it."""
        register_rule(self._op_type, f)
        return f


def NotDifferentiable(op_type: str) -> None:  # noqa: N802 - TF1's name
    """Say that operations of a type are constants to differentiation.

    Raises:
      TypeError: ``op_type`` is no string.
      KeyError: there is a gradient of that type already.
    """
    if not isinstance(op_type, str):
        msg = f"op_type must be a string, but is {op_type!r}"
        raise TypeError(msg)
    register_rule(op_type, None)


NoGradient = NotDifferentiable


def rule_of(op: Operation) -> Rule | None:
    """The gradient rule of ``op``, None where it is a constant on purpose.

    Raises:
      MissingGradientError: nobody wrote one.
      LookupError: its gradient is overridden by a name that nobody registered.
    """
    override = op.attrs.get("_gradient_op_type")
    if override is not None:
        name = override.decode() if isinstance(override, bytes) else str(override)
        if name not in _rules:
            msg = f"No gradient is registered as '{name}', which '{op.name}' ({op.frame}) asks for"
            raise LookupError(msg)
        return _rules[name]
    rule = op.definition.gradient_rule
    if rule is GradientState.NONE:
        return None
    if rule is not GradientState.MISSING:
        return rule
    if op.type not in _rules:
        raise MissingGradientError(op.name, op.type, op.frame)
    return _rules[op.type]

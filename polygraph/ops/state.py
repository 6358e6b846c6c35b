"""Variables in the graph: the op that stands for one, and the ops that give it a new value."""
# ruff: noqa: ARG001, N802 - attributes that only the planner reads; TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import errors, shape_rules
from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.tensor_shape import as_shape
from polygraph.core.ground.trace import check
from polygraph.ops.primitives import elementwise as ew

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__ = ["assign", "assign_add", "assign_sub", "count_up_to", "is_variable_initialized"]


def _variable_shape(context: ShapeContext) -> TensorShape:
    return as_shape(context.attrs["shape"])


@graph_op(
    "VariableV2",
    "-> ref: &dtype",
    kind=Kind.VARIABLE,
    shape=_variable_shape,
    stateful=True,
    dtype=ALL,
)
def VariableV2(*, shape: TensorShape, container: str = "", shared_name: str = "") -> None:
    """A variable of the session.

    The shape is the declared one: new values must have it, save where an `Assign` with
    ``validate_shape=False`` gives one. The attribute is None where the rank is unknown.
    """


VariableV2.no_gradient()


@graph_op(
    "IsVariableInitialized",
    "ref: &dtype -> is_initialized: bool",
    kind=Kind.VARIABLE_PROBE,
    shape=shape_rules.scalar,
    stateful=True,
    dtype=ALL,
)
def IsVariableInitialized(_ref: None) -> None:
    """Whether the variable has a value; the planner answers it from the session's state."""


IsVariableInitialized.no_gradient()


def _assigned_shape(context: ShapeContext) -> TensorShape:
    if context.attrs["validate_shape"]:
        return context.shape(0).merge_with(context.shape(1))
    return context.shape(1)


@graph_op(
    "Assign",
    "ref: &T, value: T -> output_ref: &T",
    kind=Kind.WRITE,
    shape=_assigned_shape,
    writes=("ref",),
    overwrites=("ref",),
    T=ALL,
)
def Assign(
    _ref: Array | None, value: Array, *, validate_shape: bool = True, use_locking: bool = True
) -> Array:
    """Give the variable a value."""
    return value


Assign.no_gradient()


@graph_op(
    "AssignAdd",
    "ref: &T, value: T -> output_ref: &T",
    kind=Kind.WRITE,
    shape=shape_rules.merged,
    writes=("ref",),
    T=NUMERIC,
)
def AssignAdd(ref: Array, value: Array, *, use_locking: bool = False) -> Array:
    """Add to the variable."""
    return ew.add(ref, value)  # type: ignore[no-any-return]


AssignAdd.no_gradient()


@graph_op(
    "AssignSub",
    "ref: &T, value: T -> output_ref: &T",
    kind=Kind.WRITE,
    shape=shape_rules.merged,
    writes=("ref",),
    T=NUMERIC,
)
def AssignSub(ref: Array, value: Array, *, use_locking: bool = False) -> Array:
    """Subtract from the variable."""
    return ew.subtract(ref, value)  # type: ignore[no-any-return]


AssignSub.no_gradient()


@graph_op(
    "CountUpTo",
    "ref: &T -> output: T",
    kind=Kind.WRITE,
    shape=shape_rules.scalar,
    writes=("ref",),
    T=INDEX,
)
def CountUpTo(ref: Array, *, limit: int) -> tuple[Array, Array]:
    """Add one to a counter that is below ``limit``; the output is its value before."""
    one = ref.dtype.type(1)
    below = ew.less(ref, ref.dtype.type(limit))
    check(below, errors.OutOfRangeError, f"Reached limit of {limit}")
    return ew.add(ref, one), ref


CountUpTo.no_gradient()


def is_ref(value: Any) -> bool:
    """Whether ``value`` is a variable, or the output of an op that wrote one."""
    return bool(getattr(getattr(value, "dtype", None), "_is_ref_dtype", False))


def assign(
    ref: Any,
    value: Any,
    validate_shape: bool | None = None,
    use_locking: bool | None = None,
    name: str | None = None,
) -> Any:
    """Operation output that gives ``ref`` the value when it runs; it is the new value itself.

    Args:
      ref: a variable.
      value: of the variable's dtype and, unless ``validate_shape`` is False, of its shape.
      validate_shape: False lets the variable change its shape.
      use_locking: accepted for TF1's sake; a session's writes never overlap.
      name: of the operation.

    Raises:
      ValueError: the static shapes do not fit.
    """
    if not is_ref(ref):
        return ref.assign(value, name=name)
    attrs = {"validate_shape": validate_shape is not False}
    return Assign(ref, value, name=name, use_locking=use_locking is not False, **attrs)


def assign_add(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Operation output that adds ``value`` to the variable; it is the new value itself.

    Raises:
      ValueError: ``value`` has not the variable's shape; it does not broadcast.
    """
    if not is_ref(ref):
        return ref.assign_add(value, name=name)
    return AssignAdd(ref, value, use_locking=bool(use_locking), name=name)


def assign_sub(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Operation output that subtracts ``value`` from the variable; it is the new value itself.

    Raises:
      ValueError: ``value`` has not the variable's shape; it does not broadcast.
    """
    if not is_ref(ref):
        return ref.assign_sub(value, name=name)
    return AssignSub(ref, value, use_locking=bool(use_locking), name=name)


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Any:
    """The value of an int variable before one was added to it.

    Raises:
      OutOfRangeError: when it runs and the variable has reached ``limit``.
    """
    if not is_ref(ref):
        return ref.count_up_to(limit)
    return CountUpTo(ref, limit=limit, name=name)


def is_variable_initialized(ref: Any, name: str | None = None) -> Any:
    """Whether the variable had a value before the run: a bool scalar."""
    return IsVariableInitialized(ref, name=name)

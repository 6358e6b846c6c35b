"""TF1's `SparseApply...` ops: one step of an optimiser on some rows of a variable and its slots.

Rows that are given several times count as the sum of what is given for them. TF1's optimisers sum
them before these ops, which needs a number of rows that depends on the data; here the op does.
"""
# ruff: noqa: ARG001, N802 - attributes that no lowering needs; TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import FLOATING, INDEX
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.trace import check
from polygraph.ops.primitives import (
    elementwise as ew,
    indexing,
    reduction,
    training as step,
    training_regularised as regularised,
)
from polygraph.ops.training import is_minus_half

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

    Dense = Callable[..., Any]

__all__: list[str] = []

_I32 = np.dtype(np.int32)


def _sparse_shape(
    states: Sequence[int], grad: int, indices: int
) -> Callable[[ShapeContext], TensorShape]:
    def rule(context: ShapeContext) -> TensorShape:
        shape = context.shape(states[0])
        for index in states[1:]:
            shape = shape.merge_with(context.shape(index))
        listed = context.shape(indices)
        listed.assert_has_rank(1)
        if shape.ndims == 0:
            msg = "the variable must have rows to index, but it is a scalar"
            raise ShapeError(msg)
        if shape.ndims is not None:
            listed.concatenate(shape[1:]).merge_with(context.shape(grad))
        for index in range(len(context.inputs)):
            if index not in {*states, grad, indices}:
                context.shape(index).assert_has_rank(0)
        return shape

    return rule


def _sparse(op_type: str, signature: str) -> Callable[[Callable[..., Any]], OpDef]:
    """Like `graph_op`; what is a variable, a gradient or a scalar is read off the signature."""
    names = [part.strip().split(":")[0] for part in signature.split("->", maxsplit=1)[0].split(",")]
    writes = [name for name in names if f"{name}: &" in signature]
    shape = _sparse_shape(
        [names.index(name) for name in writes], names.index("grad"), names.index("indices")
    )

    def decorate(lower: Callable[..., Any]) -> OpDef:
        definition = graph_op(
            op_type,
            signature,
            kind=Kind.WRITE,
            shape=shape,
            writes=writes,
            T=FLOATING,
            Tindices=INDEX,
        )(lower)
        return definition.no_gradient()

    return decorate


def _within(indices: Array, rows: int) -> Array:
    """``indices`` checked against ``[0, rows)``."""
    if indices.shape[0] == 0:
        return indices
    inside = ew.logical_and(
        ew.greater_equal(indices, np.zeros((), indices.dtype)),
        ew.less(indices, np.array(rows, indices.dtype)),
    )
    first = reduction.argmin(ew.cast(inside, dtype=_I32), axis=0, dtype=_I32)
    check(
        reduction.reduce_all(inside, axes=(0,), keepdims=False),
        errors.InvalidArgumentError,
        f"Index {{}} at offset {{}} in indices is out of range: the variable has {rows} rows",
        details=(indexing.gather(indices, first, axis=0, batch_dims=0), first),
    )
    return ew.select(inside, indices, np.zeros((), indices.dtype))  # type: ignore[no-any-return]


def _by_rows(
    dense: Dense, states: Sequence[Array], indices: Array, grad: Array
) -> tuple[Array, ...]:
    """``dense(rows of the states, gradient)`` on the rows that have a gradient.

    Args:
      dense: gives new rows for all states.
      states: ``[n, ...]`` each.
      indices: ``[k]``.
      grad: ``[k, ...]``.
    """
    if states[0].shape[0] == 0 or indices.shape[0] == 0:
        return tuple(states)
    total = step.sum_repeated(grad, indices)
    rows = [indexing.gather(state, indices, axis=0, batch_dims=0) for state in states]
    new = dense(*rows, total)
    listed = new if isinstance(new, tuple) else (new,)
    return tuple(
        indexing.scatter_update(state, indices, row)
        for state, row in zip(states, listed, strict=True)
    )


@_sparse(
    "SparseApplyMomentum",
    "var: &T, accum: &T, lr: T, grad: T, indices: Tindices, momentum: T -> out: &T",
)
def SparseApplyMomentum(
    var: Array,
    accum: Array,
    lr: Array,
    grad: Array,
    indices: Array,
    momentum: Array,
    *,
    use_locking: bool = False,
    use_nesterov: bool = False,
) -> tuple[Array, ...]:
    """A step of momentum on some rows; other rows keep their momentum as it is."""

    def dense(rows: Array, sums: Array, total: Array) -> Any:
        return step.apply_momentum(rows, sums, lr, total, momentum, use_nesterov=use_nesterov)

    return _by_rows(dense, (var, accum), _within(indices, var.shape[0]), grad)


@_sparse(
    "SparseApplyAdam",
    "var: &T, m: &T, v: &T, beta1_power: T, beta2_power: T, lr: T, beta1: T, beta2: T, "
    "epsilon: T, grad: T, indices: Tindices -> out: &T",
)
def SparseApplyAdam(
    var: Array, m: Array, v: Array, *operands: Array, use_locking: bool = False
) -> tuple[Array, ...]:
    """A step of Adam of which only some rows have a gradient; all rows move.

    TF1 has no op for it: there the optimiser spells it with some twenty.
    """
    *others, indices = operands
    safe = _within(indices, var.shape[0])
    if var.shape[0] == 0:
        return var, m, v
    return step.sparse_apply_adam(var, m, v, *others, safe)  # type: ignore[no-any-return]


def _adagrad(
    states: tuple[Array, Array],
    scalars: tuple[Array, Array],
    rows: tuple[Array, Array],
    *,
    update_slots: bool,
) -> tuple[Array, ...]:
    grad, indices = rows

    def dense(*operands: Array) -> Any:
        *old, total = operands
        return step.apply_adagrad(*old, *scalars, total, update_slots=update_slots)

    return _by_rows(dense, states, _within(indices, states[0].shape[0]), grad)


@_sparse(
    "SparseApplyAdagrad",
    "var: &T, accum: &T, lr: T, grad: T, indices: Tindices -> out: &T",
)
def SparseApplyAdagrad(
    var: Array,
    accum: Array,
    lr: Array,
    grad: Array,
    indices: Array,
    *,
    use_locking: bool = False,
    update_slots: bool = True,
) -> tuple[Array, ...]:
    """A step of Adagrad on some rows."""
    scalars = (lr, np.zeros((), var.dtype))
    return _adagrad((var, accum), scalars, (grad, indices), update_slots=update_slots)


@_sparse(
    "SparseApplyAdagradV2",
    "var: &T, accum: &T, lr: T, epsilon: T, grad: T, indices: Tindices -> out: &T",
)
def SparseApplyAdagradV2(
    var: Array,
    accum: Array,
    lr: Array,
    epsilon: Array,
    grad: Array,
    indices: Array,
    *,
    use_locking: bool = False,
    update_slots: bool = True,
) -> tuple[Array, ...]:
    """A step of Adagrad with an epsilon on some rows."""
    return _adagrad((var, accum), (lr, epsilon), (grad, indices), update_slots=update_slots)


def _plain(dense: Dense, count: int) -> Callable[..., tuple[Array, ...]]:
    """The lowering of an op whose operands are ``count`` states, scalars, gradient, indices."""

    def lower(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
        states, scalars = operands[:count], operands[count:-2]
        grad, indices = operands[-2:]

        def on_rows(*rows: Array) -> Any:
            return dense(*rows[:-1], *scalars, rows[-1])

        return _by_rows(on_rows, states, _within(indices, states[0].shape[0]), grad)

    return lower


SparseApplyAdadelta = _sparse(
    "SparseApplyAdadelta",
    "var: &T, accum: &T, accum_update: &T, lr: T, rho: T, epsilon: T, grad: T, "
    "indices: Tindices -> out: &T",
)(_plain(step.apply_adadelta, 3))

SparseApplyRMSProp = _sparse(
    "SparseApplyRMSProp",
    "var: &T, ms: &T, mom: &T, lr: T, rho: T, momentum: T, epsilon: T, grad: T, "
    "indices: Tindices -> out: &T",
)(_plain(step.apply_rms_prop, 3))

SparseApplyCenteredRMSProp = _sparse(
    "SparseApplyCenteredRMSProp",
    "var: &T, mg: &T, ms: &T, mom: &T, lr: T, rho: T, momentum: T, epsilon: T, grad: T, "
    "indices: Tindices -> out: &T",
)(_plain(step.apply_centered_rms_prop, 4))

SparseApplyProximalGradientDescent = _sparse(
    "SparseApplyProximalGradientDescent",
    "var: &T, alpha: T, l1: T, l2: T, grad: T, indices: Tindices -> out: &T",
)(_plain(regularised.apply_proximal_gradient_descent, 1))

SparseApplyProximalAdagrad = _sparse(
    "SparseApplyProximalAdagrad",
    "var: &T, accum: &T, lr: T, l1: T, l2: T, grad: T, indices: Tindices -> out: &T",
)(_plain(regularised.apply_proximal_adagrad, 2))


@_sparse(
    "SparseApplyAdagradDA",
    "var: &T, gradient_accumulator: &T, gradient_squared_accumulator: &T, grad: T, "
    "indices: Tindices, lr: T, l1: T, l2: T, global_step: int64 -> out: &T",
)
def SparseApplyAdagradDA(
    var: Array,
    gradients: Array,
    squares: Array,
    grad: Array,
    indices: Array,
    *scalars: Array,
    use_locking: bool = False,
) -> tuple[Array, ...]:
    """A step of dual averaging on some rows."""
    *rates, global_step = scalars
    count = ew.cast(global_step, dtype=var.dtype)

    def dense(_rows: Array, sums: Array, square_sums: Array, total: Array) -> Any:
        return regularised.apply_adagrad_da(sums, square_sums, total, *rates, count)

    return _by_rows(dense, (var, gradients, squares), _within(indices, var.shape[0]), grad)


def _ftrl(
    states: tuple[Array, ...], grad: Array, indices: Array, scalars: Sequence[Array]
) -> tuple[Array, ...]:
    root = is_minus_half(scalars[-1])

    def dense(*rows: Array) -> Any:
        return regularised.apply_ftrl(*rows, *scalars, root=root)

    return _by_rows(dense, states, _within(indices, states[0].shape[0]), grad)


@_sparse(
    "SparseApplyFtrl",
    "var: &T, accum: &T, linear: &T, grad: T, indices: Tindices, lr: T, l1: T, l2: T, "
    "lr_power: T -> out: &T",
)
def SparseApplyFtrl(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
    """A step of FTRL on some rows."""
    var, accum, linear, grad, indices, *rates, lr_power = operands
    scalars = (*rates, np.zeros((), var.dtype), lr_power)
    return _ftrl((var, accum, linear), grad, indices, scalars)


@_sparse(
    "SparseApplyFtrlV2",
    "var: &T, accum: &T, linear: &T, grad: T, indices: Tindices, lr: T, l1: T, l2: T, "
    "l2_shrinkage: T, lr_power: T -> out: &T",
)
def SparseApplyFtrlV2(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
    """A step of FTRL with a penalty on its size, on some rows."""
    var, accum, linear, grad, indices, *scalars = operands
    return _ftrl((var, accum, linear), grad, indices, scalars)

"""TF1's `Apply...` ops: one step of an optimiser on a variable and its slots."""
# ruff: noqa: ARG001, N802 - attributes that no lowering needs; TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph.core.ground.dtypes import COMPLEX, FLOATING
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.program import Value
from polygraph.ops.primitives import (
    elementwise as ew,
    training as step,
    training_regularised as regularised,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__: list[str] = []

_FIELD = FLOATING + COMPLEX


def update_shape(*arrays: int) -> Callable[[ShapeContext], TensorShape]:
    """The shape that the inputs at ``arrays`` have in common; all others are scalars."""

    def rule(context: ShapeContext) -> TensorShape:
        shape = context.shape(arrays[0])
        for index in range(len(context.inputs)):
            other = context.shape(index)
            if index in arrays:
                shape = shape.merge_with(other)
            else:
                other.assert_has_rank(0)
        return shape

    return rule


def _update(
    op_type: str,
    signature: str,
    *,
    writes: tuple[str, ...],
    arrays: tuple[int, ...],
    overwrites: tuple[str, ...] = (),
    dtypes: tuple[object, ...] = FLOATING,
) -> Callable[[Callable[..., object]], OpDef]:
    def decorate(lower: Callable[..., object]) -> OpDef:
        definition = graph_op(
            op_type,
            signature,
            kind=Kind.WRITE,
            shape=update_shape(*arrays),
            writes=writes,
            overwrites=overwrites,
            T=dtypes,  # type: ignore[arg-type]
        )(lower)
        return definition.no_gradient()

    return decorate


@_update(
    "ApplyGradientDescent",
    "var: &T, alpha: T, delta: T -> out: &T",
    writes=("var",),
    arrays=(0, 2),
    dtypes=_FIELD,
)
def ApplyGradientDescent(
    var: Array, alpha: Array, delta: Array, *, use_locking: bool = False
) -> Array:
    """Subtract ``alpha * delta``."""
    return step.apply_gradient_descent(var, alpha, delta)  # type: ignore[no-any-return]


@_update(
    "ApplyMomentum",
    "var: &T, accum: &T, lr: T, grad: T, momentum: T -> out: &T",
    writes=("var", "accum"),
    arrays=(0, 1, 3),
    dtypes=_FIELD,
)
def ApplyMomentum(
    var: Array,
    accum: Array,
    lr: Array,
    grad: Array,
    momentum: Array,
    *,
    use_locking: bool = False,
    use_nesterov: bool = False,
) -> tuple[Array, ...]:
    """A step of momentum."""
    return step.apply_momentum(  # type: ignore[no-any-return]
        var, accum, lr, grad, momentum, use_nesterov=use_nesterov
    )


@_update(
    "ApplyAdam",
    "var: &T, m: &T, v: &T, beta1_power: T, beta2_power: T, lr: T, beta1: T, beta2: T, "
    "epsilon: T, grad: T -> out: &T",
    writes=("var", "m", "v"),
    arrays=(0, 1, 2, 9),
)
def ApplyAdam(
    *operands: Array, use_locking: bool = False, use_nesterov: bool = False
) -> tuple[Array, ...]:
    """A step of Adam."""
    return step.apply_adam(*operands, use_nesterov=use_nesterov)  # type: ignore[no-any-return]


@_update(
    "ApplyAdagrad",
    "var: &T, accum: &T, lr: T, grad: T -> out: &T",
    writes=("var", "accum"),
    arrays=(0, 1, 3),
)
def ApplyAdagrad(
    var: Array,
    accum: Array,
    lr: Array,
    grad: Array,
    *,
    use_locking: bool = False,
    update_slots: bool = True,
) -> tuple[Array, ...]:
    """A step of Adagrad."""
    zero = np.zeros((), var.dtype)
    return step.apply_adagrad(  # type: ignore[no-any-return]
        var, accum, lr, zero, grad, update_slots=update_slots
    )


@_update(
    "ApplyAdagradV2",
    "var: &T, accum: &T, lr: T, epsilon: T, grad: T -> out: &T",
    writes=("var", "accum"),
    arrays=(0, 1, 4),
)
def ApplyAdagradV2(
    *operands: Array, use_locking: bool = False, update_slots: bool = True
) -> tuple[Array, ...]:
    """A step of Adagrad with an epsilon."""
    return step.apply_adagrad(*operands, update_slots=update_slots)  # type: ignore[no-any-return]


@_update(
    "ApplyAdadelta",
    "var: &T, accum: &T, accum_update: &T, lr: T, rho: T, epsilon: T, grad: T -> out: &T",
    writes=("var", "accum", "accum_update"),
    arrays=(0, 1, 2, 6),
)
def ApplyAdadelta(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
    """A step of Adadelta."""
    return step.apply_adadelta(*operands)  # type: ignore[no-any-return]


@_update(
    "ApplyRMSProp",
    "var: &T, ms: &T, mom: &T, lr: T, rho: T, momentum: T, epsilon: T, grad: T -> out: &T",
    writes=("var", "ms", "mom"),
    arrays=(0, 1, 2, 7),
)
def ApplyRMSProp(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
    """A step of RMSProp."""
    return step.apply_rms_prop(*operands)  # type: ignore[no-any-return]


@_update(
    "ApplyCenteredRMSProp",
    "var: &T, mg: &T, ms: &T, mom: &T, lr: T, rho: T, momentum: T, epsilon: T, grad: T -> out: &T",
    writes=("var", "mg", "ms", "mom"),
    arrays=(0, 1, 2, 3, 8),
)
def ApplyCenteredRMSProp(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
    """A step of centred RMSProp."""
    return step.apply_centered_rms_prop(*operands)  # type: ignore[no-any-return]


def is_minus_half(power: Array) -> bool:
    """Whether a learning rate's power is known to be -0.5, where roots serve."""
    return not isinstance(power, Value) and float(power) == -0.5  # noqa: PLR2004


@_update(
    "ApplyFtrl",
    "var: &T, accum: &T, linear: &T, grad: T, lr: T, l1: T, l2: T, lr_power: T -> out: &T",
    writes=("var", "accum", "linear"),
    arrays=(0, 1, 2, 3),
)
def ApplyFtrl(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
    """A step of FTRL."""
    *others, lr_power = operands
    zero = np.zeros((), operands[0].dtype)
    return regularised.apply_ftrl(  # type: ignore[no-any-return]
        *others, zero, lr_power, root=is_minus_half(lr_power)
    )


@_update(
    "ApplyFtrlV2",
    "var: &T, accum: &T, linear: &T, grad: T, lr: T, l1: T, l2: T, l2_shrinkage: T, lr_power: T "
    "-> out: &T",
    writes=("var", "accum", "linear"),
    arrays=(0, 1, 2, 3),
)
def ApplyFtrlV2(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
    """A step of FTRL with a penalty on its size."""
    root = is_minus_half(operands[-1])
    return regularised.apply_ftrl(*operands, root=root)  # type: ignore[no-any-return]


@_update(
    "ApplyProximalGradientDescent",
    "var: &T, alpha: T, l1: T, l2: T, delta: T -> out: &T",
    writes=("var",),
    arrays=(0, 4),
)
def ApplyProximalGradientDescent(*operands: Array, use_locking: bool = False) -> Array:
    """A step of proximal gradient descent."""
    return regularised.apply_proximal_gradient_descent(*operands)  # type: ignore[no-any-return]


@_update(
    "ApplyProximalAdagrad",
    "var: &T, accum: &T, lr: T, l1: T, l2: T, grad: T -> out: &T",
    writes=("var", "accum"),
    arrays=(0, 1, 5),
)
def ApplyProximalAdagrad(*operands: Array, use_locking: bool = False) -> tuple[Array, ...]:
    """A step of proximal Adagrad."""
    return regularised.apply_proximal_adagrad(*operands)  # type: ignore[no-any-return]


@_update(
    "ApplyAdagradDA",
    "var: &T, gradient_accumulator: &T, gradient_squared_accumulator: &T, grad: T, lr: T, l1: T, "
    "l2: T, global_step: int64 -> out: &T",
    writes=("var", "gradient_accumulator", "gradient_squared_accumulator"),
    arrays=(0, 1, 2, 3),
    overwrites=("var",),
)
def ApplyAdagradDA(
    _var: Array | None, *operands: Array, use_locking: bool = False
) -> tuple[Array, ...]:
    """A step of dual averaging."""
    *others, global_step = operands
    count = ew.cast(global_step, dtype=others[0].dtype)
    return regularised.apply_adagrad_da(*others, count)  # type: ignore[no-any-return]

"""Learning rates that fall while the global step rises."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import int32, int64
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.arithmetic import AddV2, Minimum, Mul, RealDiv, Sub
from polygraph.ops.casting import cast
from polygraph.ops.elementwise import ceil, cos, exp, floor, log
from polygraph.ops.logical import Equal, Greater, SelectV2
from polygraph.ops.powers import pow as power_of
from polygraph.ops.random_functions import random_normal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.tensor import Tensor

__all__ = [
    "cosine_decay",
    "cosine_decay_restarts",
    "exponential_decay",
    "inverse_time_decay",
    "linear_cosine_decay",
    "natural_exp_decay",
    "noisy_linear_cosine_decay",
    "piecewise_constant",
    "polynomial_decay",
]


def _start(learning_rate: Any, global_step: Any) -> Tensor:
    if global_step is None:
        msg = "global_step is required: pass the variable that counts the steps"
        raise ValueError(msg)
    return convert_to_tensor(learning_rate, name="initial_learning_rate")


def _periods(global_step: Any, decay_steps: Any, dtype: DType, *, staircase: bool) -> Tensor:
    done = RealDiv(cast(global_step, dtype), cast(decay_steps, dtype), name="truediv")
    return floor(done) if staircase else done


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * decay_rate ** (global_step / decay_steps)``.

    Args:
      learning_rate: the rate at step 0.
      global_step: how many steps were done.
      decay_steps: after how many steps the rate is multiplied by ``decay_rate``.
      decay_rate: the factor.
      staircase: count whole periods only.
      name: of the result.

    Raises:
      ValueError: ``global_step`` is None.
    """
    values = [learning_rate, global_step, decay_steps, decay_rate]
    with name_scope(name, "ExponentialDecay", values) as scope:
        start = _start(learning_rate, global_step)
        dtype = start.dtype.base_dtype
        periods = _periods(global_step, decay_steps, dtype, staircase=staircase)
        return Mul(start, power_of(cast(decay_rate, dtype), periods), name=scope)  # type: ignore[no-any-return]


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * exp(-decay_rate * global_step / decay_steps)``; see `exponential_decay`."""
    falling = exp(-convert_to_tensor(decay_rate))
    return exponential_decay(
        learning_rate, global_step, decay_steps, falling, staircase=staircase, name=name
    )


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate / (1 + decay_rate * global_step / decay_steps)``; see `exponential_decay`."""
    with name_scope(name, "InverseTimeDecay", [learning_rate, global_step, decay_rate]) as scope:
        start = _start(learning_rate, global_step)
        dtype = start.dtype.base_dtype
        periods = _periods(global_step, decay_steps, dtype, staircase=staircase)
        divisor = AddV2(cast(1, dtype), Mul(cast(decay_rate, dtype), periods), name="Add")
        return RealDiv(start, divisor, name=scope)  # type: ignore[no-any-return]


def _same_dtypes(values: Sequence[Tensor]) -> None:
    first = values[0].dtype.base_dtype
    for value in values[1:]:
        if value.dtype.base_dtype is not first:
            msg = (
                f"Values must have elements all with the same dtype ({first} vs "
                f"{value.dtype.base_dtype})."
            )
            raise ValueError(msg)


def _boundary(boundary: Any, dtype: DType) -> Tensor:
    tensor = convert_to_tensor(boundary)
    found = tensor.dtype.base_dtype
    if found is int32 and dtype is int64:
        return cast(tensor, dtype)  # type: ignore[no-any-return]
    if found is not dtype:
        msg = f"Boundaries ({found}) must have the same dtype as x ({dtype})."
        raise ValueError(msg)
    return tensor


def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> Tensor:
    """``values[i]`` where ``x`` is above ``boundaries[i - 1]`` and at most ``boundaries[i]``.

    Args:
      x: scalar, most often the global step.
      boundaries: rising numbers of the dtype of ``x``.
      values: one number more than ``boundaries``, all of one dtype.
      name: of the scope.

    Raises:
      ValueError: the numbers of boundaries and values do not fit, or their dtypes.
    """
    if len(boundaries) != len(values) - 1:
        msg = "The length of boundaries should be 1 less than the length of values"
        raise ValueError(msg)
    with name_scope(name, "PiecewiseConstant", [x, *boundaries, *values]):
        position = convert_to_tensor(x)
        limits = [_boundary(item, position.dtype.base_dtype) for item in boundaries]
        steps = [convert_to_tensor(value) for value in values]
        _same_dtypes(steps)
        result = steps[0]
        for limit, value in zip(limits, steps[1:], strict=True):
            result = SelectV2(Greater(position, limit), value, result)
        return result


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """From ``learning_rate`` to ``end_learning_rate`` in ``decay_steps`` steps.

    The way that is left is ``(1 - global_step / decay_steps) ** power``.

    Args:
      learning_rate: the rate at step 0.
      global_step: how many steps were done.
      decay_steps: in how many steps the end is reached.
      end_learning_rate: the rate at the end.
      power: of the polynomial.
      cycle: beyond the end go on with as many times ``decay_steps`` as are needed.
      name: of the result.

    Raises:
      ValueError: ``global_step`` is None.
    """
    values = [learning_rate, global_step, decay_steps, end_learning_rate, power]
    with name_scope(name, "PolynomialDecay", values) as scope:
        start = _start(learning_rate, global_step)
        dtype = start.dtype.base_dtype
        end, exponent = cast(end_learning_rate, dtype), cast(power, dtype)
        step, total = cast(global_step, dtype), cast(decay_steps, dtype)
        one = cast(1, dtype)
        if cycle:
            rounds = ceil(RealDiv(step, total, name="truediv"))
            total = Mul(total, SelectV2(Equal(step, cast(0, dtype)), one, rounds))
        else:
            step = Minimum(step, total)
        left = Sub(one, RealDiv(step, total, name="truediv"), name="sub")
        way = Mul(Sub(start, end, name="sub"), power_of(left, exponent))
        return AddV2(way, end, name=scope)  # type: ignore[no-any-return]


def _cosine(turned: Any) -> Any:
    """``(1 + cos(pi * turned)) / 2``."""
    return 0.5 * (1.0 + cos(turned * math.pi))


def cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """From ``learning_rate`` to ``alpha`` times it, along half a period of a cosine.

    Args:
      learning_rate: the rate at step 0.
      global_step: how many steps were done.
      decay_steps: in how many steps the end is reached.
      alpha: the rate at the end, as a fraction.
      name: of the scope.

    Raises:
      ValueError: ``global_step`` is None.
    """
    with name_scope(name, "CosineDecay", [learning_rate, global_step]):
        start = _start(learning_rate, global_step)
        dtype = start.dtype.base_dtype
        total = cast(decay_steps, dtype)
        done = RealDiv(Minimum(cast(global_step, dtype), total), total, name="truediv")
        return Mul(start, (1 - alpha) * _cosine(done) + alpha)  # type: ignore[no-any-return]


def _place_in_restart(done: Tensor, t_mul: Tensor, *, geometric: bool) -> tuple[Any, Any]:
    """Number of the period that ``done`` periods of the first length reach, and the place in it."""
    if not geometric:
        period = floor(done)
        return period, done - period
    one = cast(1.0, done.dtype.base_dtype)
    period = floor(log(one - done * (one - t_mul)) / log(t_mul))
    before = (one - power_of(t_mul, period)) / (one - t_mul)
    return period, (done - before) / power_of(t_mul, period)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """`cosine_decay` again and again, in periods that grow and from rates that shrink.

    Args:
      learning_rate: the rate at step 0.
      global_step: how many steps were done.
      first_decay_steps: length of the first period.
      t_mul: how many times longer each period is than the one before.
      m_mul: how many times higher each period starts than the one before.
      alpha: the rate at the end of a period, as a fraction of ``learning_rate``.
      name: of the scope.

    Raises:
      ValueError: ``global_step`` is None.
    """
    with name_scope(name, "SGDRDecay", [learning_rate, global_step]):
        start = _start(learning_rate, global_step)
        dtype = start.dtype.base_dtype
        longer, higher, least = (cast(number, dtype) for number in (t_mul, m_mul, alpha))
        done = RealDiv(cast(global_step, dtype), cast(first_decay_steps, dtype), name="truediv")
        same, place_same = _place_in_restart(done, longer, geometric=False)
        other, place_other = _place_in_restart(done, longer, geometric=True)
        constant_length = Equal(longer, cast(1.0, dtype))
        period = SelectV2(constant_length, same, other)
        place = SelectV2(constant_length, place_same, place_other)
        cosine = power_of(higher, period) * _cosine(place)
        return Mul(start, (1 - least) * cosine + least)  # type: ignore[no-any-return]


def _linear_cosine(
    start: Tensor, global_step: Any, decay_steps: Any, num_periods: Any
) -> tuple[Any, Any]:
    dtype = start.dtype.base_dtype
    total = cast(decay_steps, dtype)
    step = Minimum(cast(global_step, dtype), total)
    turned = 2.0 * cast(num_periods, dtype) * RealDiv(step, total, name="truediv")
    return RealDiv(Sub(total, step, name="sub"), total, name="truediv"), _cosine(turned)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * ((alpha + linear) * cosine + beta)``.

    Args:
      learning_rate: the rate that is scaled.
      global_step: how many steps were done.
      decay_steps: in how many steps the linear factor falls from 1 to 0.
      num_periods: how many periods the cosine has in them.
      alpha: added to the linear factor.
      beta: added to the product.
      name: of the scope.

    Raises:
      ValueError: ``global_step`` is None.
    """
    with name_scope(name, "LinearCosineDecay", [learning_rate, global_step]):
        start = _start(learning_rate, global_step)
        linear, cosine = _linear_cosine(start, global_step, decay_steps, num_periods)
        return Mul(start, (alpha + linear) * cosine + beta)  # type: ignore[no-any-return]


def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: Any = 1.0,
    variance_decay: Any = 0.55,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """`linear_cosine_decay` with normal noise on the linear factor.

    Args:
      learning_rate: the rate that is scaled.
      global_step: how many steps were done.
      decay_steps: in how many steps the linear factor falls from 1 to 0.
      initial_variance: variance of the noise at step 0.
      variance_decay: the variance falls as the count of steps to minus this power.
      num_periods: how many periods the cosine has.
      alpha: added to the linear factor.
      beta: added to the product.
      name: of the scope.

    Raises:
      ValueError: ``global_step`` is None.
    """
    with name_scope(name, "NoisyLinearCosineDecay", [learning_rate, global_step]):
        start = _start(learning_rate, global_step)
        dtype = start.dtype.base_dtype
        step = Minimum(cast(global_step, dtype), cast(decay_steps, dtype))
        fall = power_of(1.0 + step, cast(variance_decay, dtype))
        deviation = power_of(cast(initial_variance, dtype) / fall, cast(0.5, dtype))
        linear, cosine = _linear_cosine(start, global_step, decay_steps, num_periods)
        noisy = linear + random_normal([], 0.0, deviation, dtype)
        return Mul(start, (alpha + noisy) * cosine + beta)  # type: ignore[no-any-return]

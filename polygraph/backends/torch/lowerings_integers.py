"""Integer arithmetic that torch traps on, and unsigned integers that it hardly computes with.

Torch holds uint16, uint32 and uint64 but computes with them only in conversions. Two's complement
helps out: sums, products and bits are those of the signed integers of the same width (`modular`),
and with the sign bit turned signed integers have the order of the unsigned ones (`ordered`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from polygraph.backends.torch.lowerings_elementwise import wide

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Tensor = torch.Tensor

SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}
"""The signed dtypes of the same width as the unsigned ones."""

_LOWEST = {signed: torch.iinfo(signed).min for signed in SIGNED.values()}


def _viewed(function: Callable[..., Any], xs: Sequence[Tensor], attrs: dict[str, Any]) -> list[Any]:
    raw = function(*(x.view(SIGNED[x.dtype]) if x.dtype in SIGNED else x for x in xs), **attrs)
    return list(raw) if isinstance(raw, tuple) else [raw]


def modular(function: Callable[..., Any], dtypes: Sequence[torch.dtype]) -> Callable[..., Any]:
    """``function`` on the bits of unsigned integers; its results have ``dtypes``."""

    def lowering(*xs: Tensor, **attrs: Any) -> Any:
        raw = _viewed(function, xs, attrs)
        results = tuple(x.view(dtype) if dtype in SIGNED else x for x, dtype in zip(raw, dtypes))  # noqa: B905
        return results if len(results) > 1 else results[0]

    return lowering


def _turned(x: Tensor) -> Tensor:
    signed = x.view(SIGNED[x.dtype])
    return signed ^ _LOWEST[signed.dtype]


def ordered(function: Callable[..., Any], dtypes: Sequence[torch.dtype]) -> Callable[..., Any]:
    """``function``, which only compares, on unsigned integers; see `modular`."""

    def back(x: Tensor, dtype: torch.dtype) -> Tensor:
        if dtype not in SIGNED or x.dtype == dtype:
            return x
        return (x ^ _LOWEST[x.dtype]).view(dtype)

    def lowering(*xs: Tensor, **attrs: Any) -> Any:
        raw = function(*(_turned(x) if x.dtype in SIGNED else x for x in xs), **attrs)
        results = raw if isinstance(raw, tuple) else (raw,)
        results = tuple(back(x, dtype) for x, dtype in zip(results, dtypes, strict=True))
        return results if len(results) > 1 else results[0]

    return lowering


def _shifted_right(x: Tensor, by: int | Tensor) -> Tensor:
    """An int64 that stands for a uint64, shifted by less than 64, zeros coming in."""
    mask = torch.bitwise_not(torch.bitwise_left_shift(torch.full_like(x, -2), 63 - by))
    return torch.bitwise_right_shift(x, by) & mask


def _amount(y: Tensor, bits: int) -> Tensor:
    if y.dtype == torch.uint64:
        signed = y.view(torch.int64)
        return torch.where(signed < 0, bits - 1, signed).clamp(0, bits - 1)
    return y.to(torch.int64).clamp(0, bits - 1)


def left_shift(x: Tensor, y: Tensor) -> Tensor:
    """See `elementwise.left_shift`."""
    amount = _amount(y, x.dtype.itemsize * 8)
    signed = x.view(SIGNED[x.dtype]) if x.dtype in SIGNED else x
    return torch.bitwise_left_shift(signed, amount.to(signed.dtype)).view(x.dtype)


def right_shift(x: Tensor, y: Tensor) -> Tensor:
    """See `elementwise.right_shift`."""
    amount = _amount(y, x.dtype.itemsize * 8)
    if x.dtype == torch.uint64:
        return _shifted_right(x.view(torch.int64), amount).view(torch.uint64)
    if x.dtype in SIGNED:
        return torch.bitwise_right_shift(x.to(torch.int64), amount).to(x.dtype)
    return torch.bitwise_right_shift(x, amount.to(x.dtype))


def power_of_bits(x: Tensor, y: Tensor) -> Tensor:
    """The power of unsigned integers, on their bits, from the exponent's half."""
    half = torch.bitwise_right_shift(y, 1) & torch.iinfo(y.dtype).max
    root = torch.pow(x, half)
    return root * root * torch.where((y & 1).bool(), x, 1)


def _divide_uint64(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Quotient and rest of int64 that stand for uint64; dividing by 0 gives 0 and 0.

    Half of x is a signed number: twice its quotient is at most one too small.
    """
    lowest = _LOWEST[torch.int64]
    large, zero = y < 0, y == 0
    below = (x ^ lowest) < (y ^ lowest)
    divisor = torch.where(large | zero, 1, y)
    half = _shifted_right(x, torch.ones_like(x))
    guess = torch.div(half, divisor, rounding_mode="floor") << 1
    rest = x - guess * divisor
    guess = guess + ((rest ^ lowest) >= (divisor ^ lowest)).to(torch.int64)
    quotient = torch.where(large, torch.where(below, 0, 1), guess)
    quotient = torch.where(zero, 0, quotient)
    return quotient, torch.where(zero, 0, x - quotient * y)


def _divide_unsigned(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x, y = torch.broadcast_tensors(x, y)  # type: ignore[no-untyped-call]
    if x.dtype == torch.uint64:
        quotient, rest = _divide_uint64(x.view(torch.int64), y.view(torch.int64))
        return quotient.view(torch.uint64), rest.view(torch.uint64)
    numerator, divisor = x.to(torch.int64), y.to(torch.int64)
    quotient = torch.div(numerator, divisor.clamp(min=1), rounding_mode="floor")
    quotient = torch.where(divisor == 0, 0, quotient)
    rest = torch.where(divisor == 0, 0, numerator - quotient * divisor)
    return quotient.to(x.dtype), rest.to(x.dtype)


def _divide_signed(x: Tensor, y: Tensor, rounding: str) -> Tensor:
    # The processor traps on division by 0, and on the lowest number by -1.
    trap = (y == 0) | (y == -1)
    quotient = torch.div(x, torch.where(trap, 1, y), rounding_mode=rounding)
    return torch.where(trap, -x * (y != 0).to(x.dtype), quotient)


def _quotient(x: Tensor, y: Tensor, rounding: str) -> Tensor:
    if x.is_floating_point():
        ratio = wide(x) / wide(y)
        return (torch.floor(ratio) if rounding == "floor" else torch.trunc(ratio)).to(x.dtype)
    if not x.dtype.is_signed:
        return _divide_unsigned(x, y)[0]
    return _divide_signed(x, y, rounding)


def floor_divide(x: Tensor, y: Tensor) -> Tensor:
    """See `elementwise.floor_divide`."""
    return _quotient(x, y, "floor")


def truncate_divide(x: Tensor, y: Tensor) -> Tensor:
    """See `elementwise.truncate_divide`."""
    return _quotient(x, y, "trunc")


def _rest(x: Tensor, y: Tensor) -> Tensor:
    """The exact rest of floats, at least float32; torch's own is NaN where x / y overflows.

    For float64 it is NaN from quotients of 1e300 on. The rest by a multiple of ``y`` has the same
    rest by ``y``, so that three steps of 700 bits reach as far as the exponents do.
    """
    if x.dtype == torch.float64:
        once = y * 2.0**700
        return torch.fmod(torch.fmod(torch.fmod(x, once * 2.0**700), once), y)
    return torch.fmod(x.double(), y.double()).float()


def floor_mod(x: Tensor, y: Tensor) -> Tensor:
    """See `elementwise.floor_mod`."""
    if x.is_floating_point():
        divisor = wide(y)
        rest = _rest(x, y)
        other_side = (rest != 0) & ((rest < 0) != (divisor < 0))
        return torch.where(other_side, rest + divisor, rest).to(x.dtype)
    if not x.dtype.is_signed:
        return _divide_unsigned(x, y)[1]
    trap = (y == 0) | (y == -1)
    return torch.where(trap, 0, torch.remainder(x, torch.where(trap, 1, y)))


def truncate_mod(x: Tensor, y: Tensor) -> Tensor:
    """See `elementwise.truncate_mod`."""
    if x.is_floating_point():
        return _rest(x, y).to(x.dtype)
    if not x.dtype.is_signed:
        return _divide_unsigned(x, y)[1]
    trap = (y == 0) | (y == -1)
    return torch.where(trap, 0, torch.fmod(x, torch.where(trap, 1, y)))


def absolute(x: Tensor) -> Tensor:
    """See `elementwise.absolute`."""
    return torch.abs(x) if x.dtype.is_signed else x


def sign_of_unsigned(x: Tensor) -> Tensor:
    """1 where some bit is set."""
    return (x != 0).to(x.dtype)


def same(x: Tensor) -> Tensor:
    """A copy."""
    return x.clone()

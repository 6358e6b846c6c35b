"""Neighbouring lines that torch does in one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from polygraph.backends.torch.lowerings_nn import biased_conv2d, conv2d
from polygraph.backends.torch.lowerings_training import adam_in_place, apply_adam_in_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.backends.torch.generate import Call
    from polygraph.core.ground.program import Value

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def fused_calls(calls: Sequence[Call], kept: frozenset[Value]) -> list[Call]:
    """``calls`` with fewer of them."""
    return _adam_together(_biased_products(calls, kept))


def _biased_products(calls: Sequence[Call], kept: frozenset[Value]) -> list[Call]:
    """``a @ b + bias`` as one call, also of a convolution, where nobody else wants the product."""
    uses = Counter(operand for call in calls for operand in call.operands)
    products = {
        call.results[0]: call
        for call in calls
        if _takes_bias(call) and uses[call.results[0]] == 1 and call.results[0] not in kept
    }
    gone: set[Call] = set()
    result: list[Call] = []
    for call in calls:
        found = _product_and_bias(call, products) if call.name == "add" else None
        if found is None:
            result.append(call)
        else:
            product, bias = found
            gone.add(product)
            operands = (bias, *product.operands)
            function = biased_conv2d if product.function is conv2d else addmm
            fused = replace(product, name=function.__name__, function=function, operands=operands)
            result.append(replace(fused, results=call.results, comment=call.comment))
    return [call for call in result if call not in gone]


def _takes_bias(call: Call) -> bool:
    if call.results[0].dtype not in _FLOATS:
        return False
    if call.function is conv2d:
        return bool(call.attrs.get("data_format", "NHWC") == "NHWC")
    return call.name == "matmul" and len(call.results[0].shape) == 2  # noqa: PLR2004


def _product_and_bias(call: Call, products: dict[Value, Call]) -> tuple[Call, Value] | None:
    for product, bias in (call.operands, reversed(call.operands)):
        found = products.get(product)
        columns = product.shape[-1:]
        if found is not None and bias.shape == columns and call.results[0].shape == product.shape:
            return found, bias
    return None


def addmm(
    bias: torch.Tensor,
    a: torch.Tensor,
    b: torch.Tensor,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
) -> torch.Tensor:
    """``a @ b + bias``."""
    return torch.addmm(bias, a.mT if transpose_a else a, b.mT if transpose_b else b)


_SCALARS = slice(3, 9)
"""Where apply_adam's scalars stand among its operands; its gradient is the last one."""


def _adam_together(calls: Sequence[Call]) -> list[Call]:
    """In-place Adam steps of the same scalars as one call over lists of variables."""
    groups: dict[Any, list[Call]] = {}
    result: list[Call] = []
    for call in calls:
        if not _plain_adam(call):
            result.append(call)
            continue
        key = (call.operands[_SCALARS], call.operands[0].dtype)
        group = groups.setdefault(key, [])
        if not group:
            result.append(call)
        group.append(call)
    merged = {group[0]: group for group in groups.values()}
    return [_one_call(merged[call]) if call in merged else call for call in result]


def _plain_adam(call: Call) -> bool:
    return (
        call.function is apply_adam_in_place
        and not call.attrs["use_nesterov"]
        and call.operands[0].dtype in _FLOATS
        and len({value.shape for value in (*call.operands[:3], call.operands[-1])}) == 1
    )


def _one_call(group: Sequence[Call]) -> Call:
    first = group[0]
    if len(group) == 1:
        return first
    columns = [call.operands[i] for i in (0, 1, 2, 9) for call in group]
    return replace(
        first,
        name="adam_together",
        function=adam_together,
        operands=(*columns, *first.operands[_SCALARS]),
        attrs={"count": len(group)},
        results=tuple(call.results[i] for i in (0, 1, 2) for call in group),
    )


def adam_together(*operands: torch.Tensor, count: int) -> tuple[torch.Tensor, ...]:
    """`adam_in_place` on so many variables, moments, second moments, gradients, and the scalars."""
    variables, ms, vs, grads = (
        list(operands[start : start + count]) for start in range(0, 4 * count, count)
    )
    adam_in_place(variables, ms, vs, operands[4 * count :], grads)
    return operands[: 3 * count]

"""Runs lowerings on the values recorded on TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polygraph.conformance.recorded import RecordedCase, load
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.ground.trace import evaluating

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from polygraph.core.ground.op_def import OpDef


def cases(family: str, op_types: Collection[str]) -> list[Any]:
    """Parameters for pytest: the cases of ``family`` whose op type is among ``op_types``."""
    found = [case for case in load(family) if case.op in op_types]
    missing = set(op_types) - {case.op for case in found}
    assert not missing, f"nothing recorded for {missing}"
    return [pytest.param(case, id=case.id) for case in found]


def _arguments(definition: OpDef, case: RecordedCase) -> list[Any]:
    arguments: list[Any] = []
    inputs = list(case.inputs)
    for arg in definition.inputs:
        if arg.number is None:
            arguments.append(inputs.pop(0))
        else:
            count = case.attrs[arg.number]
            arguments.append(inputs[:count])
            inputs = inputs[count:]
    assert not inputs
    return arguments


def _attrs(definition: OpDef, case: RecordedCase) -> dict[str, Any]:
    given = dict(definition.attr_defaults)
    for name, value in case.attrs.items():
        given[name] = as_dtype(value) if isinstance(value, np.dtype) else value
    return definition.lowering_attrs(given)


def answer(case: RecordedCase) -> list[Any]:
    """What the lowering of the case's op type computes."""
    definition = OP_DEFS[case.op]
    with evaluating(), np.errstate(all="ignore"):
        raw = definition.lower(*_arguments(definition, case), **_attrs(definition, case))
    return [np.asarray(item) for item in (raw if isinstance(raw, tuple | list) else (raw,))]


def check(case: RecordedCase, *, ulps: int = 0) -> None:
    """The lowering gives what TensorFlow gave: the error's class, or the values.

    Args:
      case: what was recorded.
      ulps: how many units in the last place floats may be off.
    """
    if case.outputs is None:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the class is compared below
            answer(case)
        assert type(caught.value).__name__ in {case.error, "ShapeError"}, caught.value
        return
    compare(answer(case), case.outputs, ulps)


def compare(results: Iterable[Any], wanted: Iterable[Any], ulps: int) -> None:
    """Equal dtypes, shapes and elements."""
    for result, want in zip(results, wanted, strict=True):
        assert (result.dtype, result.shape) == (want.dtype, want.shape)
        if ulps and result.dtype.kind in "fcV":
            _near(result, want, ulps)
        else:
            same = (result == want) | (_is_nan(result) & _is_nan(want))
            assert np.all(same), f"{result} != {want}"


def _is_nan(array: Any) -> Any:
    return np.not_equal(array, array)


def _near(result: Any, want: Any, ulps: int) -> None:
    if result.dtype.kind == "c":
        _near(result.real, want.real, ulps)
        _near(result.imag, want.imag, ulps)
        return
    spacing = np.abs(np.spacing(np.where(np.isfinite(want), want, want.dtype.type(1))))
    same = (result == want) | (_is_nan(result) & _is_nan(want))
    with np.errstate(invalid="ignore"):
        near = np.abs(result - want) <= ulps * spacing
    assert np.all(same | near), f"{result} != {want}"


__all__ = ["answer", "cases", "check", "compare"]

"""A Program with a step that the backend does not lower is refused, with a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polygraph.core.ground.errors import UnsupportedOpError
from polygraph.core.ground.printer import print_program
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives import elementwise as ew
from polygraph.ops.primitives.control import cond, trace_block
from polygraph.passes.legalise import require_lowerings

PAIR = TensorType(np.dtype(np.float32), (2,))


def test_a_program_that_is_lowered_is_handed_on(trace: Any, after: Any) -> None:
    program = trace(ew.exp, x=PAIR)
    assert after(require_lowerings, program) == print_program(program)


def _refused(program: Any, target: Any) -> str:
    with pytest.raises(UnsupportedOpError) as refused:
        require_lowerings(program, target)
    return str(refused.value)


def test_an_op_without_a_lowering_is_named_with_its_backend(trace: Any, backend: Any) -> None:
    table = backend().lowerings
    target = backend(lowerings={op: how for op, how in table.items() if op is not ew.exp})
    text = _refused(trace(ew.exp, x=PAIR), target)
    assert "exp" in text
    assert "numpy" in text
    assert "no lowering" in text


def test_the_backends_own_reason_is_given(trace: Any, backend: Any) -> None:
    program = trace(ew.exp, x=PAIR)
    assert "its reason" in _refused(program, backend(unsupported={ew.exp: "its reason"}))
    assert "its reason" in _refused(
        program, backend(unsupported={(ew.exp, "float32"): "its reason"})
    )


def test_steps_of_inner_blocks_are_looked_at(trace: Any, backend: Any) -> None:
    branch = trace_block(ew.exp, [PAIR])
    program = trace(
        lambda ok, x: cond(ok, x, then_block=branch, else_block=branch),
        ok=TensorType(np.dtype(bool), ()),
        x=PAIR,
    )
    assert "exp" in _refused(program, backend(unsupported={ew.exp: "its reason"}))


def test_a_feed_of_a_dtype_that_it_does_not_hold_is_named(trace: Any, backend: Any) -> None:
    capabilities = backend().capabilities
    program = trace(lambda fed: fed, fed=TensorType(np.dtype(np.uint64), (2,)))
    narrow = type(capabilities)(
        **{
            name: getattr(capabilities, name)
            for name in capabilities.__dataclass_fields__
            if name != "dtypes"
        },
        dtypes=frozenset({"float32"}),
    )
    text = _refused(program, backend(capabilities=narrow))
    assert "fed" in text
    assert "uint64" in text

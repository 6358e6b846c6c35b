"""Control flow: ops whose attributes are blocks.

A block captures nothing, so what it needs from outside is an operand of its op.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.interpret import interpret
from polygraph.core.ground.op import primitive
from polygraph.core.ground.program import Block, Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.trace import Builder, building
from polygraph.ops.primitives.elementwise import add, less, multiply, negative

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Known = np.ndarray[Any, Any]

_BOOL = TensorType(np.dtype(bool), ())
_F32 = np.dtype(np.float32)
_I32 = np.dtype(np.int32)
_ONE = np.array(1, np.int32)
_TWO = np.array(2, np.float32)
_THREE = np.array(3, np.int32)


def trace_block(function: Callable[..., Any], types: Sequence[TensorType]) -> Block:
    """The block that ``function`` of values of these types makes.

    Args:
      function: takes one value for each type, gives a value, an array or a sequence of them; it
        must not call `check`.
      types: types of the block's parameters.
    """
    parameters = [Value(type_) for type_ in types]
    with building(Builder()) as builder:
        raw = function(*parameters)
        return builder.block(parameters, raw if isinstance(raw, list | tuple) else [raw])


_PAIR = (TensorType(_F32, (2, 3)), TensorType(_F32, (3,)))
_BRANCHES = {
    "then_block": trace_block(lambda x, y: (add(x, y), y), _PAIR),
    "else_block": trace_block(lambda x, y: (multiply(x, y), negative(y)), _PAIR),
}
_NO_CAPTURES = {
    "then_block": trace_block(lambda: _ONE, ()),
    "else_block": trace_block(lambda: _THREE, ()),
}
_COUNT = (TensorType(_I32, ()), TensorType(_F32, (3,)), TensorType(_I32, ()))
_LOOP = {
    "cond_block": trace_block(lambda i, _x, limit: less(i, limit), _COUNT),
    "body_block": trace_block(lambda i, x, _limit: (add(i, _ONE), multiply(x, _TWO)), _COUNT),
    "loop_vars": 2,
}
_SWAP_TYPES = (TensorType(_I32, ()), *[TensorType(_F32, (2,))] * 2)
_SWAP = {
    "cond_block": trace_block(lambda i, _x, _y: less(i, _THREE), _SWAP_TYPES),
    "body_block": trace_block(lambda i, x, y: (add(i, _ONE), y, x), _SWAP_TYPES),
    "loop_vars": 3,
}


@primitive(
    "bool[], _[*n]... -> ",
    fold=False,
    samples=(
        (np.array(1, bool), (2, 3), (3,), _BRANCHES),
        (np.array(0, bool), (2, 3), (3,), _BRANCHES),
        (np.array(0, bool), _NO_CAPTURES),
    ),
)
def cond(pred: Known, *captures: Known, then_block: Block, else_block: Block) -> tuple[Known, ...]:
    """The results of ``then_block`` on the captures if ``pred`` holds, else of ``else_block``.

    Both blocks take every capture and give results of the same types. Only one of them runs.
    """
    return interpret(then_block if pred else else_block, captures)


@cond.infer
def _(
    _pred: TensorType, *captures: TensorType, then_block: Block, else_block: Block
) -> tuple[TensorType, ...]:
    _require_parameters("then_block", then_block, captures)
    _require_parameters("else_block", else_block, captures)
    results = _result_types(then_block)
    _require("else_block's results", _result_types(else_block), "then_block gives", results)
    return results


@primitive(
    "_[*n]... -> ",
    fold=False,
    samples=(
        (np.array(0, np.int32), (3,), np.array(4, np.int32), _LOOP),
        (np.array(5, np.int32), (3,), np.array(4, np.int32), _LOOP),
        (np.array(0, np.int32), (2,), (2,), _SWAP),
    ),
)
def while_loop(
    *operands: Known, cond_block: Block, body_block: Block, loop_vars: int
) -> tuple[Known, ...]:
    """The loop variables after the last turn of a loop.

    The first ``loop_vars`` operands are the loop variables before the first turn, the others
    are captures, which every turn sees alike. Both blocks take all of them. ``cond_block``
    (``bool[]``) says before each turn whether there is one; ``body_block`` gives the loop
    variables after it.
    """
    state, captures = operands[:loop_vars], operands[loop_vars:]
    while interpret(cond_block, (*state, *captures))[0]:
        state = interpret(body_block, (*state, *captures))
    return state


@while_loop.infer
def _(
    *operands: TensorType, cond_block: Block, body_block: Block, loop_vars: int
) -> tuple[TensorType, ...]:
    _require_parameters("cond_block", cond_block, operands)
    _require_parameters("body_block", body_block, operands)
    _require("cond_block's results", _result_types(cond_block), "a loop needs", (_BOOL,))
    state = operands[:loop_vars]
    _require("body_block's results", _result_types(body_block), "the loop variables are", state)
    return state


def _result_types(block: Block) -> tuple[TensorType, ...]:
    return tuple(result.type for result in block.results)


def _require_parameters(name: str, block: Block, operands: tuple[TensorType, ...]) -> None:
    types = tuple(parameter.type for parameter in block.parameters)
    _require(f"{name}'s parameters", types, "the operands are", operands)


def _require(
    what: str, types: tuple[TensorType, ...], wanted: str, others: tuple[TensorType, ...]
) -> None:
    if types != others:
        msg = f"{what} are ({_listed(types)}) but {wanted} ({_listed(others)})"
        raise ShapeError(msg)


def _listed(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))

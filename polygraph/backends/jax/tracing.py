"""From blocks to calls of `jax.lax`, while JAX traces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
from jax import lax

from polygraph.backends.jax.exact_products import rounded
from polygraph.core.ground.program import Block, Value
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives.elementwise import add

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import jax
    import numpy as np

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Step

LARGEST_LITERAL = 1024
"""Constants of more elements than this are arguments: as literals they would slow XLA down."""


def large_constants(block: Block) -> Iterator[tuple[Value, np.ndarray[Any, Any]]]:
    """The constants of ``block`` and its inner blocks that are no literals."""
    for value, array in block.constants.items():
        if array.size > LARGEST_LITERAL:
            yield value, array
    for step in block.steps:
        for _, inner in step.blocks():
            yield from large_constants(inner)


@dataclass(frozen=True, slots=True)
class Tracing:
    """Turns blocks into traced computations.

    Attributes:
      lowerings: by op; an attribute that is a block reaches a lowering as a function of arrays
        that gives a tuple of arrays.
      constants: the large constants, as arguments of the function that is traced.
      exact: products that are rounded before they go into a sum.
    """

    lowerings: Mapping[Op, Lowering]
    constants: Mapping[Value, jax.Array]
    exact: Collection[Value]

    def block(self, block: Block, *arguments: jax.Array) -> tuple[jax.Array, ...]:
        """The results of ``block`` for ``arguments``."""
        arrays = self.start(block, arguments)
        self.steps(block.steps, arrays)
        return tuple(arrays[result] for result in block.results)

    def start(self, block: Block, arguments: Sequence[jax.Array]) -> dict[Value, jax.Array]:
        """The values that ``block`` has before its first step."""
        arrays = dict(zip(block.parameters, arguments, strict=True))
        zeros = _added_zeros(block)
        for value, constant in block.constants.items():
            given = self.constants.get(value)
            arrays[value] = jnp.asarray(constant) if given is None else given
            if value in zeros:
                arrays[value] = lax.optimization_barrier(arrays[value])  # type: ignore[no-untyped-call]
        return arrays

    def steps(self, steps: Iterable[Step], arrays: dict[Value, jax.Array]) -> None:
        """Add the results of ``steps`` to ``arrays``, which has their operands."""
        for step in steps:
            arrays.update(self._step(step, [arrays[operand] for operand in step.operands]))
            if step.results and step.results[0] in self.exact:
                arrays[step.results[0]] = rounded(arrays[step.results[0]])

    def _step(self, step: Step, operands: Sequence[jax.Array]) -> Iterable[tuple[Value, jax.Array]]:
        attrs = {
            name: partial(self.block, attr) if isinstance(attr, Block) else attr
            for name, attr in step.attrs.items()
        }
        try:
            raw = self._lowering(step.op)(*operands, **attrs)
            results = raw if isinstance(raw, tuple | list) else (raw,)
            _require_types(step, results)
        except Exception as error:
            error.add_note(f"while jax lowered {step.describe()}")
            raise
        return zip(step.results, results, strict=True)

    def _lowering(self, op: Op) -> Lowering:
        try:
            return self.lowerings[op]
        except KeyError:
            msg = f"the jax backend has no lowering of {op.name}"
            raise NotImplementedError(msg) from None


def _added_zeros(block: Block) -> set[Value]:
    """Floating constants of zeros that are added to something.

    XLA takes ``x + 0`` for ``x``, which is wrong for -0.0; so it must not see that they are zero.
    """
    added = {operand for step in block.steps if step.op is add for operand in step.operands}
    return {
        value
        for value, array in block.constants.items()
        if value in added and array.dtype.kind in "fcV" and not array.any()
    }


def _require_types(step: Step, results: Sequence[jax.Array]) -> None:
    given = tuple(TensorType(result.dtype, result.shape) for result in results)
    wanted = tuple(value.type for value in step.results)
    if given != wanted:
        msg = (
            f"the lowering of {step.op.name} for jax gives ({', '.join(map(str, given))}), "
            f"not ({', '.join(map(str, wanted))})"
        )
        raise TypeError(msg)

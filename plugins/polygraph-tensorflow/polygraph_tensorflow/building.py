"""From blocks to nodes of a TensorFlow graph."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import tensorflow as tf

from polygraph.plugin import Block, TensorType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polygraph.plugin import Lowering, Op, Step, Value


@dataclass(frozen=True, slots=True)
class Building:
    """Adds blocks to the graph that is TensorFlow's default one.

    Attributes:
      lowerings: by op; an attribute that is a block reaches a lowering as a function of tensors
        that gives a list of tensors.
    """

    lowerings: Mapping[Op, Lowering]

    def block(self, block: Block, *arguments: tf.Tensor) -> list[tf.Tensor]:
        """The results of ``block`` for ``arguments``."""
        tensors = dict(zip(block.parameters, arguments, strict=True))
        self.fill(block, tensors)
        return [tensors[result] for result in block.results]

    def fill(self, block: Block, tensors: dict[Value, tf.Tensor]) -> None:
        """Add every value of ``block`` to ``tensors``, which has the parameters.

        A constant that ``tensors`` has already becomes no node.
        """
        for value, array in block.constants.items():
            if value not in tensors:
                tensors[value] = tf.constant(array)
        for step in block.steps:
            tensors.update(self._step(step, [tensors[operand] for operand in step.operands]))

    def _step(self, step: Step, operands: Sequence[tf.Tensor]) -> Iterable[tuple[Value, tf.Tensor]]:
        attrs = {
            name: partial(self.block, attr) if isinstance(attr, Block) else attr
            for name, attr in step.attrs.items()
        }
        try:
            raw = self.lowerings[step.op](*operands, **attrs)
            results = raw if isinstance(raw, tuple | list) else (raw,)
            _require_types(step, results)
        except Exception as error:
            error.add_note(f"while tensorflow lowered {step.describe()}")
            raise
        return zip(step.results, results, strict=True)


def _require_types(step: Step, results: Sequence[tf.Tensor]) -> None:
    """Tell TensorFlow the shapes that it does not see; raise TypeError where it sees others."""
    for value, result in zip(step.results, results, strict=True):
        dtype = result.dtype.as_numpy_dtype
        if dtype != value.dtype or not result.shape.is_compatible_with(value.shape):
            msg = (
                f"the lowering of {step.op.name} for tensorflow gives "
                f"{result.dtype.name}{result.shape}, not {TensorType(value.dtype, value.shape)}"
            )
            raise TypeError(msg)
        result.set_shape(value.shape)

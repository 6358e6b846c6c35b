"""The parts of an op definition: kinds, arguments, hidden state, and what a shape rule sees."""

from __future__ import annotations

import enum
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor


class Kind(enum.Enum):
    """What the planner does with an operation."""

    PURE = "pure"
    """Lowered to primitives; the same operands give the same results."""
    PLACEHOLDER = "placeholder"
    """Has a value only when fed, or as the parameter of a region."""
    VARIABLE = "variable"
    """Stands for a variable's value; reads follow the state rules."""
    VARIABLE_PROBE = "variable_probe"
    """Asks whether the variable that is its ref input has a value: neither a read nor a write, so
    it never fails on a variable without one. The planner answers it; it is not lowered."""
    CAPACITY = "capacity"
    """How many turns of loops there is room to keep for gradients: a number of the plan's."""
    HIDDEN = "hidden"
    """The hidden state of another operation, as it is when the region begins."""
    WRITE = "write"
    """Lowered to primitives; gives new values to the variables among its inputs."""
    HOST = "host"
    """Runs in Python between two stages, on NumPy arrays."""
    COND = "cond"
    """Owns two regions, of which the predicate picks one."""
    WHILE = "while"
    """Owns a condition region and a body region."""

    @property
    def owns_regions(self) -> bool:
        """Whether operations of this kind own regions."""
        return self is Kind.COND or self is Kind.WHILE


class GradientState(enum.Enum):
    """What is known of an op type's gradient, when it is no rule."""

    MISSING = "missing"
    """Nobody wrote one: differentiating through the op is an error."""
    NONE = "none"
    """There is none on purpose: the op is a constant to differentiation."""


class Arg(NamedTuple):
    """One input or output of an op type.

    Attributes:
      name: TF1's argument name.
      dtype: a dtype's name, or the name of a dtype variable.
      number: for a list of tensors of one dtype, the name of the attribute that counts them.
      each: for a list of tensors of many dtypes, `dtype` names the attribute that lists them.
      ref: a variable, to be written or read by reference.
    """

    name: str
    dtype: str
    number: str | None = None
    each: bool = False
    ref: bool = False


class HiddenState(NamedTuple):
    """State that an operation keeps for itself in each session, such as a random generator.

    Attributes:
      name: what it is called, within the operation.
      dtype: dtype of its value.
      shape: shape of its value.
      initial: gives a session's first value for an operation; zeros where there is none.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    initial: Callable[[Operation], np.ndarray[Any, Any]] | None = None

    def first_value(self, operation: Operation) -> np.ndarray[Any, Any]:
        """The value that a session starts with."""
        if self.initial is None:
            return np.zeros(self.shape, self.dtype.np_dtype)
        return np.asarray(self.initial(operation), self.dtype.np_dtype)


_ARG = re.compile(
    r"(?P<name>\w+)\s*:\s*(?P<ref>&)?(?:(?P<number>\w+)\*)?(?P<dtype>\w+)(?P<each>\*)?$"
)


@cache  # many op types have the same arguments
def parse_args(text: str) -> tuple[Arg, ...]:
    """The arguments that ``"x: T, values: N*T, ref: &T"`` spells."""
    args = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        found = _ARG.match(part)
        if found is None:
            msg = f"bad argument in an op signature: {part!r}"
            raise ValueError(msg)
        args.append(
            Arg(
                found["name"],
                found["dtype"],
                found["number"],
                bool(found["each"]),
                bool(found["ref"]),
            )
        )
    return tuple(args)


class ShapeContext:
    """What a shape rule sees of an operation: being built, or about to run.

    Args:
      inputs: the operation's.
      attrs: its attributes.
      shapes: the inputs' shapes in a run; None for one that the run does not read.
    """

    __slots__ = ("_shapes", "attrs", "inputs")

    def __init__(
        self,
        inputs: Sequence[Tensor],
        attrs: Mapping[str, Any],
        shapes: Sequence[TensorShape | None] = (),
    ) -> None:
        self.inputs = inputs
        self.attrs = attrs
        self._shapes = shapes

    def shape(self, index: int) -> TensorShape:
        """Shape of an input: the run's where there is one, else the static one."""
        found = self._shapes[index] if self._shapes else None
        return self.inputs[index].get_shape() if found is None else found

    def value(self, index: int) -> np.ndarray[Any, Any] | None:
        """Value of an input, None where it is not known while the graph is built."""
        return self.inputs[index].constant

    def partial(self, index: int) -> tuple[int | None, ...] | None:
        """Elements of an int vector or scalar input as far as they are known."""
        return self.inputs[index].partial_value

    def as_shape(self, index: int) -> TensorShape:
        """The shape that an int vector input spells; -1 and unknown elements are unknown dims.

        Raises:
          ShapeError: the input is no vector, or an element is below -1.
        """
        rank = self.shape(index).as_tuple()
        if rank is not None and len(rank) != 1:
            msg = f"Shape must be rank 1 but is rank {len(rank)}: a shape is a vector of ints"
            raise ShapeError(msg)
        elements = self.partial(index)
        if elements is not None:
            return TensorShape([_dim_of(item) for item in elements])
        if rank is None or rank[0] is None:
            return unknown_shape()
        return TensorShape([None] * rank[0])


def _dim_of(element: int | None) -> int | None:
    if element is not None and element < -1:
        msg = f"Invalid value in tensor used for shape: {element}"
        raise ShapeError(msg)
    return None if element == -1 else element

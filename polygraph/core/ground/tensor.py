"""`Tensor`: an edge of the graph, one output of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from polygraph.core.ground.errors import OperatorNotAllowedInGraphError
from polygraph.core.ground.operators import Operators
from polygraph.core.ground.tensor_shape import TensorShape, as_shape
from polygraph.core.ground.upward import UPWARD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation


class Tensor(Operators):
    """One output of an operation: has a dtype and a static shape, and no value of its own.

    Attributes:
      op: the operation that produces it.
      value_index: its position among the operation's outputs.
      dtype: element type.
      np_dtype: NumPy's dtype for it.
      constant: the value, where it is known while the graph is built, else None.
      assign: of a slice of a variable, and only of one: writes a value there.
      partial_value: elements of an int vector or scalar as far as they are known, else None.
    """

    __slots__ = (
        "__weakref__",
        "_consumers",
        "_shape",
        "assign",
        "constant",
        "dtype",
        "np_dtype",
        "op",
        "partial_value",
        "value_index",
    )

    assign: Callable[..., Tensor]

    def __init__(self, op: Operation, value_index: int, dtype: DType, shape: TensorShape) -> None:
        self.op = op
        self.value_index = value_index
        self.dtype = dtype
        self.np_dtype = dtype.np_dtype
        self._shape = shape
        self.constant: np.ndarray[Any, Any] | None = None
        self.partial_value: tuple[int | None, ...] | None = None
        self._consumers: list[Operation] = []

    @property
    def name(self) -> str:
        """``op_name:index``."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def graph(self) -> Graph:
        """The graph that holds it."""
        return self.op.graph

    @property
    def device(self) -> str:
        """Device that was asked for its operation."""
        return self.op.device

    @property
    def shape(self) -> TensorShape:
        """Static shape."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """Static shape."""
        return self._shape

    def set_shape(self, shape: Any) -> None:
        """Merge what the caller knows into the static shape.

        Raises:
          ValueError: the shapes contradict each other.
        """
        self._shape = self._shape.merge_with(as_shape(shape))

    def consumers(self) -> list[Operation]:
        """The operations that take it as an input."""
        return list(self._consumers)

    def eval(self, feed_dict: Mapping[Any, Any] | None = None, session: Any = None) -> Any:
        """Its value in ``session``, or in the default session.

        Raises:
          ValueError: there is no session, or it runs another graph.
        """
        return UPWARD.evaluate(self, feed_dict, session)

    def __bool__(self) -> NoReturn:
        """Refused: the value is not known while the graph is built."""
        msg = (
            f"tensor {self.name!r} has no truth value while the graph is built: use "
            "`if t is not None:` to test whether it is there, and tf.cond or tf.logical_and to "
            "compute with it. (Using a `tf.Tensor` as a Python `bool` is not allowed.)"
        )
        raise OperatorNotAllowedInGraphError(msg)

    def __len__(self) -> NoReturn:
        """Refused: use ``tf.shape(t)[0]`` or ``t.get_shape()``."""
        msg = f"tensor {self.name!r} has no len(): use tf.shape(t)[0], or t.get_shape()[0]"
        raise TypeError(msg)

    def __iter__(self) -> NoReturn:
        """Refused: use ``tf.map_fn`` or ``tf.unstack``."""
        msg = (
            f"tensor {self.name!r} is not iterable: use tf.map_fn, tf.unstack or tf.split. "
            "(Iterating over a `tf.Tensor` is not allowed.)"
        )
        raise OperatorNotAllowedInGraphError(msg)

    def __float__(self) -> NoReturn:
        """Refused: run it in a session."""
        msg = f"tensor {self.name!r} has no number yet: run it in a session"
        raise TypeError(msg)

    __int__ = __index__ = __complex__ = __float__

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: run it in a session."""
        msg = f"Cannot convert a symbolic tf.Tensor ({self.name}) to a numpy array: run it first"
        raise NotImplementedError(msg)

    __hash__ = object.__hash__  # by identity; planning hashes tensors all the time

    def __eq__(self, other: object) -> bool:
        """By identity; `tf.equal` compares values."""
        return self is other

    def __copy__(self) -> Tensor:
        """Itself: a tensor is a place in a graph."""
        return self

    def __str__(self) -> str:
        """TF1's form."""
        shape = f", shape={self._shape}" if self._shape.ndims is not None else ""
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name}{device})'

    def __repr__(self) -> str:
        """TF1's form."""
        return f"<tf.Tensor '{self.name}' shape={self._shape} dtype={self.dtype.name}>"

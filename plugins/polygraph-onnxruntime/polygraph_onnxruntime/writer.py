"""Writing an ONNX graph: `Ref` is one of its values, `Writer` adds nodes to it.

    writer = Writer()
    x = writer.input(np.dtype("float32"), (2, 3))
    y = (x + 1).sqrt()

Types are known all along, so every `Ref` has its NumPy dtype and its shape.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from polygraph_onnxruntime.kernels import BF16, BOOL, I64, U16, kernel_dtype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Array = np.ndarray[Any, Any]
    DType = np.dtype[Any]
    Shape = tuple[int, ...]

_ONNX: dict[DType, int] = {
    np.dtype(name): getattr(TensorProto, name.upper())
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16",),
    )
}
_ONNX[np.dtype("float32")] = TensorProto.FLOAT
_ONNX[np.dtype("float64")] = TensorProto.DOUBLE
_ONNX[BF16] = TensorProto.BFLOAT16

_ALIASED = 1 << 12
"""Bytes of a constant up to which equal ones become one."""


def onnx_type(dtype: DType) -> int:
    """ONNX's number for a dtype.

    Raises:
      TypeError: no kernel takes tensors of it.
    """
    found = _ONNX.get(dtype)
    if found is None:
        msg = f"ONNX Runtime's CPU provider has no kernel that takes {dtype} tensors"
        raise TypeError(msg)
    return found


_LARGE = 1 << 16
"""Bytes of a constant from which it is no part of the model."""


@dataclass(frozen=True, slots=True, eq=False)
class Ref:
    """One value of the graph that ``writer`` writes; arithmetic on it adds nodes."""

    writer: Writer
    name: str
    dtype: DType
    shape: Shape

    @property
    def ndim(self) -> int:
        """Rank."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def constant(self, value: Any) -> Ref:
        """``value`` in this dtype."""
        return self.writer.constant(np.asarray(value).astype(self.dtype))

    def full(self, value: Any, shape: Shape | None = None) -> Ref:
        """An array full of ``value``, of this dtype and, unless given, this shape."""
        return self.writer.full(value, self.dtype, self.shape if shape is None else shape)

    def cast(self, dtype: DType) -> Ref:
        """The same numbers in another dtype."""
        if dtype == self.dtype:
            return self
        return self.writer.add("Cast", [self], dtype, self.shape, to=onnx_type(dtype))

    def bits(self, dtype: DType) -> Ref:
        """The same bits as another dtype of the same width."""
        if dtype == self.dtype:
            return self
        return self.writer.add("BitCast", [self], dtype, self.shape, to=onnx_type(dtype))

    def reshape(self, shape: Shape) -> Ref:
        """The same elements in another shape."""
        if shape == self.shape:
            return self
        target = self.writer.constant(np.array(shape, np.int64))
        return self.writer.add("Reshape", [self, target], self.dtype, shape, allowzero=1)

    def transpose(self, perm: Shape) -> Ref:
        """Axes in another order."""
        if tuple(perm) == tuple(range(self.ndim)):
            return self
        shape = tuple(self.shape[axis] for axis in perm)
        return self.writer.add("Transpose", [self], self.dtype, shape, perm=list(perm))

    def expand(self, shape: Shape) -> Ref:
        """Broadcast to ``shape``."""
        if shape == self.shape:
            return self
        if 0 in shape:
            return self.writer.constant(np.zeros(shape, self.dtype))
        target = self.writer.constant(np.array(shape, np.int64))
        dtype = kernel_dtype("Expand", self.dtype)
        wide = self.writer.add("Expand", [self.cast(dtype), target], dtype, shape)
        return wide.cast(self.dtype)

    def unary(self, operator: str, result: DType | None = None, **attrs: Any) -> Ref:
        """An elementwise operator."""
        return self.writer.elementwise(operator, self, result=result, **attrs)

    def binary(self, operator: str, other: Any, result: DType | None = None, **attrs: Any) -> Ref:
        """An elementwise operator on this and another value, or a number."""
        right = other if isinstance(other, Ref) else self.constant(other)
        return self.writer.elementwise(operator, self, right, result=result, **attrs)

    def __add__(self, other: Any) -> Ref:
        """The sum."""
        return self.binary("Add", other)

    def __sub__(self, other: Any) -> Ref:
        """The difference."""
        return self.binary("Sub", other)

    def __rsub__(self, other: Any) -> Ref:
        """A number minus this."""
        return self.constant(other).binary("Sub", self)

    def __mul__(self, other: Any) -> Ref:
        """The product."""
        return self.binary("Mul", other)

    def __truediv__(self, other: Any) -> Ref:
        """The quotient of floats."""
        return self.binary("Div", other)

    def __rtruediv__(self, other: Any) -> Ref:
        """A number over this."""
        return self.constant(other).binary("Div", self)

    def __neg__(self) -> Ref:
        """Minus this; of unsigned integers, what wraps around."""
        return 0 - self if self.dtype.kind == "u" else self.unary("Neg")

    def __abs__(self) -> Ref:
        """The absolute value."""
        return self.unary("Abs")

    def __lt__(self, other: Any) -> Ref:
        """Less."""
        return self.binary("Less", other, BOOL)

    def __le__(self, other: Any) -> Ref:
        """Less or equal."""
        return self.binary("LessOrEqual", other, BOOL)

    def __gt__(self, other: Any) -> Ref:
        """Greater."""
        return self.binary("Greater", other, BOOL)

    def __ge__(self, other: Any) -> Ref:
        """Greater or equal."""
        return self.binary("GreaterOrEqual", other, BOOL)

    def equals(self, other: Any) -> Ref:
        """Whether elements are equal."""
        return self.binary("Equal", other, BOOL)

    def __and__(self, other: Any) -> Ref:
        """Both of bools; common bits of integers."""
        return self.binary("And" if self.dtype == BOOL else "BitwiseAnd", other)

    def __or__(self, other: Any) -> Ref:
        """Either of bools; all bits of integers."""
        return self.binary("Or" if self.dtype == BOOL else "BitwiseOr", other)

    def __xor__(self, other: Any) -> Ref:
        """What just one has."""
        return self.binary("Xor" if self.dtype == BOOL else "BitwiseXor", other)

    def __invert__(self) -> Ref:
        """The opposite."""
        return self.unary("Not" if self.dtype == BOOL else "BitwiseNot")

    def __lshift__(self, other: Any) -> Ref:
        """Bits moved up."""
        return self.binary("BitShift", other, direction="LEFT")

    def __rshift__(self, other: Any) -> Ref:
        """Bits moved down; the sign is kept."""
        return self.binary("BitShift", other, direction="RIGHT")

    def sqrt(self) -> Ref:
        """The square root."""
        return self.unary("Sqrt")

    def exp(self) -> Ref:
        """Euler's number to this power."""
        return self.unary("Exp")

    def log(self) -> Ref:
        """The natural logarithm."""
        return self.unary("Log")

    def floor(self) -> Ref:
        """Rounded down."""
        return self.unary("Floor")

    def is_nan(self) -> Ref:
        """Whether elements are NaN."""
        return self.unary("IsNaN", BOOL)

    def is_inf(self) -> Ref:
        """Whether elements are infinite."""
        return self.unary("IsInf", BOOL)

    def where(self, x: Any, y: Any) -> Ref:
        """``x`` where this holds, else ``y``; one of them at least is a `Ref`."""
        like = x if isinstance(x, Ref) else y
        x = x if isinstance(x, Ref) else like.constant(x)
        y = y if isinstance(y, Ref) else like.constant(y)
        return self.writer.where(self, x, y)


class Writer:
    """A graph in the making, with its inner graphs and constants.

    Attributes:
      inputs: of the graph: those asked for, and those for large constants.
      held: the large constants, in the order of their inputs.
      initializers: the other constants.
    """

    def __init__(self) -> None:
        self.inputs: list[ValueInfoProto] = []
        self.held: list[Array] = []
        self.initializers: list[TensorProto] = []
        self._nodes: list[NodeProto] = []
        self._names = 0
        self._constants: dict[tuple[DType, Shape, bytes], Ref] = {}

    def new_name(self) -> str:
        """A name that nothing has yet."""
        self._names += 1
        return f"v{self._names}"

    def input(self, dtype: DType, shape: Shape) -> Ref:
        """A new input. ONNX Runtime's Python face has no bfloat16: its bits come in as uint16."""
        held = U16 if dtype == BF16 else dtype
        ref = Ref(self, self.new_name(), held, shape)
        self.inputs.append(value_info(ref))
        return ref.bits(dtype)

    def output(self, ref: Ref) -> Ref:
        """A value of its own that holds ``ref``, for an output."""
        if ref.dtype == BF16:
            return ref.bits(U16)
        return self.add("Identity", [ref], ref.dtype, ref.shape)

    def constant(self, array: Array) -> Ref:
        """``array`` as an initializer, or as an input that every run is given, if it is large.

        A model holds its initializers several times while a session is made of it, and no more
        than 2 GB of them.
        """
        array = np.ascontiguousarray(array).reshape(array.shape)
        if array.nbytes > _LARGE:
            self.held.append(array.view(U16) if array.dtype == BF16 else array)
            return self.input(array.dtype, array.shape)
        raw = array.tobytes()
        key = (array.dtype, array.shape, raw)
        found = self._constants.get(key)
        if found is not None:
            return found
        ref = Ref(self, self.new_name(), array.dtype, array.shape)
        if len(raw) <= _ALIASED:
            self._constants[key] = ref
        self.initializers.append(
            TensorProto(
                name=ref.name, data_type=onnx_type(array.dtype), dims=array.shape, raw_data=raw
            )
        )
        return ref

    def full(self, value: Any, dtype: DType, shape: Shape) -> Ref:
        """An array full of ``value``."""
        scalar = self.constant(np.asarray(value).astype(dtype))
        return scalar.expand(shape)

    def iota(self, size: int, dtype: DType = I64) -> Ref:
        """``0, 1, ... size - 1``."""
        return self.constant(np.arange(size).astype(dtype))

    def add(
        self, operator: str, operands: Sequence[Ref], dtype: DType, shape: Shape, **attrs: Any
    ) -> Ref:
        """A node with one result of the given type."""
        return self.add_many(operator, operands, [(dtype, shape)], **attrs)[0]

    def add_many(
        self,
        operator: str,
        operands: Sequence[Ref],
        results: Sequence[tuple[DType, Shape]],
        **attrs: Any,
    ) -> tuple[Ref, ...]:
        """A node with results of the given types."""
        refs = tuple(Ref(self, self.new_name(), dtype, shape) for dtype, shape in results)
        inputs, outputs = [ref.name for ref in operands], [ref.name for ref in refs]
        self._nodes.append(helper.make_node(operator, inputs, outputs, **attrs))
        return refs

    def elementwise(
        self, operator: str, *operands: Ref, result: DType | None = None, **attrs: Any
    ) -> Ref:
        """A node over operands of one dtype that broadcast, in the dtype of a kernel."""
        dtype = operands[0].dtype
        kernel = kernel_dtype(operator, dtype)
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
        wide = [operand.cast(kernel) for operand in operands]
        found = self.add(operator, wide, result or kernel, shape, **attrs)
        return found if result else found.cast(dtype)

    def where(self, condition: Ref, x: Ref, y: Ref) -> Ref:
        """``x`` where the condition holds, else ``y``; they broadcast."""
        shape = np.broadcast_shapes(condition.shape, x.shape, y.shape)
        kernel = kernel_dtype("Where", x.dtype)
        # The kernel for floats loses the sign of a zero: it chooses among integers.
        whole = np.dtype(f"i{kernel.itemsize}") if kernel.kind == "f" else kernel
        operands = [condition, *(ref.cast(kernel).bits(whole) for ref in (x, y))]
        return self.add("Where", operands, whole, shape).bits(kernel).cast(x.dtype)

    def concat(self, parts: Sequence[Ref], axis: int) -> Ref:
        """Parts joined along ``axis``."""
        if len(parts) == 1:
            return parts[0]
        first = parts[0].shape
        joined = sum(part.shape[axis] for part in parts)
        shape = (*first[:axis], joined, *first[axis + 1 :])
        return self.add("Concat", parts, parts[0].dtype, shape, axis=axis)

    @contextmanager
    def _inner(self) -> Iterator[list[NodeProto]]:
        outer, self._nodes = self._nodes, []
        try:
            yield self._nodes
        finally:
            self._nodes = outer

    def branch(
        self,
        condition: Ref,
        then: Callable[[], Sequence[Ref]],
        otherwise: Callable[[], Sequence[Ref]],
    ) -> tuple[Ref, ...]:
        """The results of ``then`` or of ``otherwise``; only one of them runs."""
        graphs = []
        for function in (then, otherwise):
            with self._inner() as nodes:
                results = [self._result(ref) for ref in function()]
            graphs.append(_graph(nodes, [], results))
        types = [(ref.dtype, ref.shape) for ref in results]
        return self.add_many("If", [condition], types, then_branch=graphs[0], else_branch=graphs[1])

    def loop(
        self,
        start: Sequence[Ref],
        condition: Callable[[Sequence[Ref]], Ref],
        body: Callable[[Sequence[Ref]], Sequence[Ref]],
    ) -> tuple[Ref, ...]:
        """The loop variables after the last turn; the condition is asked before each."""
        with self._inner() as nodes:
            turn = Ref(self, self.new_name(), I64, ())
            going = Ref(self, self.new_name(), BOOL, ())
            variables = [Ref(self, self.new_name(), ref.dtype, ref.shape) for ref in start]
            new = [self._result(ref) for ref in body(variables)]
            again = self._result(condition(new))
        graph = _graph(nodes, [turn, going, *variables], [again, *new])
        no_limit = Ref(self, "", I64, ())
        types = [(ref.dtype, ref.shape) for ref in start]
        return self.add_many("Loop", [no_limit, condition(start), *start], types, body=graph)

    def _result(self, ref: Ref) -> Ref:
        return self.add("Identity", [ref], ref.dtype, ref.shape)

    def graph(self, outputs: Sequence[Ref]) -> GraphProto:
        """The whole graph."""
        return helper.make_graph(
            self._nodes,
            "program",
            self.inputs,
            [value_info(ref) for ref in outputs],
            self.initializers,
        )


def value_info(ref: Ref) -> ValueInfoProto:
    """Name and type, as ONNX wants them of inputs and outputs."""
    return helper.make_tensor_value_info(ref.name, onnx_type(ref.dtype), ref.shape)


def _graph(nodes: list[NodeProto], inputs: Sequence[Ref], outputs: Sequence[Ref]) -> GraphProto:
    return helper.make_graph(
        nodes, "block", [value_info(ref) for ref in inputs], [value_info(ref) for ref in outputs]
    )

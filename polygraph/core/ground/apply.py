"""Adding an operation to a graph: inputs converted, dtypes decided, shapes inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import source
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import DType, as_dtype, int32, int64
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.shape_inference import infer_outputs, propagate_constants
from polygraph.core.ground.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import Arg
    from polygraph.core.ground.operation import Operation


class _Call:
    """The dtype variables, counts and inputs of one application, as they are found out."""

    def __init__(self, definition: OpDef, attrs: Mapping[str, Any]) -> None:
        self.definition = definition
        self.attrs: dict[str, Any] = dict(definition.attr_defaults)
        self.bound_by: dict[str, str] = {}
        self.inputs: list[Tensor] = []
        self.spans: list[slice | int] = []
        for name, value in attrs.items():
            if name in definition.dtypes and not isinstance(value, list | tuple):
                self.attrs[name] = as_dtype(value).base_dtype
            elif value is not None or name not in definition.dtypes:
                self.attrs[name] = value

    def take(self, arg: Arg, value: Any) -> None:
        """Convert what was given for one declared input."""
        if arg.each:
            self._take_each(arg, value)
        elif arg.number is not None:
            self._take_list(arg, value)
        else:
            self.spans.append(len(self.inputs))
            self.inputs.append(self._convert(arg, value, arg.name))

    def _take_each(self, arg: Arg, values: Sequence[Any]) -> None:
        dtypes = self.attrs.get(arg.dtype) or [None] * len(values)
        start = len(self.inputs)
        for index, (value, dtype) in enumerate(zip(values, dtypes, strict=True)):
            self.inputs.append(convert_to_tensor(value, dtype, f"{arg.name}_{index}"))
        self.attrs[arg.dtype] = tuple(tensor.dtype.base_dtype for tensor in self.inputs[start:])
        self.spans.append(slice(start, len(self.inputs)))

    def _take_list(self, arg: Arg, values: Any) -> None:
        if not isinstance(values, list | tuple):
            msg = (
                f"Expected list for '{arg.name}' argument to '{self.definition.type}' Op, not "
                f"{values!r}."
            )
            raise TypeError(msg)
        start = len(self.inputs)
        if arg.dtype in self.definition.dtypes and arg.dtype not in self.attrs:
            for value in values:
                if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
                    self.attrs[arg.dtype] = value.dtype.base_dtype
                    self.bound_by[arg.dtype] = arg.name
                    break
        for index, value in enumerate(values):
            self.inputs.append(self._convert(arg, value, f"{arg.name}_{index}"))
        self.attrs[str(arg.number)] = len(values)
        self.spans.append(slice(start, len(self.inputs)))

    def _convert(self, arg: Arg, value: Any, name: str) -> Tensor:
        variable = arg.dtype in self.definition.dtypes
        wanted = self.attrs.get(arg.dtype) if variable else as_dtype(arg.dtype)
        preferred = None
        if variable and wanted is None and set(self.definition.dtypes[arg.dtype]) <= {int32, int64}:
            preferred = self.definition.dtypes[arg.dtype][0]
        try:
            tensor = convert_to_tensor(value, wanted, name, preferred, as_ref=arg.ref)
        except (TypeError, ValueError) as error:
            raise self._conversion_error(arg, value, wanted, error) from error
        if arg.ref and not tensor.dtype._is_ref_dtype:  # noqa: SLF001
            msg = (
                f"Input '{arg.name}' of '{self.definition.type}' Op must be a variable, not "
                f"{tensor!r}"
            )
            raise TypeError(msg)
        if variable:
            self._bind(arg, tensor)
        return tensor

    def _conversion_error(
        self, arg: Arg, value: Any, wanted: DType | None, error: Exception
    ) -> Exception:
        dtype = getattr(value, "dtype", None)
        if wanted is None or dtype is None:
            return error
        given = as_dtype(dtype).name
        by = self.bound_by.get(arg.dtype)
        if arg.number is not None and by == arg.name:
            return TypeError(
                f"Tensors in list passed to '{arg.name}' of '{self.definition.type}' Op have types "
                f"[{wanted.name}, {given}] that don't all match.\n  built at {source.capture()}"
            )
        because = f"type {wanted.name} of argument '{by}'" if by else f"expected type {wanted.name}"
        return TypeError(
            f"Input '{arg.name}' of '{self.definition.type}' Op has type {given} that does not "
            f"match {because}.\n  built at {source.capture()}"
        )

    def _bind(self, arg: Arg, tensor: Tensor) -> None:
        dtype = tensor.dtype.base_dtype
        allowed = self.definition.dtypes[arg.dtype]
        if dtype not in allowed:
            names = ", ".join(item.name for item in allowed)
            msg = (
                f"Value passed to parameter '{arg.name}' of '{self.definition.type}' has DataType "
                f"{dtype.name} not in list of allowed values: {names}\n"
                f"  built at {source.capture()}"
            )
            raise TypeError(msg)
        self.attrs.setdefault(arg.dtype, dtype)
        self.bound_by.setdefault(arg.dtype, arg.name)

    def finish_dtypes(self) -> None:
        """Give dtype variables that no input decides their default."""
        for name, allowed in self.definition.dtypes.items():
            dtype = self.attrs.setdefault(name, allowed[0] if allowed else None)
            if allowed and isinstance(dtype, DType) and dtype not in allowed:
                names = ", ".join(item.name for item in allowed)
                msg = (
                    f"{name} of '{self.definition.type}' is {dtype.name}, which is not in the "
                    f"list of allowed values: {names}"
                )
                raise TypeError(msg)


def output_dtypes(definition: OpDef, attrs: Mapping[str, Any]) -> list[DType]:
    """The dtypes of the outputs of an operation with ``attrs``, its dtype variables included."""
    result: list[DType] = []
    for arg in definition.outputs:
        if arg.each:
            result.extend(as_dtype(dtype) for dtype in attrs[arg.dtype])
            continue
        dtype = attrs[arg.dtype] if arg.dtype in definition.dtypes else as_dtype(arg.dtype)
        count = 1 if arg.number is None else int(attrs[arg.number])
        result.extend([dtype._as_ref if arg.ref else dtype] * count)  # noqa: SLF001
    return result


def _graph_of(inputs: Sequence[Any]) -> Graph:
    for value in inputs:
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, Tensor):
                return item.graph
    return get_default_graph()


def apply_op(
    definition: OpDef, inputs: Sequence[Any], attrs: Mapping[str, Any], name: str | None
) -> Operation:
    """Add an operation to the graph of its inputs, by default the default graph.

    Constants made for its inputs are named in a scope of its own name, as in TF1.

    Raises:
      TypeError: wrong number of inputs, or a dtype that does not fit.
      ValueError: static shapes do not fit, or inputs are of different graphs.
    """
    if len(inputs) != len(definition.inputs):
        msg = f"{definition.type} takes {len(definition.inputs)} inputs but got {len(inputs)}"
        raise TypeError(msg)
    graph = _graph_of(inputs)
    if graph is not get_default_graph():
        with graph.as_default():
            return _apply_in(graph, definition, inputs, attrs, name)
    return _apply_in(graph, definition, inputs, attrs, name)


def _apply_in(
    graph: Graph,
    definition: OpDef,
    inputs: Sequence[Any],
    attrs: Mapping[str, Any],
    name: str | None,
) -> Operation:
    call = _Call(definition, attrs)
    with graph.name_scope(name or definition.type) as scope:
        for arg, value in zip(definition.inputs, inputs, strict=True):
            call.take(arg, value)
    call.finish_dtypes()
    operation = graph.add(definition, call.inputs, call.spans, call.attrs, scope)
    operation.add_outputs(infer_outputs(operation, output_dtypes(definition, call.attrs)))
    graph.append(operation)
    propagate_constants(operation)
    return operation

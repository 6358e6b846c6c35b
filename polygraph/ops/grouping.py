"""Operations that make others run together: `group`, `tuple`, `with_dependencies`."""

from __future__ import annotations

import builtins
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.operation import Operation
from polygraph.core.ground.scopes import colocate_with, control_dependencies, device, name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.ops.identity_ops import identity
from polygraph.ops.source_ops import no_op

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["group", "tuple"]


def _leaves(value: Any) -> Iterator[Any]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item[key] for key in sorted(item, reverse=True))
        elif isinstance(item, list | builtins.tuple):
            pending.extend(reversed(item))
        else:
            yield item


def _element_of(item: Any) -> Operation | Tensor:
    if isinstance(item, IndexedSlices):
        return item.values
    if not (isinstance(item, Operation | Tensor) or hasattr(item, "_as_graph_element")):
        msg = (
            "tf.group takes operations, tensors and variables, also nested in lists, but got "
            f"{item!r} of type '{type(item).__name__}'."
        )
        raise TypeError(msg)
    return get_default_graph().as_graph_element(item)


def _after(elements: Sequence[Any], asked: str, name: str | None = None) -> Operation:
    with control_dependencies(elements), device(asked) if asked else nullcontext():
        operation: Operation = no_op(name=name)
    return operation


def group(*inputs: Any, name: str | None = None) -> Operation:
    """An operation that is done when all of ``inputs`` are; it has no output.

    Args:
      *inputs: operations, tensors, variables, or nested lists of them.
      name: of the operation.

    Raises:
      TypeError: an input is nothing that can run.
    """
    leaves = list(_leaves(inputs))
    with name_scope(name, "group_deps", leaves) as scope:
        by_device: dict[str, list[Any]] = {}
        for element in map(_element_of, leaves):
            by_device.setdefault(element.device, []).append(element)
        if not leaves:
            return no_op(name=scope)  # type: ignore[no-any-return]
        if len(by_device) == 1:
            ((asked, items),) = by_device.items()
            return _after(items, asked, scope)
        parts = [_after(by_device[asked], asked) for asked in sorted(by_device)]
        return _after(parts, "", scope)


def with_dependencies(
    dependencies: Sequence[Any], output_tensor: Any, name: str | None = None
) -> Any:
    """``output_tensor`` as of after ``dependencies``.

    Args:
      dependencies: operations and tensors that run before.
      output_tensor: a tensor or `IndexedSlices`.
      name: of the new operation.
    """
    with (
        name_scope(name, "control_dependency", [*dependencies, output_tensor]) as scope,
        colocate_with(output_tensor),
        control_dependencies(dependencies),
    ):
        if isinstance(output_tensor, IndexedSlices):
            values = identity(output_tensor.values, name=scope)
            return IndexedSlices(values, output_tensor.indices, output_tensor.dense_shape)
        return identity(convert_to_tensor(output_tensor), name=scope)


def _operation_of(item: Any) -> Operation:
    element = _element_of(item)
    return element.op if isinstance(element, Tensor) else element


def tuple(
    tensors: Sequence[Any], name: str | None = None, control_inputs: Sequence[Any] | None = None
) -> list[Any]:
    """The same tensors, none of which is there before all of them and ``control_inputs`` are.

    Args:
      tensors: tensors or what converts to them, `IndexedSlices`, operations, or None, which
        stays None.
      name: of the scope of the new operations.
      control_inputs: what else has to be done before.

    Raises:
      ValueError: there is no tensor among them.
      TypeError: a control input is nothing that can run.
    """
    with name_scope(name, "tuple", [item for item in tensors if item is not None]):
        items = [_to_gate(item) for item in tensors]
        gating = [_operation_of(item) for item in items if item is not None]
        gating.extend(_operation_of(item) for item in control_inputs or ())
        if not gating:
            msg = f"tf.tuple needs at least one tensor or operation, but got {tensors!r}"
            raise ValueError(msg)
        gate = group(*sorted(set(gating), key=lambda operation: operation.id))
        return [_gated(gate, item) for item in items]


def _to_gate(item: Any) -> Any:
    kept = isinstance(item, Operation | IndexedSlices) or item is None
    return item if kept else convert_to_tensor(item)


def _gated(gate: Operation, item: Any) -> Any:
    if item is None:
        return None
    if isinstance(item, Operation):
        with control_dependencies([gate]):
            return group(item)
    return with_dependencies([gate], item)

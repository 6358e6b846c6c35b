"""`Optimizer`: what all optimizers do alike; each adds its slots and its update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import DType, bfloat16, float16, float32, float64
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.scopes import (
    colocate_with,
    control_dependencies,
    get_collection_ref,
    name_scope,
)
from polygraph.core.ground.tensor import Tensor
from polygraph.core.runtime.gradients import gradients
from polygraph.core.runtime.variable_collections import trainable_variables
from polygraph.core.runtime.variables import Variable
from polygraph.ops.casting import cast
from polygraph.ops.grouping import group, tuple as gated
from polygraph.ops.partitioning import unique
from polygraph.ops.segments import unsorted_segment_sum
from polygraph.ops.shape_queries import size
from polygraph.ops.state import assign_add
from polygraph.train import slot_creator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation

GradientAndVariable = tuple[Any, Any]


def _flattened(items: Any) -> list[Any]:
    if isinstance(items, dict):
        items = [items[key] for key in sorted(items)]
    if isinstance(items, list | tuple | set | frozenset):
        return [leaf for item in items for leaf in _flattened(item)]
    return [items]


def _target(item: Any) -> Tensor:
    """The tensor that a gradient is taken by, for a variable or tensor to optimize."""
    if isinstance(item, Tensor):
        return item
    reference = getattr(item, "_ref", None)
    if reference is None:
        msg = f"Trying to optimize unsupported type {item!r}: pass variables or tensors"
        raise NotImplementedError(msg)
    return reference()  # type: ignore[no-any-return]


def _as_gradient(gradient: Any) -> Any:
    if gradient is None or isinstance(gradient, IndexedSlices):
        return gradient
    try:
        return convert_to_tensor(gradient)
    except TypeError as error:
        msg = f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {gradient!r}"
        raise TypeError(msg) from error


def _names(variables: Iterable[Any]) -> list[str]:
    return [str(variable) for variable in variables]


class Optimizer:
    """Base of the optimizers: computes gradients and applies them.

    A subclass gives `_apply_dense` and `_apply_sparse`, and where it keeps state `_create_slots`;
    `_prepare` turns its numbers into tensors, `_finish` adds what is to be done after all updates.

    Args:
      use_locking: accepted for TF1's sake; a session's writes never overlap.
      name: of its operations and of its slots.
      use_own_namescope_for_non_slot_vars: names variables that are no slots below ``name``.

    Raises:
      ValueError: the name is empty.
    """

    GATE_NONE: ClassVar[int] = 0
    """Gradients may be used one by one, as they come."""
    GATE_OP: ClassVar[int] = 1
    """Gradients of one operation are used only when all of them are there."""
    GATE_GRAPH: ClassVar[int] = 2
    """Gradients are used only when all of them are there."""

    def __init__(
        self, use_locking: bool, name: str, use_own_namescope_for_non_slot_vars: bool = False
    ) -> None:
        if not name:
            msg = "Must specify the optimizer name"
            raise ValueError(msg)
        self._use_locking = use_locking
        self._name = name
        self._own_namescope = use_own_namescope_for_non_slot_vars
        self._slots: dict[str, dict[tuple[Graph, str], Variable]] = {}
        self._non_slot_dict: dict[tuple[str, Graph], Variable] = {}

    def get_name(self) -> str:
        """The name."""
        return self._name

    # For users

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """Operation that computes gradients and applies them.

        Args:
          loss: what to make smaller.
          global_step: variable that is counted up after the updates.
          var_list: variables to change, by default all trainable ones.
          gate_gradients: one of the ``GATE_`` constants.
          aggregation_method: kept.
          colocate_gradients_with_ops: kept.
          name: of the operation, by default the optimizer's.
          grad_loss: gradient of what follows, with respect to ``loss``; ones by default.

        Raises:
          ValueError: no variable has a gradient, or the loss is of a wrong dtype.
        """
        pairs = self.compute_gradients(
            loss,
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        if all(gradient is None for gradient, _ in pairs):
            msg = (
                "No gradients provided for any variable, check your graph for ops that do not "
                f"support gradients, between variables {_names(item for _, item in pairs)} and "
                f"loss {loss}."
            )
            raise ValueError(msg)
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[GradientAndVariable]:
        """Pairs of a gradient (None where there is none) and its variable; see `minimize`.

        Raises:
          ValueError: there is no variable, or a dtype that cannot be optimized.
          NotImplementedError: something in ``var_list`` is neither variable nor tensor.
        """
        if gate_gradients not in {self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH}:
            msg = (
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, "
                f"Optimizer.GATE_GRAPH.  Not {gate_gradients}"
            )
            raise ValueError(msg)
        loss = loss() if callable(loss) else loss
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        variables = _flattened(trainable_variables() if var_list is None else var_list)
        if not variables:
            msg = "No variables to optimize."
            raise ValueError(msg)
        found = gradients(
            loss,
            [_target(variable) for variable in variables],
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            found = gated(found)
        pairs = list(zip(found, variables, strict=True))
        self._assert_valid_dtypes([item for gradient, item in pairs if gradient is not None])
        return pairs

    def apply_gradients(
        self,
        grads_and_vars: Iterable[GradientAndVariable],
        global_step: Any = None,
        name: str | None = None,
    ) -> Operation:
        """Operation that updates the variables.

        Args:
          grads_and_vars: pairs as `compute_gradients` gives them.
          global_step: variable that is counted up after the updates.
          name: of the operation, by default the optimizer's.

        Raises:
          TypeError: a gradient is none.
          ValueError: no variable has a gradient.
          NotImplementedError: a gradient belongs to a tensor, which cannot be updated.
        """
        pairs = [(_as_gradient(gradient), item) for gradient, item in grads_and_vars]
        if not pairs:
            msg = "No variables provided."
            raise ValueError(msg)
        given = [(gradient, item) for gradient, item in pairs if gradient is not None]
        if not given:
            msg = f"No gradients provided for any variable: {_names(item for _, item in pairs)}."
            raise ValueError(msg)
        # Slots belong to no cond branch or loop, and wait for nothing.
        with control_dependencies(None):
            self._create_slots([item for _, item in given])
        with name_scope(name, self._name) as scope:
            self._prepare()
            updates = [self._updated(gradient, item) for gradient, item in given]
            applied = self._counted(updates, global_step, scope)
        collected = get_collection_ref(GraphKeys.TRAIN_OP)
        if applied not in collected:
            collected.append(applied)
        return applied

    def _updated(self, gradient: Any, variable: Any) -> Any:
        if isinstance(variable, Tensor):
            msg = f"Trying to update a Tensor {variable!r}: only variables can be updated"
            raise NotImplementedError(msg)
        with name_scope(f"update_{variable.op.name}"), colocate_with(variable):
            constraint = variable.constraint
            if isinstance(gradient, Tensor):
                update = self._apply_dense(gradient, variable)
                if constraint is None:
                    return update
                with control_dependencies([update]):
                    return variable.assign(constraint(variable))
            if constraint is not None:
                msg = f"Cannot use a constraint function on a sparse variable: {variable!r}"
                raise RuntimeError(msg)
            return self._apply_sparse_duplicate_indices(gradient, variable)

    def _counted(self, updates: Sequence[Any], global_step: Any, scope: str) -> Operation:
        if global_step is None:
            finished = self._finish(updates, scope)
            return finished.op if isinstance(finished, Tensor) else finished
        with (
            control_dependencies([self._finish(updates, "update")]),
            colocate_with(global_step),
        ):
            one = convert_to_tensor(1, global_step.dtype.base_dtype, "value")
            return assign_add(global_step, one, name=scope).op  # type: ignore[no-any-return]

    def get_slot(self, var: Any, name: str) -> Variable | None:
        """The slot ``name`` of a variable, None where there is none."""
        return self._slots.get(name, {}).get(_key(var))

    def get_slot_names(self) -> list[str]:
        """Names of the kinds of slots, sorted."""
        return sorted(self._slots)

    def variables(self) -> list[Variable]:
        """The optimizer's own variables of the default graph, sorted by name."""
        graph = get_default_graph()
        own = [*self._non_slot_dict.values()]
        for slots in self._slots.values():
            own.extend(slots.values())
        kept = [variable for variable in own if variable.graph is graph]
        return sorted(kept, key=lambda variable: variable.name)

    # For subclasses to override

    def _valid_dtypes(self) -> set[DType]:
        """Dtypes that losses, variables and gradients may have."""
        return {float16, bfloat16, float32, float64}

    def _assert_valid_dtypes(self, tensors: Sequence[Any]) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            dtype = convert_to_tensor(tensor).dtype.base_dtype
            if dtype not in valid:
                names = [f"tf.{item.name}" for item in sorted(valid, key=int)]
                label = getattr(tensor, "name", tensor)
                msg = f"Invalid type tf.{dtype.name} for {label}, expected: {names}."
                raise ValueError(msg)

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        """Make the slots that the variables need."""

    def _prepare(self) -> None:
        """Make the tensors that the updates share; called in the scope of the operation."""

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        """Operation that updates ``var``.

        Raises:
          NotImplementedError: the subclass does not say how.
        """
        raise NotImplementedError

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        """Operation that updates ``var``; no index comes twice.

        Raises:
          NotImplementedError: the subclass does not say how.
        """
        raise NotImplementedError

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        """Operation that updates ``var`` where an index may come several times.

        This one sums them first, at the price of a stage of its own: how many there are depends on
        the data.
        """
        indices, positions = unique(grad.indices)
        values = unsorted_segment_sum(grad.values, positions, size(indices))
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        """Operation that runs all updates and whatever has to come after them."""
        return group(*update_ops, name=name_scope)

    # For subclasses to call

    def _call_if_callable(self, param: Any) -> Any:
        return param() if callable(param) else param

    def _tensor(self, param: Any, name: str) -> Tensor:
        """A number, tensor or function that gives one, as a tensor."""
        return convert_to_tensor(self._call_if_callable(param), name=name)

    def _like(self, number: Tensor, var: Any) -> Tensor:
        """A shared number in the dtype of a variable."""
        return cast(number, var.dtype.base_dtype)  # type: ignore[no-any-return]

    def _slot_dict(self, slot_name: str) -> dict[tuple[Graph, str], Variable]:
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var: Any, val: Tensor, slot_name: str, op_name: str) -> Variable:
        slots = self._slot_dict(slot_name)
        if _key(var) not in slots:
            slots[_key(var)] = slot_creator.create_slot(var, val, op_name)
        return slots[_key(var)]

    def _get_or_make_slot_with_initializer(
        self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str, op_name: str
    ) -> Variable:
        slots = self._slot_dict(slot_name)
        if _key(var) not in slots:
            slots[_key(var)] = slot_creator.create_slot_with_initializer(
                var, initializer, shape, dtype, op_name
            )
        return slots[_key(var)]

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Variable:
        slots = self._slot_dict(slot_name)
        if _key(var) not in slots:
            slots[_key(var)] = slot_creator.create_zeros_slot(var, op_name)
        return slots[_key(var)]

    def _create_non_slot_variable(
        self, initial_value: Any, name: str, colocate_with: Any
    ) -> Variable:
        """A variable of the optimizer's own, one for each graph."""
        key = (name, colocate_with.graph)
        if key not in self._non_slot_dict:
            label = f"{self._name}/{name}" if self._own_namescope else name
            with colocate_with.graph.colocate_with(colocate_with.op):
                self._non_slot_dict[key] = Variable(initial_value, name=label, trainable=False)
        return self._non_slot_dict[key]

    def _get_non_slot_variable(self, name: str, graph: Graph | None = None) -> Variable | None:
        return self._non_slot_dict.get((name, graph or get_default_graph()))


def _key(var: Any) -> tuple[Graph, str]:
    return var.op.graph, var.op.name

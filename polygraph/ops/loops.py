"""`while_loop`: a condition and a body, each built once, as regions of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from polygraph.core.ground import nest
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import bool_
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.sparse_tensor import SparseTensor
from polygraph.core.ground.tensor_shape import TensorShape, as_shape, unknown_shape
from polygraph.ops.arithmetic import AddV2
from polygraph.ops.logical import Less, LogicalAnd
from polygraph.ops.region_clone import Cloner
from polygraph.ops.region_ops import Exit, add_parameter, add_while, new_region
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_array import TensorArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.region import Region
    from polygraph.core.ground.tensor import Tensor

__all__ = ["while_loop"]


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,  # noqa: ARG001 - accepted: where values live is the backend's matter
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """The loop variables after repeating ``body`` while ``cond`` holds.

    Both functions are called once, to build the graph.

    Args:
      cond: takes the loop variables, gives a bool scalar.
      body: takes the loop variables, gives new ones of the same structure and dtypes.
      loop_vars: a list or tuple: tensors, `TensorArray`s, or nested structures of them.
      shape_invariants: like ``loop_vars``: shapes that hold in every turn, for those that change.
      parallel_iterations: accepted; a positive int.
      back_prop: whether gradients flow through the loop.
      swap_memory: accepted.
      name: scope of the operations.
      maximum_iterations: int32 scalar: turns at most.
      return_same_structure: give a list of one, too, for one loop variable.

    Returns:
      A structure like ``loop_vars``; of one loop variable, that one alone.

    Raises:
      TypeError: ``cond`` or ``body`` is not callable, or the body changes a dtype.
      ValueError: there are no loop variables, or the body changes a structure or a static shape.
    """
    if not callable(cond):
        msg = "'cond' must be callable."
        raise TypeError(msg)
    if not callable(body):
        msg = "'body' must be callable."
        raise TypeError(msg)
    if not isinstance(parallel_iterations, int) or parallel_iterations < 1:
        msg = "'parallel_iterations' must be a positive integer."
        raise TypeError(msg)
    if not loop_vars:
        msg = "'loop_vars' must be provided."
        raise ValueError(msg)
    if not isinstance(loop_vars, list | tuple):
        loop_vars = [loop_vars]
    with name_scope(name, "while", _tensors_of(loop_vars)):
        limit = _limit(maximum_iterations)
        if limit is None:
            results = _Loop(loop_vars, shape_invariants, back_prop, None).build(cond, body)
        else:
            results = _limited(cond, body, loop_vars, shape_invariants, back_prop, limit)
    if len(nest.flatten(results)) == 1 and not return_same_structure:
        return results[0]
    return results


def _tensors_of(loop_vars: Any) -> list[Any]:
    return [leaf for leaf in nest.flatten(loop_vars) if not isinstance(leaf, TensorArray)]


def _limit(maximum_iterations: Any) -> Tensor | None:
    if maximum_iterations is None:
        return None
    limit = convert_to_tensor(maximum_iterations, name="maximum_iterations")
    if limit.get_shape().ndims not in (0, None):
        msg = f"'maximum_iterations' must be a scalar. Received shape: {limit.get_shape()}"
        raise ValueError(msg)
    return limit


def _limited(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    invariants: Any,
    back_prop: bool,
    limit: Tensor,
) -> Any:
    """The loop with a counter in front that ends it."""
    one = constant(1, limit.dtype.base_dtype)

    def counted_cond(counter: Tensor, variables: Any) -> Any:
        return LogicalAnd(Less(counter, limit), cond(*variables))

    def counted_body(counter: Tensor, variables: Any) -> Any:
        return AddV2(counter, one), _as_sequence(loop_vars, body(*variables))

    start = constant(0, limit.dtype.base_dtype, name="iteration_counter")
    if invariants is not None:
        invariants = (TensorShape(()), invariants)
    bound = None if limit.constant is None else int(limit.constant)
    loop = _Loop((start, loop_vars), invariants, back_prop, bound)
    return loop.build(counted_cond, counted_body)[1]


def _as_sequence(loop_vars: Any, result: Any) -> Any:
    """What a body gave, of the structure of ``loop_vars``: one variable may come alone."""
    if not isinstance(result, list | tuple) or (
        hasattr(result, "_fields") and not hasattr(loop_vars, "_fields")
    ):
        result = [result]
    nest.require_same_structure(list(loop_vars), list(result), same_types=False)
    return result


class _Loop:
    """A loop that is being built.

    Attributes:
      structure: the loop variables as they were given.
      given: the structure that the body gives.
      arrays: the `TensorArray`s among the loop variables, by position.
      initial: the loop variables before the first turn; None for an array that has no flow yet.
      shapes: static shapes that hold in every turn.
    """

    def __init__(
        self,
        loop_vars: Any,
        invariants: Any,
        back_prop: bool,
        bound: int | None,
    ) -> None:
        self.structure = self.given = loop_vars
        self.back_prop = back_prop
        self.bound = bound
        self.arrays: dict[int, TensorArray] = {}
        self.initial: list[Tensor | None] = []
        self._take_initial()
        self.shapes = [
            unknown_shape() if tensor is None else tensor.get_shape() for tensor in self.initial
        ]
        for index, array in self.arrays.items():
            self.shapes[index] = array.record.flow_shape()
        self._relax_sparse()
        if invariants is not None:
            self._take_invariants(invariants)

    def _take_initial(self) -> None:
        structure: list[Any] = []
        for leaf in nest.flatten(self.structure):
            if isinstance(leaf, TensorArray):
                self.arrays[len(self.initial)] = leaf
                made = leaf.made or leaf.element_shape.is_fully_defined()
                self.initial.append(leaf.flow if made else None)
                structure.append(leaf)
                continue
            value = leaf if _is_composite(leaf) else convert_to_tensor(leaf)
            self.initial.extend(nest.flatten(value, expand=True))
            structure.append(value)
        self.structure = nest.pack_like(self.structure, structure)

    def _relax_sparse(self) -> None:
        """Let the number of elements of sparse loop variables change, as TF1 does."""
        position = 0
        for leaf in nest.flatten(self.structure):
            count = len(nest.flatten(leaf, expand=True))
            if isinstance(leaf, SparseTensor):
                parts = _invariant_parts(leaf, leaf.dense_shape.get_shape(), count)
                self.shapes[position : position + count] = parts
            position += count

    def _take_invariants(self, invariants: Any) -> None:
        nest.require_same_structure(list(self.structure), list(invariants), same_types=False)
        position = 0
        pairs = zip(nest.flatten(self.structure), nest.flatten(invariants), strict=True)
        for leaf, invariant in pairs:
            count = len(nest.flatten(leaf, expand=True))
            if not isinstance(leaf, TensorArray):
                for index, shape in enumerate(_invariant_parts(leaf, invariant, count)):
                    self._require_fits(position + index, shape)
            position += count

    def _require_fits(self, index: int, shape: TensorShape) -> None:
        tensor = cast("Tensor", self.initial[index])
        if not _covers(shape, tensor.get_shape()):
            msg = (
                f"The shape invariant specified for {tensor.name} is not compatible with the "
                "initial shape of the loop variable. It enters the loop with shape "
                f"{tensor.get_shape()}, but the specified shape invariant is {shape}."
            )
            raise ValueError(msg)
        self.shapes[index] = shape

    def build(self, cond: Callable[..., Any], body: Callable[..., Any]) -> Any:
        """The loop variables after the loop."""
        graph = get_default_graph()
        condition, turn = new_region("cond"), new_region("body")
        entering = self._parameters(condition, "Merge")
        with graph.in_region(condition):
            condition.outputs = [_flag(cond(*entering))]
        entering = self._parameters(turn, "Identity")
        with graph.in_region(turn):
            results = self._results(body(*entering))
        turn.outputs = results
        initial = self._complete_initial(turn)
        self._require_shapes(initial, results)
        owner = add_while(
            initial,
            [condition, turn],
            self.shapes,
            maximum_iterations=self.bound,
            back_prop=self.back_prop,
        )
        return self._exits(owner)

    def _parameters(self, region: Region, name: str) -> Any:
        """The loop variables as the functions get them."""
        leaves = []
        for index, tensor in enumerate(self.initial):
            array = self.arrays.get(index)
            dtype = array.dtype if array is not None else tensor.dtype  # type: ignore[union-attr]
            leaves.append(add_parameter(region, dtype, self.shapes[index], name))
        return nest.pack_like(self.structure, leaves, expand=True)

    def _results(self, raw: Any) -> list[Tensor]:
        """What the body gave, as tensors of the dtypes of the loop variables."""
        structure = self.given = _as_sequence(self.structure, raw)
        results: list[Tensor] = []
        for before, after in zip(
            nest.flatten(self.structure), nest.flatten(structure), strict=True
        ):
            if after is None:
                msg = "None values not supported."
                raise ValueError(msg)
            if isinstance(before, TensorArray) != isinstance(after, TensorArray):
                msg = f"the body gives {after!r} for the loop variable {before!r}"
                raise TypeError(msg)
            value = after if _is_composite(after) else convert_to_tensor(after)
            results.extend(nest.flatten(value, expand=True))
        if len(results) != len(self.initial):
            msg = f"the body gives {len(results)} tensors for {len(self.initial)} loop variables"
            raise ValueError(msg)
        for index, (tensor, after) in enumerate(zip(self.initial, results, strict=True)):
            array = self.arrays.get(index)
            dtype = (array if array is not None else tensor).dtype.base_dtype  # type: ignore[union-attr]
            if after.dtype.base_dtype != dtype:
                msg = (
                    f"loop variable {index} ({dtype.name}) becomes {after.dtype.base_dtype.name} "
                    f"in the body: {after!r}"
                )
                raise TypeError(msg)
        return results

    def _complete_initial(self, turn: Region) -> list[Tensor]:
        """The initial values, the flows that were still to be made among them."""
        known = {
            parameter: tensor
            for parameter, tensor in zip(turn.parameters, self.initial, strict=True)
            if tensor is not None
        }
        initial: list[Tensor] = []
        for index, tensor in enumerate(self.initial):
            if tensor is None:
                tensor = self._flow_before(self.arrays[index], turn, known)  # noqa: PLW2901
                self.shapes[index] = self.arrays[index].record.flow_shape()
                turn.parameters[index].set_shape(self.shapes[index])
            initial.append(tensor)
        return initial

    def _flow_before(self, array: TensorArray, turn: Region, known: dict[Tensor, Tensor]) -> Tensor:
        """The flow of an array whose first write lies in the body."""
        sample = array.record.sample
        if sample is None:
            array.record.element_shape = array.element_shape.merge_with(TensorShape(()))
        elif not array.element_shape.is_fully_defined() and sample.op.region is not turn.outer:
            # Only the sample's shape is used: what computes it is pruned when a run is planned.
            sample = before_loops(sample, turn, known)
        return array.new_flow(sample)

    def _require_shapes(self, initial: Sequence[Tensor], results: Sequence[Tensor]) -> None:
        for index, (tensor, result) in enumerate(zip(initial, results, strict=True)):
            if index in self.arrays:
                continue
            if not _covers(self.shapes[index], result.get_shape()):
                msg = (
                    f"Input tensor '{tensor.name}' enters the loop with shape "
                    f"{self.shapes[index]}, but has shape {result.get_shape()} after one "
                    "iteration. To allow the shape to vary across iterations, use the "
                    "`shape_invariants` argument of tf.while_loop to specify a less-specific "
                    "shape."
                )
                raise ValueError(msg)

    def _exits(self, owner: Operation) -> Any:
        leaves = [Exit(output, name="Exit") for output in owner.outputs]
        # As in TF1, lists and tuples are those that the body gave.
        exits = nest.pack_like(self.structure, leaves, expand=True)
        return nest.pack_like(self.given, nest.flatten(exits))


def before_loops(tensor: Tensor, turn: Region, known: dict[Tensor, Tensor]) -> Tensor:
    """A copy of ``tensor``, of the body ``turn``, as the first turn would compute it.

    Args:
      tensor: lies in ``turn``, at any depth.
      turn: the body of a loop that operations are being added around.
      known: initial values of its loop variables.
    """
    replaced = dict(known)
    region = tensor.op.region
    while region is not None and region is not turn:
        if region.owner is not None and region.parameters:
            replaced.update(zip(region.parameters, region.owner.inputs, strict=True))
        region = region.outer
    graph = get_default_graph()
    # A loop inside stands for its initial values: chains of those end at ``known``.
    for parameter in list(replaced):
        while replaced[parameter] in replaced:
            replaced[parameter] = replaced[replaced[parameter]]
    (copy,) = Cloner(graph, turn.contains, replaced).clone([tensor])
    return copy


def _is_composite(value: Any) -> bool:
    return len(nest.flatten(value, expand=True)) != 1 or isinstance(
        value, IndexedSlices | TensorArray
    )


def _flag(result: Any) -> Tensor:
    flag = convert_to_tensor(result)
    if flag.dtype.base_dtype != bool_:
        msg = (
            f"Input 'input' of 'LoopCond' Op has type {flag.dtype.base_dtype.name} that does not "
            "match expected type of bool."
        )
        raise TypeError(msg)
    if flag.get_shape().ndims not in (0, None):
        msg = f"Shape must be rank 0 but is rank {flag.get_shape().ndims} for the loop condition"
        raise ValueError(msg)
    return flag


def _covers(shape: TensorShape, other: TensorShape) -> bool:
    """Whether every tensor of static shape ``other`` has the static shape ``shape``."""
    dims, theirs = shape.as_tuple(), other.as_tuple()
    if dims is None:
        return True
    if theirs is None or len(dims) != len(theirs):
        return False
    return all(dim in (None, given) for dim, given in zip(dims, theirs, strict=True))


def _invariant_parts(leaf: Any, invariant: Any, count: int) -> list[TensorShape]:
    """The invariants of the parts of a loop variable."""
    shape = as_shape(invariant)
    if isinstance(leaf, SparseTensor):
        # TF1's invariant of a sparse tensor is that of its `dense_shape`.
        rank = shape[0]
        return [TensorShape([None, rank]), TensorShape([None]), TensorShape([rank])]
    if count == 1 or not isinstance(leaf, IndexedSlices):
        return [shape] * count
    parts = [shape, shape[:1]]
    return parts if leaf.dense_shape is None else [*parts, TensorShape([shape.ndims])]

"""`map_fn`, `scan`, `foldl`, `foldr`: loops over the first axis of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import nest
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops.arithmetic import AddV2, Sub
from polygraph.ops.logical import GreaterEqual, Less
from polygraph.ops.loops import while_loop
from polygraph.ops.shape_queries import shape
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_array import TensorArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.tensor import Tensor

__all__ = ["foldl", "foldr", "map_fn", "scan"]


class _Elements:
    """Tensors of one length, row by row.

    Attributes:
      structure: how the function gets a row.
      rows: number of rows as a tensor.
      static_rows: the same where it is known while the graph is built.
    """

    def __init__(self, elems: Any) -> None:
        leaves = [convert_to_tensor(leaf, name="elem") for leaf in nest.flatten(elems)]
        static = TensorShape([None])
        for leaf in leaves:
            dims = leaf.get_shape()
            if dims.ndims == 0:
                msg = "Elements in elems must be 1+ dimensional Tensors, not scalars"
                raise ValueError(msg)
            if dims.ndims is not None:
                static = static.merge_with(dims[:1])
        self.structure = elems
        self.static_rows = static[0].value
        self.rows: Tensor = (
            shape(leaves[0])[0] if self.static_rows is None else constant(self.static_rows)
        )
        self.dtypes = [leaf.dtype.base_dtype for leaf in leaves]
        self._arrays = [
            TensorArray(leaf.dtype, self.rows, infer_shape=False).unstack(leaf) for leaf in leaves
        ]

    def row(self, index: Any) -> Any:
        """One row of each, in the structure that they were given in."""
        return nest.pack_like(self.structure, [array.read(index) for array in self._arrays])


def _require_callable(function: Any) -> None:
    if not callable(function):
        msg = f"fn must be callable, but is {function!r}"
        raise TypeError(msg)


def _stacked(structure: Any, arrays: Sequence[TensorArray], static_rows: int | None) -> Any:
    results = []
    for array in arrays:
        result = array.stack()
        if array.element_shape.ndims is not None:
            result.set_shape(TensorShape([static_rows]).concatenate(array.element_shape))
        results.append(result)
    return nest.pack_like(structure, results)


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """What ``fn`` gives for each row of ``elems``, stacked.

    Args:
      fn: takes a row (of the structure of ``elems``), gives a tensor or a structure of tensors.
      elems: a tensor or a nested structure of tensors, all with a first axis of one length.
      dtype: dtypes of what ``fn`` gives, in its structure; by default as ``elems``.
      parallel_iterations: accepted.
      back_prop: whether gradients flow through it.
      swap_memory: accepted.
      infer_shape: require one static shape of all that ``fn`` gives.
      name: scope of the operations.
      fn_output_signature: a later name of ``dtype``.

    Raises:
      TypeError: ``fn`` is not callable, or gives another dtype.
      ValueError: an element is a scalar, or ``fn`` gives another structure.
    """
    _require_callable(fn)
    dtype = fn_output_signature if dtype is None else dtype
    with name_scope(name, "map", nest.flatten(elems)):
        elements = _Elements(elems)
        structure = elements.structure if dtype is None else dtype
        dtypes = elements.dtypes if dtype is None else nest.flatten(dtype)
        arrays = [TensorArray(item, elements.rows, infer_shape=infer_shape) for item in dtypes]

        def turn(index: Tensor, arrays: list[TensorArray]) -> Any:
            given = fn(elements.row(index))
            nest.require_same_structure(structure, given)
            values = nest.flatten(given)
            written = [array.write(index, v) for array, v in zip(arrays, values, strict=True)]
            return AddV2(index, constant(1)), written

        _, arrays = while_loop(
            lambda index, _: Less(index, elements.rows),
            turn,
            (constant(0), arrays),
            parallel_iterations=parallel_iterations or 10,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=elements.rows,
        )
        return _stacked(structure, arrays, elements.static_rows)


def _fold(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any,
    parallel_iterations: int,
    options: dict[str, Any],
    *,
    backward: bool,
) -> Any:
    elements = _Elements(elems)
    rows, one = elements.rows, constant(1)
    first = Sub(rows, one) if backward else constant(0)
    step = Sub if backward else AddV2
    if initializer is None:
        initializer = elements.row(first)
        first = step(first, one)
    start = nest.map_leaves(convert_to_tensor, initializer)

    def more(index: Tensor, _: Any) -> Any:
        return GreaterEqual(index, constant(0)) if backward else Less(index, rows)

    def turn(index: Tensor, value: Any) -> Any:
        after = fn(value, elements.row(index))
        nest.require_same_structure(start, after)
        return step(index, one), after

    _, result = while_loop(
        more,
        turn,
        (first, start),
        parallel_iterations=parallel_iterations,
        maximum_iterations=rows,
        **options,
    )
    return result


def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """``fn`` applied again and again to its last result and the next row, from the first on.

    Args:
      fn: takes the result so far and a row, gives the next result.
      elems: a tensor or a nested structure of tensors, all with a first axis of one length.
      initializer: the result to begin with, by default the first row.
      parallel_iterations: accepted.
      back_prop: whether gradients flow through it.
      swap_memory: accepted.
      name: scope of the operations.

    Raises:
      TypeError: ``fn`` is not callable.
      ValueError: an element is a scalar.
    """
    _require_callable(fn)
    options = {"back_prop": back_prop, "swap_memory": swap_memory}
    with name_scope(name, "foldl", nest.flatten(elems)):
        return _fold(fn, elems, initializer, parallel_iterations, options, backward=False)


def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """`foldl` from the last row on backward."""
    _require_callable(fn)
    options = {"back_prop": back_prop, "swap_memory": swap_memory}
    with name_scope(name, "foldr", nest.flatten(elems)):
        return _fold(fn, elems, initializer, parallel_iterations, options, backward=True)


def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """All results of `foldl`, stacked.

    Args:
      fn: takes the result so far and a row, gives the next result.
      elems: a tensor or a nested structure of tensors, all with a first axis of one length.
      initializer: the result to begin with; by default the first row, which is then the first
        result.
      parallel_iterations: accepted.
      back_prop: whether gradients flow through it.
      swap_memory: accepted.
      infer_shape: require one static shape of all results.
      reverse: begin with the last row; the results stand where their rows do.
      name: scope of the operations.

    Raises:
      TypeError: ``fn`` is not callable.
      ValueError: an element is a scalar, or ``fn`` gives another structure.
    """
    _require_callable(fn)
    with name_scope(name, "scan", nest.flatten(elems)):
        elements = _Elements(elems)
        rows, one = elements.rows, constant(1)
        first = Sub(rows, one) if reverse else constant(0)
        step = Sub if reverse else AddV2
        given = initializer
        start = elements.row(first) if given is None else nest.map_leaves(convert_to_tensor, given)
        arrays = [
            TensorArray(
                leaf.dtype,
                rows,
                infer_shape=infer_shape,
                element_shape=leaf.get_shape() if infer_shape else None,
            )
            for leaf in nest.flatten(start)
        ]
        if given is None:
            arrays = _written(arrays, first, start)
            first = step(first, one)

        def more(index: Tensor, *_: Any) -> Any:
            return GreaterEqual(index, constant(0)) if reverse else Less(index, rows)

        def turn(index: Tensor, value: Any, arrays: list[TensorArray]) -> Any:
            after = fn(value, elements.row(index))
            nest.require_same_structure(start, after)
            return step(index, one), after, _written(arrays, index, after)

        _, _, arrays = while_loop(
            more,
            turn,
            (first, start, arrays),
            parallel_iterations=parallel_iterations,
            back_prop=back_prop,
            swap_memory=swap_memory,
            maximum_iterations=rows,
        )
        return _stacked(start, arrays, elements.static_rows)


def _written(arrays: Sequence[TensorArray], index: Any, value: Any) -> list[TensorArray]:
    leaves = nest.flatten(value)
    return [array.write(index, leaf) for array, leaf in zip(arrays, leaves, strict=True)]

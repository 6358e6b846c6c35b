"""How an Einstein sum becomes transposes, reductions and one batched matrix product."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph.core.ground.errors import ShapeError
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives.linalg import matmul
from polygraph.ops.primitives.reduction import reduce_sum
from polygraph.ops.primitives.shaping import broadcast_to, pad, reshape, strided_slice, transpose

if TYPE_CHECKING:
    from collections.abc import Sequence

_TERM = re.compile(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*$")


class Equation(NamedTuple):
    """Labels of each operand and of the result; ``"."`` stands for the axes of an ellipsis."""

    inputs: tuple[str, ...]
    output: str


def parse(equation: str) -> Equation:
    """The labels of ``equation``, which must have a result.

    Raises:
      ShapeError: it is no equation.
    """
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    if not arrow or "->" in right:
        msg = f"an einsum equation needs exactly one '->': {equation!r}"
        raise ShapeError(msg)
    terms = [*left.split(","), right]
    for term in terms:
        if not _TERM.match(term):
            msg = (
                f"{term!r} is not a term of letters and one '...', in einsum equation {equation!r}"
            )
            raise ShapeError(msg)
    *inputs, output = (term.replace("...", ".") for term in terms)
    _require_known(output, inputs, equation)
    return Equation(tuple(inputs), output)


def _require_known(output: str, inputs: Sequence[str], equation: str) -> None:
    for label in output:
        if not any(label in term for term in inputs):
            msg = (
                f"the result of einsum equation {equation!r} has label {label!r}, "
                "which no operand has"
            )
            raise ShapeError(msg)


def spread(term: str, rank: int) -> list[str]:
    """One label for each axis; the axes of an ellipsis are numbered from the right."""
    named = len(term.replace(".", ""))
    if rank < named or (rank != named and "." not in term):
        msg = f"an operand of rank {rank} does not fit the term {term.replace('.', '...')!r}"
        raise ShapeError(msg)
    labels: list[str] = []
    for label in term:
        labels.extend(map(str, range(rank - named - 1, -1, -1)) if label == "." else label)
    return labels


def spread_output(term: str, operands: Sequence[Sequence[str]]) -> list[str]:
    """Like `spread`, for the result over operands with the given labels."""
    numbers = [int(label) for labels in operands for label in labels if label.isdigit()]
    rank = len(term.replace(".", "")) + max(numbers, default=-1) + 1
    return spread(term, rank) if "." in term else list(term)


class Labelled(NamedTuple):
    """An array with a label for each axis."""

    array: Any
    labels: list[str]

    def size(self, label: str) -> int:
        """Length of the axis with that label."""
        return int(self.array.shape[self.labels.index(label)])

    def moved(self, labels: Sequence[str]) -> Labelled:
        """The axes in another order."""
        perm = tuple(self.labels.index(label) for label in labels)
        same = perm == tuple(range(len(perm)))
        return Labelled(self.array if same else transpose(self.array, perm=perm), list(labels))


def diagonal(operand: Labelled) -> Labelled:
    """Of axes with the same label, the one diagonal."""
    for label in dict.fromkeys(operand.labels):
        while operand.labels.count(label) > 1:
            operand = _one_diagonal(operand, label)
    return operand


def _one_diagonal(operand: Labelled, label: str) -> Labelled:
    first = operand.labels.index(label)
    second = operand.labels.index(label, first + 1)
    others = [axis for axis in range(len(operand.labels)) if axis not in (first, second)]
    moved = transpose(operand.array, perm=(*others, first, second))
    *head, size, _ = moved.shape
    flat = reshape(moved, shape=(*head, size * size))
    taken = strided_slice(
        flat,
        begin=(0,) * len(flat.shape),
        end=flat.shape,
        strides=(1,) * len(head) + (size + 1,),
    )
    return Labelled(taken, [*(operand.labels[axis] for axis in others), label])


def summed(operand: Labelled, keep: set[str]) -> Labelled:
    """``operand`` summed over the labels that are not to be kept."""
    axes = tuple(axis for axis, label in enumerate(operand.labels) if label not in keep)
    if not axes:
        return operand
    array = reduce_sum(operand.array, axes=axes, keepdims=False)
    return Labelled(array, [label for label in operand.labels if label in keep])


def _require_sizes(one: Labelled, other: Labelled) -> None:
    for label in one.labels:
        if label in other.labels and not label.isdigit():
            sizes = one.size(label), other.size(label)
            if sizes[0] != sizes[1]:
                refuse(
                    f"einsum: label {label!r} is {sizes[0]} in one operand, {sizes[1]} in another"
                )


def _widened(operand: Labelled, other: Labelled, labels: Sequence[str]) -> Labelled:
    """``operand`` with axes of size 1 among ``labels`` repeated as often as ``other`` has them."""
    shape = [
        other.size(label) if label in labels and operand.size(label) == 1 else operand.size(label)
        for label in operand.labels
    ]
    if tuple(shape) == operand.array.shape:
        return operand
    return Labelled(broadcast_to(operand.array, shape=tuple(shape)), operand.labels)


def product(one: Labelled, other: Labelled, output: Sequence[str]) -> Labelled:
    """The product of two operands, as one batched matrix product."""
    _require_sizes(one, other)
    shared = [label for label in one.labels if label in other.labels]
    batch = [label for label in shared if label in output]
    inner = [label for label in shared if label not in output]
    rows = [label for label in one.labels if label not in shared]
    columns = [label for label in other.labels if label not in shared]
    one, other = _widened(one, other, inner), _widened(other, one, inner)
    left, right = one.moved([*batch, *rows, *inner]), other.moved([*batch, *inner, *columns])
    depth = prod(one.size(label) for label in inner)
    row_dims = [one.size(label) for label in rows]
    column_dims = [other.size(label) for label in columns]
    product = matmul(
        reshape(left.array, shape=(*left.array.shape[: len(batch)], prod(row_dims), depth)),
        reshape(right.array, shape=(*right.array.shape[: len(batch)], depth, prod(column_dims))),
    )
    shape = (*product.shape[:-2], *row_dims, *column_dims)
    return Labelled(reshape(product, shape=shape), [*batch, *rows, *columns])


def inflated(operand: Labelled, output: Sequence[str]) -> Any:
    """``operand`` in the order of ``output``, on the diagonal of the labels that stand twice."""
    once = list(dict.fromkeys(output))
    result = operand.moved(once)
    for label in once:
        for _ in range(list(output).count(label) - 1):
            result = _one_inflated(result, label)
    order: list[int] = []
    for label in output:
        order.append(
            next(a for a, have in enumerate(result.labels) if have == label and a not in order)
        )
    return transpose(result.array, perm=tuple(order)) if order != sorted(order) else result.array


def _one_inflated(operand: Labelled, label: str) -> Labelled:
    others = [have for have in range(len(operand.labels)) if operand.labels[have] != label]
    doubled = operand.labels.index(label)
    repeats = [have for have in range(len(operand.labels)) if operand.labels[have] == label][1:]
    moved = transpose(operand.array, perm=(*others, *repeats, doubled))
    *head, size = moved.shape
    column = reshape(moved, shape=(*head, size, 1))
    zeros = (0,) * (len(head) + 1)
    wide = pad(column, column.dtype.type(0), low=(*zeros, 0), high=(*zeros, size))
    flat = reshape(wide, shape=(*head, size * (size + 1)))
    cut = strided_slice(
        flat,
        begin=(0,) * len(flat.shape),
        end=(*head, size * size),
        strides=(1,) * len(flat.shape),
    )
    square = reshape(cut, shape=(*head, size, size))
    return Labelled(square, [*(operand.labels[axis] for axis in (*others, *repeats)), label, label])

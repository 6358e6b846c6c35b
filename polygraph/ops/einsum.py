"""Einstein sums: products of tensors with named axes, summed over the names that are left out."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import COMPLEX, FLOATING, int32, int64
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.shape_rules import broadcast_partial
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.ops.complex_numbers import conj
from polygraph.ops.einsum_lowering import (
    Labelled,
    diagonal,
    inflated,
    parse,
    product,
    spread,
    spread_output,
    summed,
)
from polygraph.ops.operand_checks import refuse
from polygraph.ops.packing import stack
from polygraph.ops.repeating import broadcast_to
from polygraph.ops.reshaping import expand_dims
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

    Dim = int | None

__all__ = ["einsum"]

_PAIR = 2


def _agreed(label: str, one: Dim, other: Dim) -> Dim:
    if label.isdigit():
        return (broadcast_partial((one,), (other,)) or (one,))[0]
    if one is not None and other is not None and one != other:
        msg = f"Dimensions must be equal, but are {one} and {other}: label {label!r} of einsum"
        raise ShapeError(msg)
    return other if one is None else one


def _einsum_shape(context: ShapeContext) -> TensorShape:
    equation = parse(context.attrs["equation"])
    if len(equation.inputs) != len(context.inputs):
        msg = (
            f"einsum equation {context.attrs['equation']!r} has {len(equation.inputs)} operands "
            f"but got {len(context.inputs)}"
        )
        raise ShapeError(msg)
    found: dict[str, Dim] = {}
    operands = []
    for index, term in enumerate(equation.inputs):
        dims = context.shape(index).as_tuple()
        if dims is None:
            if "." in term:
                return unknown_shape()
            dims = (None,) * len(term)
        operands.append(spread(term, len(dims)))
        for label, dim in zip(operands[-1], dims, strict=True):
            found[label] = _agreed(label, found[label], dim) if label in found else dim
    return TensorShape([found[label] for label in spread_output(equation.output, operands)])


def _operand(array: Array, labels: list[str], keep: set[str]) -> Labelled:
    """One operand with each label once, summed over those that nothing else has."""
    for label in labels:
        sizes = {array.shape[axis] for axis, have in enumerate(labels) if have == label}
        if len(sizes) > 1:
            refuse(f"einsum: label {label!r} stands for axes of sizes {sorted(sizes)}")
    return summed(diagonal(Labelled(array, labels)), keep)


@graph_op(
    "Einsum",
    "inputs: N*T -> output: T",
    shape=_einsum_shape,
    T=(*FLOATING, int32, int64, *COMPLEX),
)
def Einsum(inputs: list[Array], *, equation: str) -> Any:
    """The sum over the labels that the result lacks, of the products of one or two operands."""
    terms = parse(equation)
    operands = [spread(term, len(x.shape)) for term, x in zip(terms.inputs, inputs, strict=True)]
    output = spread_output(terms.output, operands)
    if len(inputs) != _PAIR:
        return inflated(_operand(inputs[0], operands[0], set(output)), output)
    one = _operand(inputs[0], operands[0], {*output, *operands[1]})
    other = _operand(inputs[1], operands[1], {*output, *operands[0]})
    return inflated(product(one, other, output), output)


Einsum.broadcasts = True


def _dots(term: str) -> str:
    return term.replace(".", "...")


def _spread_back(gradient: Any, x: Tensor, term: str, kept: str) -> Any:
    """``gradient`` over the labels ``kept``, repeated along the others of ``term``."""
    once = "".join(dict.fromkeys(term))
    if once != kept:
        rank = x.get_shape().ndims
        if rank is None:
            msg = f"the gradient of einsum over {x!r} needs its rank: give it a shape"
            raise ValueError(msg)
        labels = spread(term, rank)
        dims = shape(x)
        sizes = [dims[labels.index(label)] for label in dict.fromkeys(labels)]
        for axis, label in enumerate(spread(once, len(sizes))):
            if (label if label.isalpha() else ".") not in kept:
                gradient = expand_dims(gradient, axis)
        gradient = broadcast_to(gradient, stack(sizes))
    if once == term:
        return gradient
    return Einsum([gradient], equation=f"{_dots(once)}->{_dots(term)}")


@Einsum.gradient
def _einsum_gradient(op: Operation, dy: Tensor) -> list[Any]:
    terms = parse(op.attrs["equation"])
    gradients = []
    for index, (x, term) in enumerate(zip(op.inputs, terms.inputs, strict=True)):
        others = [at for at in range(len(op.inputs)) if at != index]
        labels = {*terms.output, *(label for at in others for label in terms.inputs[at])}
        kept = "".join(label for label in dict.fromkeys(term) if label in labels)
        left = ",".join([terms.output, *(terms.inputs[at] for at in others)])
        factors = [dy, *(conj(op.inputs[at]) for at in others)]
        gradient = Einsum(factors, equation=f"{_dots(left)}->{_dots(kept)}")
        gradients.append(_spread_back(gradient, x, term, kept))
    return gradients


def _with_output(equation: str) -> str:
    """``equation`` with its result: by default the labels that stand once, in order."""
    text = equation.replace(" ", "")
    if "->" in text:
        return text
    counts = Counter(text.replace("...", "").replace(",", ""))
    once = "".join(sorted(label for label, count in counts.items() if count == 1))
    return f"{text}->{'...' if '...' in text else ''}{once}"


def _check_result(equation: str) -> None:
    result = parse(equation).output
    twice = [label for label, count in Counter(result).items() if count > 1]
    if twice:
        msg = f"Output subscripts contain a label appearing more than once: {equation}"
        raise ValueError(msg)


def _pairwise(inputs: Sequence[Any], equation: str) -> Tensor:
    """More than two operands are multiplied one by one, each pair summed as soon as it can be."""
    terms = parse(equation)
    done, result = terms.inputs[0], inputs[0]
    for index in range(1, len(inputs)):
        term = terms.inputs[index]
        needed = {*terms.output, *(label for left in terms.inputs[index + 1 :] for label in left)}
        labels = dict.fromkeys(sorted(done + term, key=lambda label: label != "."))
        kept = "".join(label for label in labels if label in needed)
        target = terms.output if index == len(inputs) - 1 else kept
        step = f"{_dots(done)},{_dots(term)}->{_dots(target)}"
        done, result = target, Einsum([result, inputs[index]], equation=step)
    return result  # type: ignore[no-any-return]


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """The product of tensors with named axes, summed over the axes that the result lacks.

    Args:
      equation: as ``"ij,jk->ik"``; a result that is left out has the labels that stand once, in
        alphabetical order. ``...`` stands for axes that broadcast.
      *inputs: a tensor for each term before the arrow.
      **kwargs: ``name``.

    Raises:
      TypeError: another keyword than ``name``.
      ValueError: the equation is none, or does not fit the operands.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        msg = f"einsum takes no keyword {', '.join(map(repr, kwargs))}, only 'name'"
        raise TypeError(msg)
    with name_scope(name, "einsum", list(inputs)):
        tensors = [convert_to_tensor(x, name=f"input_{at}") for at, x in enumerate(inputs)]
        text = _with_output(equation)
        if len(parse(text).inputs) != len(tensors):
            msg = f"einsum equation {equation!r} does not have {len(tensors)} operands"
            raise ValueError(msg)
        _check_result(text)
        if len(tensors) > _PAIR:
            return _pairwise(tensors, text)
        return Einsum(tensors, equation=text)  # type: ignore[no-any-return]

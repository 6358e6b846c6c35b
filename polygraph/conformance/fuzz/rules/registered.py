"""The rule of all op definitions: whatever the registry holds can be drawn, by its signature.

A signature says which operands go together in dtype; which shapes, indices and attributes do, an
example says: one that was recorded on TensorFlow, or a sample of the definition itself.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import polygraph as tf
from polygraph.conformance.fuzz.choices import Seeded
from polygraph.conformance.fuzz.noise import is_inexact
from polygraph.conformance.fuzz.rules.registry import rule
from polygraph.conformance.fuzz.rules.state import variable_of_type
from polygraph.conformance.fuzz.values import random_array
from polygraph.conformance.graph_cases import by_argument, is_list, taken_attrs
from polygraph.conformance.recorded import families, load
from polygraph.conformance.recorded_bounds import unlike
from polygraph.conformance.samples import split
from polygraph.core.ground.dtypes import as_dtype, float32
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.ground.op_spec import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polygraph.conformance.fuzz.growth import Growth, Ref
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import Arg

    Array = np.ndarray[Any, Any]

_LARGE = 100
"""Elements of an operand that is too large to be read."""

_UNSEEDED = (0, 0)
_UNFIT = frozenset({"CheckNumerics", "Assert", "Qr"})
"""Op types that raise by the values that they get, which ends a run for the whole graph, or whose
results are the engine's to choose."""

_RELATED = frozenset({"MaxPoolGrad", "MaxPoolGradGrad", "LRNGrad", "LowerBound", "UpperBound"})
"""Op types one operand of which has to be what another op type makes of the others, or sorted."""


class Example(NamedTuple):
    """Operands and attributes that an op type takes.

    Attributes:
      inputs: in order, lists flattened; for a variable its value.
      attrs: of the node.
    """

    inputs: tuple[Array, ...]
    attrs: Mapping[str, Any]

    @property
    def dtypes(self) -> set[str]:
        """Names of all dtypes in it."""
        kinds = [x.dtype for x in self.inputs]
        kinds += [x for x in self.attrs.values() if isinstance(x, np.dtype)]
        return {as_dtype(kind).name for kind in kinds}


@functools.cache
def examples() -> Mapping[str, tuple[Example, ...]]:
    """Examples of every op type that has some, by op type."""
    found: dict[str, list[Example]] = {}
    for family in families():
        for case in load(family):
            good = case.error is None and unlike(case) is None and case.op in OP_DEFS
            if good and case.op not in _UNFIT and case.seeds != _UNSEEDED:
                found.setdefault(case.op, []).append(Example(case.inputs, case.attrs))
    for op_type, definition in OP_DEFS.items():
        if op_type not in found and op_type not in _UNFIT and definition.samples:
            found[op_type] = list(_samples(definition))
    return {
        op_type: small
        for op_type, some in sorted(found.items())
        if (small := tuple(each for each in some if all(x.size <= _LARGE for x in each.inputs)))
    }


def _samples(definition: OpDef) -> Iterator[Example]:
    """The samples of a definition; what they give as a shape is of the first dtype that may be."""
    choose = Seeded(definition.type)
    for sample in definition.samples:
        given, attrs = split(sample)
        arrays = []
        for arg, one in zip(definition.inputs, given, strict=True):
            dtype = definition.dtypes.get(arg.dtype, (float32,))[0]
            is_array = isinstance(one, np.ndarray | np.generic)
            arrays.append(np.asarray(one) if is_array else random_array(choose, dtype.name, one))
        yield Example(tuple(arrays), attrs)


@rule(24)
def registered_op(g: Growth) -> Ref | None:
    """Any op type of which there is an example in the dtypes that may be used."""
    op_type = g.choose.of(tuple(examples()))
    fitting = [each for each in examples()[op_type] if each.dtypes <= g.dtypes]
    return add_op(g, op_type, g.choose.of(fitting)) if fitting else None


def add_op(g: Growth, op_type: str, example: Example) -> Ref | None:
    """Add an operation like that of the example; None where there is no variable for it."""
    definition = OP_DEFS[op_type]
    operands: list[str] = []
    for arg, values in by_argument(definition, example.inputs, example.attrs):
        made = [_operand(g, definition, arg, value) for value in values]
        if any(each is None for each in made):
            return None
        names = ", ".join(map(str, made))
        operands.append(f"[{names}]" if is_list(arg) else names)
    attrs = [f"{name}={_attr_text(value)}" for name, value in _needed_attrs(definition, example)]
    text = f'OP_DEFS["{op_type}"]({", ".join((*operands, *attrs))})'
    lists = any(is_list(each) for each in definition.outputs)
    if lists or len(definition.outputs) > 1:
        text += f"[{0 if lists else g.choose.integer(0, len(definition.outputs) - 1)}]"
    return g.add(text, writes=definition.kind is Kind.WRITE)


def _operand(g: Growth, definition: OpDef, arg: Arg, value: Array) -> Ref | None:
    dtype = as_dtype(value.dtype).name
    if arg.ref:
        return variable_of_type(g, dtype, value)
    if arg.name in definition.static:
        # Mostly known while the graph is built, so that its shapes are known further on.
        return g.leaf_of(value, "constant" if g.choose.chance(0.8) else None)
    # Integers may be indices, sizes or divisors, for which others are wrong.
    if is_inexact(value.dtype) or dtype == "bool":
        free = definition.type not in _RELATED and g.choose.chance(0.6)
        return g.of_type(dtype, value.shape) if free else g.leaf_of(value, "feed")
    return g.leaf_of(value, g.choose.of(("feed", "constant")))


def _needed_attrs(definition: OpDef, example: Example) -> Iterator[tuple[str, Any]]:
    """Attributes that neither operands nor defaults decide."""
    decided = {arg.dtype for arg in definition.inputs} | {arg.number for arg in definition.inputs}
    for name, value in sorted(taken_attrs(definition, example.attrs).items()):
        default = definition.attr_defaults.get(name, definition)
        if name not in decided and (type(default) is not type(value) or default != value):
            yield name, value


def _attr_text(value: Any) -> str:
    if isinstance(value, np.dtype):
        return f"tf.{as_dtype(value).name}"
    if isinstance(value, tf.TensorShape):
        return f"tf.TensorShape({None if value.ndims is None else value.as_list()})"
    return repr(value)

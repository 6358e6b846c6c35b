"""Every differentiable op type: first and second derivatives along random directions."""

from __future__ import annotations

from collections import defaultdict
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import Case, ConformanceFailure
from polygraph.conformance.gradient_cases import (
    GradientGroup,
    Point,
    build,
    is_real_or_complex,
    narrow_of,
)
from polygraph.conformance.gradient_points import (
    ELSEWHERE,
    NO_DERIVATIVE,
    PLACES,
    SINGLE,
)
from polygraph.conformance.levels import REQUIRED_DTYPES
from polygraph.conformance.recorded import families, load
from polygraph.conformance.samples import random_data, split
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.ground.op_spec import GradientState, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.conformance.recorded import RecordedCase
    from polygraph.conformance.target import Target
    from polygraph.core.ground.op_def import OpDef

POINTS = 3
"""Recorded inputs at which an op type is differentiated: those that differ in attributes."""

LIMIT = 30.0
"""Inputs of larger numbers are left out: differences would see nothing but rounding."""

FAR = 1e6
"""Outputs of larger numbers stand for something else, such as the maximum of nothing."""

ROUGH = ("edges", "special", "subnormal", "ties", "nan", "zeros", "corners", "extreme", "large",
         "vector_value", "scalars", "window_too_large")  # fmt: skip
"""Parts of the labels of recorded cases that lie where functions have corners or ends, or that a
graph which knows the shapes refuses."""


def cases(target: Target) -> Iterator[Case]:
    """A case for each op type, point, dtype and order."""
    groups: defaultdict[Any, GradientGroup] = defaultdict(GradientGroup)
    for definition in OP_DEFS.values():
        if definition.kind is not Kind.PURE or isinstance(definition.gradient_rule, GradientState):
            continue
        if definition.type in ELSEWHERE:
            continue
        points = points_of(definition.type)
        if not points:
            yield _without_point(definition)
        for number, point in enumerate(points):
            yield _case(target, groups, point, in_ci=number == 0 or point.order > 1)


def _without_point(definition: OpDef) -> Case:
    def run(_: Target) -> None:
        msg = f"{definition!r} has a gradient, but neither recorded inputs nor samples to try it at"
        raise ConformanceFailure(msg)

    return Case(f"gradient/{definition.type}-any-point", 2, "gradient", definition.type, run)


def _case(
    target: Target, groups: defaultdict[Any, GradientGroup], point: Point, *, in_ci: bool
) -> Case:
    dtype = "float32" if point.dtype == "single" else point.dtype
    needed = {dtype, *(as_dtype(x.dtype).name for x in point.inputs)}
    if any(isinstance(attr, np.dtype) and attr.kind == "c" for attr in point.attrs.values()):
        needed.add("complex64" if dtype == "float32" else "complex128")
    missing = [name for name in sorted(needed) if not target.declares(name)]
    group = GradientGroup() if missing else groups[point.dtype, point.order, in_ci]
    group.points.append(point)
    return Case(
        id=point.id,
        level=2,
        family="gradient",
        op=point.op,
        run=partial(_check, group, point),
        dtype=dtype,
        expected=target.dtype_limit(missing[0]) if missing else None,
        ci=in_ci,
        optional=not needed <= set(REQUIRED_DTYPES),
    )


def _check(group: GradientGroup, point: Point, target: Target) -> None:
    group.check(target, point)


@cache
def points_of(op: str) -> tuple[Point, ...]:
    """The points at which an op type is differentiated; those where that says something."""
    found: list[Point] = []
    for label, inputs, attrs in _places(op):
        for dtype, order in _turns(op, inputs):
            identity = f"gradient/{op}-{dtype}-{label}.order{order}"
            point = Point(identity, op, inputs, attrs, dtype, order)
            if _is_differentiable(point):
                found.append(point)
    return tuple(found)


def _turns(op: str, inputs: tuple[Any, ...]) -> list[tuple[str, int]]:
    """The dtypes and orders of the derivatives at a place."""
    if op in SINGLE:
        return [("single", 1), ("single", 2)]
    if any(x.dtype.kind == "c" for x in inputs):
        # TF1's second derivatives of complex numbers are those of no function.
        return [("complex128", 1)]
    return [("float64", 1), ("float64", 2), ("float32", 1)]


def _is_differentiable(point: Point) -> bool:
    with tf.Graph().as_default():
        try:
            return build(point, narrow_of(point)) is not None
        except LookupError:
            return False
        except TypeError as error:
            # A rule made of ops that have no complex numbers; TF1's are made of the same.
            return "not in list of allowed values" not in str(error)
        except ValueError:
            # The case itself says what is wrong.
            return True


def _places(op: str) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Label, inputs in float64 or complex128, and attributes."""
    for number, (inputs, attrs) in enumerate(PLACES.get(op, ())):
        yield f"place{number}", inputs, attrs
    if op not in PLACES:
        found = list(_recorded_places(op))
        yield from found or _samples(op)


def _recorded_places(op: str) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    taken: list[Any] = []
    complex_taken = op in NO_DERIVATIVE
    for case in _recorded().get(op, ()):
        is_complex = any(x.dtype.kind == "c" for x in case.inputs)
        attrs = {k: v for k, v in case.attrs.items() if not isinstance(v, np.dtype)}
        signature = [attrs, [x.shape for x in case.inputs]]
        if complex_taken if is_complex else signature in taken or len(taken) >= POINTS:
            continue
        complex_taken |= is_complex
        taken += [] if is_complex else [signature]
        label = case.id.split("/", 2)[2].replace("/", ".")
        yield label, tuple(map(_widened, case.inputs)), {k: _wide(v) for k, v in case.attrs.items()}


def _samples(op: str) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    definition = OP_DEFS[op]
    for number, sample in enumerate(definition.samples[:POINTS]):
        given, attrs = split(sample)
        if any(arg.number or arg.each for arg in definition.inputs):
            continue
        inputs = tuple(
            random_data(f"{op}{at}", x, np.dtype(np.float64)) if isinstance(x, tuple) else x
            for at, x in enumerate(given)
        )
        yield f"sample{number}", tuple(map(_widened, inputs)), dict(attrs)


def _widened(x: Any) -> Any:
    return x.astype(np.float64) if x.dtype == np.float32 else x


def _wide(value: Any) -> Any:
    if not isinstance(value, np.dtype):
        return value
    wider = {"float32": np.float64, "complex64": np.complex128}
    return np.dtype(wider.get(value.name, value))


@cache
def _recorded() -> dict[str, list[RecordedCase]]:
    """The recorded cases with inputs that differences can be taken at, by op type."""
    found: defaultdict[str, list[RecordedCase]] = defaultdict(list)
    for family in families():
        for case in load(family):
            if _is_smooth(case):
                found[case.op].append(case)
    return dict(found)


def _is_smooth(case: RecordedCase) -> bool:
    label = case.id.split("/", 2)[2]
    floats = [x for x in case.inputs if is_real_or_complex(x.dtype)]
    return (
        case.outputs is not None
        and not case.pinned
        and not any(word in label for word in ROUGH)
        and any(x.size for x in floats)
        and all(
            x.dtype.itemsize > 2  # noqa: PLR2004 - the 16-bit floats
            for x in floats
        )
        and all(x.dtype != np.complex64 for x in floats)
        and all(np.isfinite(x).all() and np.all(np.abs(x) < LIMIT) for x in floats)
        and all(
            np.all(np.abs(y) < y.dtype.type(FAR))
            for y in case.outputs
            if is_real_or_complex(y.dtype) and y.dtype.itemsize > 2  # noqa: PLR2004
        )
    )

"""Gradients against central differences that the target computes itself, in float64.

A point is an operation with inputs. Its loss is a weighted sum of its outputs; the derivative of
the loss along a random direction is what the gradient says, and what two more runs at points next
to it say. All points of a group share a graph and their runs.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import ConformanceFailure
from polygraph.conformance.gradient_points import HELD, OUTPUTS
from polygraph.core.ground.op_def import OP_DEFS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polygraph.conformance.target import Target

Known = np.ndarray[Any, Any]

STEPS = {"float64": 1e-5, "complex128": 1e-5, "float32": 1e-5, "single": 1e-2}
"""Length of the step to either side by the dtype of the gradient: the differences are taken in
float64, or in float32 for what TF1 has there only (``single``)."""

RELATIVE = {"float64": 2e-6, "float32": 2e-4, "complex128": 2e-6, "single": 2e-2}
"""Allowed differences, relative to the sum of the absolute terms of the derivative."""

AT_ONCE = 40
"""Points in one graph, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An operation to be differentiated.

    Attributes:
      id: for messages, and what its random numbers depend on.
      op: TF1's op type.
      inputs: in order, list inputs flattened; floats in float64 or complex128.
      attrs: the attributes that its definition takes, dtypes those of `inputs`.
      dtype: that the gradient is computed in: ``float64``, ``float32``, ``complex128``, or
        ``single`` for float32 where there is no float64.
      order: 1, or 2 for the derivative of the gradient.
    """

    id: str
    op: str
    inputs: tuple[Known, ...]
    attrs: Mapping[str, Any]
    dtype: str
    order: int


@dataclass(slots=True, eq=False)
class _Built:
    """A point in a graph: what is fed, the loss, and its gradients."""

    feeds: dict[Any, Known]
    loss: Any
    gradients: list[Any]


def _random(point: Point, what: str, shape: tuple[int, ...], dtype: Any) -> Known:
    rng = np.random.default_rng(zlib.crc32(f"{point.op}{point.id}{what}".encode()))
    data = np.asarray(rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape))
    if np.dtype(dtype).kind == "c":
        data = np.asarray(data + 1j * rng.uniform(-1, 1, shape))
    return data.astype(dtype)


def is_fed(point: Point, position: int) -> bool:
    """Whether an input is one to differentiate with respect to."""
    held = position in HELD.get(point.op, ())
    return is_real_or_complex(point.inputs[position].dtype) and not held


def is_real_or_complex(dtype: Any) -> bool:
    """Whether something of ``dtype`` can be differentiated with respect to."""
    return np.dtype(dtype).kind in "fc"


def _weighted(point: Point, what: str, tensors: Sequence[Any]) -> Any:
    """The sum of the tensors with random weights; of complex ones the real part."""
    parts = []
    for index, tensor in enumerate(tensors):
        if tensor is None or not is_real_or_complex(tensor.dtype.base_dtype.as_numpy_dtype):
            continue
        dtype = tensor.dtype.base_dtype.as_numpy_dtype
        if not tensor.get_shape().is_fully_defined():
            parts.append(tf.reduce_sum(tf.real(tf.multiply(tensor, tf.conj(tensor)))))
            continue
        shape = tuple(tensor.get_shape().as_list())
        weights = tf.constant(_random(point, f"{what}{index}", shape, dtype))
        product = tf.multiply(tensor, tf.conj(weights))
        parts.append(tf.reduce_sum(tf.real(product)))
    return tf.add_n(parts) if parts else None


def build(point: Point, narrow: str | None = None) -> _Built | None:
    """The point in the default graph; None where nothing of it can be differentiated.

    Args:
      point: what.
      narrow: the dtype that float64 inputs and attributes become, where not their own.

    Raises:
      LookupError: there is no gradient of this order.
    """
    definition = OP_DEFS[point.op]
    feeds: dict[Any, Known] = {}
    arguments: list[Any] = []
    rest = [(at, _narrowed(x, narrow)) for at, x in enumerate(point.inputs)]
    for arg in definition.inputs:
        count = 1 if arg.number is None else int(point.attrs[arg.number])
        made = []
        for at, value in rest[:count]:
            if is_fed(point, at):
                made.append(tf.placeholder(value.dtype, value.shape))
                feeds[made[-1]] = value
            else:
                made.append(tf.constant(value))
        rest = rest[count:]
        arguments.append(made[0] if arg.number is None else made)
    outputs = definition(*arguments, **_attrs(point, narrow))
    outputs = outputs if isinstance(outputs, list) else [outputs]
    loss = _weighted(point, "y", outputs[: OUTPUTS.get(point.op)])
    if loss is None or not feeds:
        return None
    gradients = tf.gradients(loss, list(feeds))
    if point.order > 1:
        loss = _weighted(point, "g", [_dense(g) for g in gradients])
        if loss is None:
            return None
        gradients = tf.gradients(loss, list(feeds))
    if all(gradient is None for gradient in gradients):
        return None
    return _Built(feeds, loss, gradients)


def _dense(gradient: Any) -> Any:
    return None if gradient is None else tf.convert_to_tensor(gradient)


def _narrowed(value: Known, narrow: str | None) -> Known:
    return value.astype(narrow) if narrow and value.dtype == np.float64 else value


def _attrs(point: Point, narrow: str | None) -> dict[str, Any]:
    definition = OP_DEFS[point.op]
    taken = {*definition.lower_attrs, *definition.dtypes, *definition.attr_defaults}
    attrs = {name: value for name, value in point.attrs.items() if name in taken}
    if narrow:
        for name, value in attrs.items():
            if isinstance(value, np.dtype) and value.kind in "fc":
                attrs[name] = np.dtype(np.complex64 if value.kind == "c" else narrow)
    return attrs


@dataclass(slots=True, eq=False)
class GradientGroup:
    """Points that share graphs, run when the first of them is asked for."""

    points: list[Point] = field(default_factory=list)
    _verdicts: dict[Point, Exception | None] = field(default_factory=dict)

    def check(self, target: Target, point: Point) -> None:
        """Raise what is wrong with the gradient at one point."""
        if point not in self._verdicts:
            for start in range(0, len(self.points), AT_ONCE):
                self._ask(target, self.points[start : start + AT_ONCE])
        verdict = self._verdicts[point]
        if verdict is not None:
            raise verdict

    def _ask(self, target: Target, points: Sequence[Point]) -> None:
        try:
            found = _derivatives(target, points)
        except Exception as error:  # noqa: BLE001 - the verdict on the point
            if len(points) == 1:
                self._verdicts[points[0]] = error
                return
            half = len(points) // 2
            self._ask(target, points[:half])
            self._ask(target, points[half:])
            return
        for point, (by_gradient, terms, by_difference) in zip(points, found, strict=True):
            self._verdicts[point] = _verdict(point, by_gradient, terms, by_difference)


def _verdict(
    point: Point, by_gradient: float, terms: float, by_difference: float
) -> Exception | None:
    limit = RELATIVE[point.dtype] * max(terms, abs(by_difference), 1e-3)
    if abs(by_gradient - by_difference) <= limit:
        return None
    inputs = "\n".join(f"  {x.dtype}{list(x.shape)} {x!r}" for x in point.inputs)
    return ConformanceFailure(
        f"{point.id}: {point.op}, order {point.order}, in {point.dtype}\n{inputs}\n"
        f"  {dict(point.attrs)}\nalong a direction the gradient says {by_gradient!r}, "
        f"differences say {by_difference!r} (allowed {limit:.3g})"
    )


def _derivatives(target: Target, points: Sequence[Point]) -> list[tuple[float, float, float]]:
    """For each point: by the gradient, the sum of its absolute terms, by differences."""
    slopes = _by_gradients(target, points, narrow_of(points[0]))
    sides = _by_differences(target, points)
    return [(slope, terms, side) for (slope, terms), side in zip(slopes, sides, strict=True)]


def narrow_of(point: Point) -> str | None:
    """The dtype that the point's float64 inputs become for its gradient, None for none."""
    return "float32" if point.dtype in {"float32", "single"} else None


def _direction(point: Point, index: int, value: Known) -> Known:
    return _random(point, f"d{index}", value.shape, value.dtype)


def _by_gradients(
    target: Target, points: Sequence[Point], narrow: str | None
) -> list[tuple[float, float]]:
    with tf.Graph().as_default() as graph:
        built = [_built(point, narrow) for point in points]
        feed = {tensor: x for b in built for tensor, x in b.feeds.items()}
        known = [[_dense(g) for g in b.gradients if g is not None] for b in built]
        with target.make_session(graph) as session:
            values = session.run(known, feed)
    found = []
    for point, b, of_point in zip(points, built, values, strict=True):
        left = iter(of_point)
        gradients = [None if g is None else next(left) for g in b.gradients]
        terms = [
            np.real(np.conj(np.asarray(g, _widest(x))) * _direction(point, at, x))
            for at, (g, x) in enumerate(zip(gradients, _floats(point), strict=True))
            if g is not None
        ]
        found.append((float(sum(t.sum() for t in terms)), float(sum(abs(t).sum() for t in terms))))
    return found


def _floats(point: Point) -> list[Known]:
    return [x for at, x in enumerate(point.inputs) if is_fed(point, at)]


def _widest(value: Known) -> Any:
    return np.complex128 if value.dtype.kind == "c" else np.float64


def _by_differences(target: Target, points: Sequence[Point]) -> list[float]:
    with tf.Graph().as_default() as graph:
        is_single = points[0].dtype == "single"
        built = [_built(point, "float32" if is_single else None) for point in points]
        step = STEPS[points[0].dtype]
        losses = [b.loss for b in built]
        sides = []
        with target.make_session(graph) as session:
            for sign in (1, -1):
                feed = {
                    tensor: np.asarray(x + sign * step * _direction(point, at, x), x.dtype)
                    for point, b in zip(points, built, strict=True)
                    for at, (tensor, x) in enumerate(b.feeds.items())
                }
                sides.append(session.run(losses, feed))
    return [(float(a) - float(b)) / (2 * step) for a, b in zip(*sides, strict=True)]


def _built(point: Point, narrow: str | None) -> _Built:
    found = build(point, narrow)
    if found is None:
        msg = f"{point.id}: {point.op} has nothing to be differentiated"
        raise ConformanceFailure(msg)
    return found

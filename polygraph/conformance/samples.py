"""Operands for every op: those that its definition declares, and those that go wrong elsewhere.

An op's definition brings samples as shapes and arrays. To them come, at every dtype: operands
without elements, scalars, one element, broadcasts, extreme values, signed zeros, subnormal
numbers, and sizes above the blocks that engines cut their work into.
"""

from __future__ import annotations

import inspect
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from polygraph.conformance.large_samples import LARGE
from polygraph.core.ground.dtypes import as_dtype, dtype_from_short_name, float32, string
from polygraph.core.ground.signature import TensorType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from polygraph.core.ground.op import Op

Known = np.ndarray[Any, Any]
DType = np.dtype[Any]

BLOCK = 4099
"""Elements of a large sample: more than 4,096, and prime, so that no block size divides it."""

SEED = 0
"""What random data are made from, together with what they are for."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Operands of one application of an op.

    Attributes:
      label: unique among the samples of an op at a dtype.
      kind: ``declared``, ``empty``, ``scalar``, ``one``, ``broadcast``, ``extreme``, ``zeros``,
        ``subnormal``, ``large`` or ``dtypes``.
      operands: the arrays, C-contiguous.
      attrs: the attributes.
    """

    label: str
    kind: str
    operands: tuple[Known, ...]
    attrs: Mapping[str, Any]

    @property
    def types(self) -> list[TensorType]:
        """The operands' types."""
        return [TensorType(x.dtype, x.shape) for x in self.operands]


def main_variable(op: Op) -> str | None:
    """The first dtype variable among the operands, or among the results; None without any."""
    patterns = (*op.signature.operands, *op.signature.results)
    names = [pattern.dtype for pattern in patterns]
    return next((name for name in names if name in op.signature.dtypes), None)


def main_dtypes(op: Op) -> list[DType]:
    """The dtypes that the op is tried at; float32 where no variable leaves a choice."""
    variable = main_variable(op)
    if variable is None:
        return [float32.np_dtype]
    return [dtype.np_dtype for dtype in op.signature.dtypes[variable] if dtype is not string]


def is_elementwise(op: Op) -> bool:
    """Whether its operands are any tensors that broadcast, of one dtype variable."""
    patterns = op.signature.operands
    required = [
        parameter
        for parameter in inspect.signature(op.function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    ]
    return (
        bool(patterns)
        and not required
        and all(p.dims == ("*n",) and not p.repeated for p in patterns)
        and len({p.dtype for p in patterns if p.dtype in op.signature.dtypes}) <= 1
    )


# Values.


def random_data(name: str, shape: Sequence[int], dtype: DType) -> Known:
    """Data that depend on nothing but ``name``, shape and dtype; of moderate size."""
    rng = np.random.default_rng([SEED, zlib.crc32(f"{name}{tuple(shape)}{dtype}".encode())])
    if dtype.kind == "b":
        return np.asarray(rng.random(shape) < 0.5)  # noqa: PLR2004 - half of them
    if dtype.kind in "iu":
        return np.asarray(rng.integers(0 if dtype.kind == "u" else -5, 11, shape)).astype(dtype)
    data = np.asarray(rng.standard_normal(shape) * 2)
    if dtype.kind == "c":
        data = np.asarray(data + 1j * rng.standard_normal(shape))
    return data.astype(dtype)


def extreme_values(dtype: DType) -> Known:
    """Infinities, NaN, the largest and the least normal numbers, the ends of integer ranges."""
    if dtype.kind == "b":
        return np.array([True, False])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        small = [0, 1, 2, 3, 7] + [-1, -2, -7] * (dtype.kind == "i")
        return np.array([info.min, info.min + 1, info.max - 1, info.max, *small], dtype)
    if dtype.kind == "c":
        return np.array([1, -1, 2 + 3j, -2.5 - 1j, 1j, -0.5j, 1e4 + 1e-4j], dtype)
    limits: Any = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]
    greatest = float(limits.max)
    ends = [np.inf, -np.inf, np.nan, greatest, -greatest, float(limits.tiny)]
    return np.array([*ends, 1, -1, 0.5, -2.5, 3, 30, -104], np.float64).astype(dtype)


def zero_values(dtype: DType) -> Known:
    """Both zeros and ones."""
    parts = [0.0, -0.0, 1.0, -1.0]
    if dtype.kind == "c":
        return np.array([complex(a, b) for a in parts[:2] for b in parts[:3]], dtype)
    return np.array(parts, dtype)


def subnormal_values(dtype: DType) -> Known:
    """The smallest number, the largest subnormal one, both signs; a one."""
    info = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]
    least, tiny = info.smallest_subnormal, info.tiny
    return np.array([least, -least, tiny - least, least - tiny, 1, -3], dtype)


# Samples.


def samples_of(op: Op, dtype: DType) -> list[Sample]:
    """Every sample of ``op`` whose main dtype is ``dtype``."""
    declared = list(_declared(op, dtype, op.samples, "declared"))
    found = [*declared, *_at_other_dtypes(op, dtype), *_of_values(op, dtype, declared)]
    if is_elementwise(op):
        found += _of_shapes(op, dtype)
    found += _declared(op, dtype, LARGE.get(op.name, ()), "large")
    return _with_unique_labels(found)


def _with_unique_labels(samples: Sequence[Sample]) -> list[Sample]:
    seen: Counter[str] = Counter()
    unique = []
    for sample in samples:
        seen[sample.label] += 1
        count = seen[sample.label]
        label = sample.label if count == 1 else f"{sample.label}.{count}"
        unique.append(Sample(label, sample.kind, sample.operands, sample.attrs))
    return unique


def _label(operands: Sequence[Known]) -> str:
    return "_".join("x".join(map(str, x.shape)) or "scalar" for x in operands) or "none"


def split(sample: Sequence[Any]) -> tuple[Sequence[Any], dict[str, Any]]:
    """The operands and the attributes of a sample as an op declares it."""
    if sample and isinstance(sample[-1], dict):
        return sample[:-1], sample[-1]
    return sample, {}


def _pattern_dtypes(op: Op, count: int) -> list[str]:
    patterns = list(op.signature.operands)
    if patterns and patterns[-1].repeated:
        patterns += [patterns[-1]] * (count - len(patterns))
    return [pattern.dtype for pattern in patterns[:count]]


def _operand_dtype(op: Op, name: str, given: Any, dtypes: Mapping[str, DType]) -> DType:
    if name in dtypes:
        return dtypes[name]
    own: DType | None = given.dtype if isinstance(given, np.ndarray) else None
    if name in op.signature.dtypes:
        allowed = [choice.np_dtype for choice in op.signature.dtypes[name]]
        return own if own is not None and own in allowed else allowed[0]
    if name == "_":
        return own if own is not None else float32.np_dtype
    return dtype_from_short_name(name)


def _operands(op: Op, given: Sequence[Any], dtypes: Mapping[str, DType]) -> Iterator[Known]:
    names = _pattern_dtypes(op, len(given))
    for position, (name, one) in enumerate(zip(names, given, strict=True)):
        dtype = _operand_dtype(op, name, one, dtypes)
        if isinstance(one, np.ndarray | np.generic):
            with np.errstate(all="ignore"):
                yield np.array(_fitting(np.asarray(one), dtype), dtype, order="C")
        else:
            yield random_data(f"{op.name}{position}", one, dtype)


def _fitting(array: Known, dtype: DType) -> Known:
    """``array`` with numbers that an integer dtype holds: what a cast makes of others is nobody's.

    The processor decides, so that the same sample would be another one elsewhere.
    """
    if dtype.kind not in "iu" or array.dtype.kind in "biu":
        return array.astype(dtype)
    info = np.iinfo(dtype)
    numbers = np.nan_to_num(array.real.astype(np.float64), nan=0.0)
    return np.clip(numbers, float(info.min) / 2, float(info.max) / 2).astype(dtype)


def _result_attrs(op: Op, attrs: Mapping[str, Any], dtype: DType) -> dict[str, Any]:
    """Attributes that say the dtype of a result no operand decides."""
    variable = main_variable(op)
    if "dtype" in attrs and variable not in {p.dtype for p in op.signature.operands}:
        return {**attrs, "dtype": dtype}
    return dict(attrs)


def _make(
    op: Op, given: Sequence[Any], attrs: Mapping[str, Any], dtypes: Mapping[str, DType], kind: str
) -> Sample | None:
    """The sample; None where the signature takes no such operands."""
    variable = main_variable(op)
    if variable is not None and variable in dtypes:
        attrs = _result_attrs(op, attrs, dtypes[variable])
    operands = tuple(_operands(op, given, dtypes))
    if op.name == "bitcast":
        operands = _for_bitcast(operands, attrs)
    if op.name == "cast" and np.dtype(attrs["dtype"]).kind == "u" and kind != "extreme":
        # What a cast makes of negative floats is the processor's to say.
        operands = tuple(x if x.dtype.kind in "biu" else np.abs(x) for x in operands)
    try:
        op.types([TensorType(x.dtype, x.shape) for x in operands], attrs)
    except (TypeError, ValueError):
        return None
    return Sample(_label(operands), kind, operands, attrs)


def _for_bitcast(operands: tuple[Known, ...], attrs: Mapping[str, Any]) -> tuple[Known, ...]:
    """Elements enough along the last axis to fill those of a wider dtype."""
    (x,) = operands
    ratio = np.dtype(attrs["dtype"]).itemsize // x.dtype.itemsize
    return (np.resize(x, (2, ratio)),) if ratio > 1 else operands


def _declared(
    op: Op, dtype: DType, declared: Sequence[Sequence[Any]], kind: str
) -> Iterator[Sample]:
    variable = main_variable(op)
    dtypes = {} if variable is None else {variable: dtype}
    for one in declared:
        given, attrs = split(one)
        sample = _make(op, given, attrs, dtypes, kind)
        if sample is not None:
            label = sample.label if kind == "declared" else f"{kind}.{sample.label}"
            yield Sample(label, kind, sample.operands, sample.attrs)


def _at_other_dtypes(op: Op, dtype: DType) -> Iterator[Sample]:
    """The first sample with every choice for the other dtype variables."""
    variable = main_variable(op)
    used = {p.dtype for p in (*op.signature.operands, *op.signature.results)}
    if not op.samples or variable is None:
        return
    given, attrs = split(op.samples[0])
    for name, choices in op.signature.dtypes.items():
        if name == variable or name not in used:
            continue
        for choice in choices:
            free = name not in {p.dtype for p in op.signature.operands}
            changed = {**attrs, "dtype": choice.np_dtype} if free and "dtype" in attrs else attrs
            if choice is string or (free and changed is attrs):
                continue
            chosen = {variable: dtype, name: choice.np_dtype}
            sample = _make(op, given, changed, chosen, "dtypes")
            if sample is not None:
                label = f"{name}.{choice.name}"
                yield Sample(label, "dtypes", sample.operands, sample.attrs)


def _of_shapes(op: Op, dtype: DType) -> Iterator[Sample]:
    """Elementwise ops at every kind of shape."""
    count = len(op.signature.operands)
    shapes: dict[str, tuple[int, ...]] = {
        "empty": (0,), "scalar": (), "one": (1,), "large": (BLOCK,), "odd": (3, 67, 29),
    }  # fmt: skip
    variable = main_variable(op)
    dtypes = {} if variable is None else {variable: dtype}
    for kind, shape in shapes.items():
        sample = _make(op, [shape] * count, {}, dtypes, kind)
        if sample is not None:
            yield Sample(kind, kind, sample.operands, {})
    if count > 1:
        given = [(5, 1, 3), (1, 4, 1), (3,), (4, 3)][:count]
        sample = _make(op, given, {}, dtypes, "broadcast")
        if sample is not None:
            yield Sample("broadcast", "broadcast", sample.operands, {})


def _of_values(op: Op, dtype: DType, declared: Sequence[Sample]) -> Iterator[Sample]:
    """Extreme values, signed zeros and subnormal numbers in the operands of the main dtype."""
    if op.name in NO_EXTREMES:
        return
    is_float = dtype.kind in "fc" or as_dtype(dtype).is_floating
    kinds = {"extreme": extreme_values(dtype)}
    if is_float and not (dtype.kind == "c" and op.name in ON_BRANCH_CUTS):
        kinds["zeros"] = zero_values(dtype)
    if is_float and dtype.kind != "c":
        kinds["subnormal"] = subnormal_values(dtype)
    if is_elementwise(op):
        crossed = [_crossed(op, dtype, kind, values) for kind, values in kinds.items()]
        yield from (sample for sample in crossed if sample is not None)
        return
    base = next((s for s in declared if _main_operands(op, s) and s.operands[0].size > 1), None)
    if base is None:
        return
    for kind, values in kinds.items():
        yield Sample(kind, kind, tuple(_replaced(op, base, kind, values)), base.attrs)


NO_EXTREMES = frozenset(
    {
        *("cond", "while_loop", "random_uniform_int", "qr", "random_categorical", "searchsorted"),
        *("max_pool_grad", "max_pool_grad_grad", "zeta", "polygamma", "depthwise_conv2d"),
        *("conv2d_backprop_input", "depthwise_conv2d_backprop_input"),
    }
)
"""Ops whose operands stand in a relation, or have to lie in a domain, that others would break; or
that multiply with zeros, or do not, as an engine likes."""

ON_BRANCH_CUTS = frozenset({"acosh"})
"""Complex functions of which engines disagree on what side of a cut a zero stands."""


def _main_operands(op: Op, sample: Sample) -> list[int]:
    names = _pattern_dtypes(op, len(sample.operands))
    variable = main_variable(op)
    return [at for at, name in enumerate(names) if name == variable and name in "TCR"]


def _crossed(op: Op, dtype: DType, kind: str, values: Known) -> Sample | None:
    """Every value with every other, for all operands of the dtype."""
    variable = main_variable(op)
    count = len(op.signature.operands)
    given = [values.reshape([-1] + [1] * (count - 1 - at)) for at in range(count)]
    sample = _make(op, given, {}, {} if variable is None else {variable: dtype}, kind)
    return None if sample is None else Sample(kind, kind, sample.operands, {})


def _replaced(op: Op, base: Sample, kind: str, values: Known) -> Iterator[Known]:
    """The operands of ``base`` with such values among, or instead of, those of the main dtype."""
    at = _main_operands(op, base)
    for position, operand in enumerate(base.operands):
        single = operand.size <= 1 or (position > 0 and operand.ndim == 0)
        if position not in at or single:
            yield operand
        elif kind == "extreme" and operand.dtype.kind not in "biu":
            changed = operand.copy()
            specials = values[:1] if operand.dtype.kind == "c" else values[[0, 2]]
            changed.reshape(-1)[[0, -1][: specials.size]] = specials
            yield changed
        else:
            yield np.resize(np.roll(values, position), operand.shape)

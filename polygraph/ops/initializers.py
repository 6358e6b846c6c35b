"""Initializers: objects that make the initial value of a variable from its shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from polygraph.core.ground.dtypes import as_dtype, float32
from polygraph.core.ground.tensor_shape import as_shape
from polygraph.ops import filling
from polygraph.ops.arithmetic import multiply
from polygraph.ops.random_functions import random_normal, random_uniform, truncated_normal
from polygraph.ops.slicing import slice
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.tensor import Tensor

__all__ = [
    "constant_initializer",
    "glorot_normal_initializer",
    "glorot_uniform_initializer",
    "ones_initializer",
    "random_normal_initializer",
    "random_uniform_initializer",
    "truncated_normal_initializer",
    "uniform_unit_scaling_initializer",
    "variance_scaling_initializer",
    "zeros_initializer",
]

_TRUNCATED_STDDEV = 0.87962566103423978
"""Standard deviation of a standard normal distribution cut at two standard deviations."""


def floating_dtype(dtype: Any) -> DType:
    """``dtype`` as a `DType`, which must be a floating point type.

    Raises:
      ValueError: it is none.
    """
    found = as_dtype(dtype)
    if not found.is_floating:
        msg = f"Argument `dtype` is expected to be floating point. Received: {found}."
        raise ValueError(msg)
    return found


class Initializer:
    """Base of the initializers: called with a shape it gives a tensor of that shape.

    The arguments of its constructor can be had as a dictionary, and it can be made from that.
    """

    arguments: ClassVar[tuple[str, ...]] = ()
    """Names of the constructor's arguments, each kept in an attribute of that name."""

    dtype: DType

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A tensor to begin with.

        Args:
          shape: its shape, fully known.
          dtype: its dtype, by default the initializer's own.
          partition_info: where the variable is a part: the ``full_shape`` of the whole, which
            counts where a scale hangs on the shape, and the part's ``var_offset`` in it.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the dtype by its name."""
        values = {name: getattr(self, name) for name in self.arguments}
        return values | {"dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An initializer from what `get_config` gave."""
        return cls(**config)

    def _dtype(self, dtype: Any) -> DType:
        return self.dtype if dtype is None else as_dtype(dtype)


def _dims(shape: Any) -> list[int]:
    return as_shape(shape).as_list()  # type: ignore[return-value]


class Zeros(Initializer):
    """Zeros, False, or empty strings."""

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A tensor of zeros."""
        del partition_info
        return filling.zeros(shape, self._dtype(dtype))


class Ones(Initializer):
    """Ones."""

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A tensor of ones."""
        del partition_info
        return filling.ones(shape, self._dtype(dtype))


class Constant(Initializer):
    """Given values.

    Args:
      value: number, (nested) list or array; a shorter one is filled up with its last element.
      dtype: element type.
      verify_shape: the value must have the very shape.

    Raises:
      TypeError: the value is no such thing, such as a tensor.
    """

    arguments: ClassVar[tuple[str, ...]] = ("value",)

    def __init__(self, value: Any = 0, dtype: Any = float32, verify_shape: bool = False) -> None:
        if not (np.isscalar(value) or isinstance(value, list | tuple | np.ndarray)):
            msg = (
                f"Invalid type for initial value={value!r}: expected a number, list, tuple or "
                f"array, not {type(value).__name__}"
            )
            raise TypeError(msg)
        self.value = value
        self.dtype = as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self,
        shape: Any,
        dtype: Any = None,
        partition_info: Any = None,
        verify_shape: bool | None = None,
    ) -> Tensor:
        """A constant; errors as of `polygraph.constant`."""
        del partition_info
        verify = self._verify_shape if verify_shape is None else verify_shape
        return constant(self.value, self._dtype(dtype), shape, verify_shape=verify)


class RandomUniform(Initializer):
    """Numbers drawn evenly from ``[minval, maxval)``.

    Args:
      minval: the lower bound.
      maxval: the upper bound; 1 for floats where None.
      seed: of the random operation.
      dtype: element type.
    """

    arguments: ClassVar[tuple[str, ...]] = ("minval", "maxval", "seed")

    def __init__(
        self, minval: Any = 0.0, maxval: Any = None, seed: int | None = None, dtype: Any = float32
    ) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A random tensor."""
        del partition_info
        return random_uniform(shape, self.minval, self.maxval, self._dtype(dtype), seed=self.seed)


class RandomNormal(Initializer):
    """Numbers drawn from a normal distribution.

    Args:
      mean: of the distribution.
      stddev: of the distribution.
      seed: of the random operation.
      dtype: a floating point type.

    Raises:
      ValueError: the dtype is none.
    """

    arguments: ClassVar[tuple[str, ...]] = ("mean", "stddev", "seed")

    def __init__(
        self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = float32
    ) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed
        self.dtype = floating_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A random tensor."""
        del partition_info
        return random_normal(shape, self.mean, self.stddev, self._dtype(dtype), seed=self.seed)


class TruncatedNormal(RandomNormal):
    """Like `RandomNormal`, drawn again where more than two standard deviations from the mean."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A random tensor."""
        del partition_info
        return truncated_normal(shape, self.mean, self.stddev, self._dtype(dtype), seed=self.seed)


def _scaled_shape(shape: Any, partition_info: Any) -> list[int]:
    return _dims(shape if partition_info is None else partition_info.full_shape)


class UniformUnitScaling(Initializer):
    """Even numbers that keep the scale of what a matrix of them is multiplied with.

    Args:
      factor: of the bounds.
      seed: of the random operation.
      dtype: a floating point type.

    Raises:
      ValueError: the dtype is none.
    """

    arguments: ClassVar[tuple[str, ...]] = ("factor", "seed")

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        self.factor, self.seed = factor, seed
        self.dtype = floating_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A random tensor."""
        inputs = max(1, math.prod(_scaled_shape(shape, partition_info)[:-1]))
        bound = math.sqrt(3 / inputs) * self.factor
        return random_uniform(shape, -bound, bound, self._dtype(dtype), seed=self.seed)


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """How many inputs and outputs a unit of a layer with weights of that shape has."""
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class VarianceScaling(Initializer):
    """Random numbers of variance ``scale / n`` for n inputs, outputs, or their mean.

    Args:
      scale: positive.
      mode: ``fan_in``, ``fan_out`` or ``fan_avg``: what n is.
      distribution: ``truncated_normal`` (also spelt ``normal``), ``untruncated_normal`` or
        ``uniform``.
      seed: of the random operation.
      dtype: a floating point type.

    Raises:
      ValueError: an argument is none of these.
    """

    arguments: ClassVar[tuple[str, ...]] = ("scale", "mode", "distribution", "seed")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: Any = float32,
    ) -> None:
        if scale <= 0:
            msg = f"Argument `scale` must be a positive float. Received: {scale}"
            raise ValueError(msg)
        modes = ("fan_in", "fan_out", "fan_avg")
        if mode not in modes:
            msg = f"Argument `mode` should be one of {modes}. Received: {mode}"
            raise ValueError(msg)
        distribution = distribution.lower()
        known = ("normal", "uniform", "truncated_normal", "untruncated_normal")
        if distribution not in known:
            msg = f"Argument `distribution` should be one of {known}. Received: {distribution}"
            raise ValueError(msg)
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed
        self.dtype = floating_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A random tensor."""
        inputs, outputs = fans(_scaled_shape(shape, partition_info))
        units = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}
        variance = self.scale / max(1.0, units[self.mode])
        dtype = self._dtype(dtype)
        if self.distribution == "uniform":
            bound = math.sqrt(3 * variance)
            return random_uniform(shape, -bound, bound, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(variance), dtype, seed=self.seed)
        stddev = math.sqrt(variance) / _TRUNCATED_STDDEV
        return truncated_normal(shape, 0.0, stddev, dtype, seed=self.seed)


class GlorotUniform(VarianceScaling):
    """Uniform numbers of variance one over the mean of inputs and outputs (Glorot, Bengio 2010)."""

    arguments: ClassVar[tuple[str, ...]] = ("seed",)

    def __init__(self, seed: int | None = None, dtype: Any = float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)


class GlorotNormal(VarianceScaling):
    """Normal numbers of variance one over the mean of inputs and outputs (Glorot, Bengio 2010)."""

    arguments: ClassVar[tuple[str, ...]] = ("seed",)

    def __init__(self, seed: int | None = None, dtype: Any = float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)


class Identity(Initializer):
    """The identity matrix, also of a shape that is not square.

    Args:
      gain: factor.
      dtype: a floating point type.

    Raises:
      ValueError: the dtype is none or, when called, the shape is not of rank 2.
    """

    arguments: ClassVar[tuple[str, ...]] = ("gain",)

    def __init__(self, gain: float = 1.0, dtype: Any = float32) -> None:
        self.gain = gain
        self.dtype = floating_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A constant matrix."""
        dims = _scaled_shape(shape, partition_info)
        if len(dims) != 2:  # noqa: PLR2004 - a matrix
            msg = f"An identity matrix has two dimensions, but the shape asked for is {dims}."
            raise ValueError(msg)
        dtype = self._dtype(dtype)
        eye = constant(np.eye(*dims, dtype=dtype.np_dtype), name="eye")
        if partition_info is not None:
            eye = slice(eye, partition_info.var_offset, shape)
        return multiply(constant(self.gain, dtype, name="gain"), eye, name="mul")


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Normal numbers of variance one over the number of inputs (LeCun 1998)."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform numbers of variance one over the number of inputs (LeCun 1998)."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def he_normal(seed: int | None = None) -> VarianceScaling:
    """Normal numbers of variance two over the number of inputs (He et al. 2015)."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform numbers of variance two over the number of inputs (He et al. 2015)."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


constant_initializer = Constant
glorot_normal_initializer = GlorotNormal
glorot_uniform_initializer = GlorotUniform
ones_initializer = Ones
random_normal_initializer = RandomNormal
random_uniform_initializer = RandomUniform
truncated_normal_initializer = TruncatedNormal
uniform_unit_scaling_initializer = UniformUnitScaling
variance_scaling_initializer = VarianceScaling
zeros_initializer = Zeros

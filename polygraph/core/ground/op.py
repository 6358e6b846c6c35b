"""Primitives and composites: the ops that a Program is made of.

Primitive: every backend lowers it; its meaning is its NumPy reference. Composite: its meaning is
a body of other ops; a backend that does not claim it gets the body. Both are called like
functions: positional arguments are tensors, keyword-only ones are attributes.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.parameters import parameters_of
from polygraph.core.ground.program import Value
from polygraph.core.ground.signature import Signature, TensorType
from polygraph.core.ground.trace import (
    FOLD_LIMIT,
    Array,
    Builder,
    building,
    current_builder,
    evaluating,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.program import Block

    Infer = Callable[..., TensorType | tuple[TensorType, ...]]
    Sample = tuple[Any, ...]

REGISTRY: dict[str, Op] = {}
"""Every primitive and composite by name."""

_INFER_CACHE_LIMIT = 65536


class Op:
    """A primitive or a composite.

    Attributes:
      name: unique, lower case; what the printed Program shows.
      signature: arity, dtypes and, where regular, the shape rule.
      function: the NumPy reference of a primitive, the body of a composite.
      samples: operand shapes or arrays (with attributes in a trailing dict) for conformance.
      fold: False for ops that must not run at plan time.
    """

    __slots__ = (
        "__name__",
        "_cache",
        "_infer",
        "fold",
        "function",
        "name",
        "operand_names",
        "samples",
        "signature",
    )

    def __init__(
        self,
        function: Callable[..., Any],
        signature: Signature,
        *,
        samples: Sequence[Sample],
        fold: bool,
    ) -> None:
        self.name = self.__name__ = function.__name__.strip("_")
        self.function = function
        self.signature = signature
        self.samples = tuple(samples)
        self.fold = fold
        self.operand_names = parameters_of(function).positional
        self._infer: Infer | None = None
        self._cache: dict[object, tuple[TensorType, ...]] = {}
        if self.name in REGISTRY:
            msg = f"an op named {self.name!r} exists already"
            raise ValueError(msg)
        REGISTRY[self.name] = self

    @property
    def doc(self) -> str:
        """What it means, in words."""
        return inspect.getdoc(self.function) or ""

    def infer(self, rule: Infer) -> Infer:
        """Decorator: the result types where the signature alone cannot say them.

        The rule is called with the operands' `TensorType`s and the attributes, after the
        signature has checked the operands.
        """
        self._infer = rule
        return rule

    def types(
        self, operands: Sequence[TensorType], attrs: Mapping[str, Any]
    ) -> tuple[TensorType, ...]:
        """Types of the results; memoised.

        Raises:
          TypeError: a dtype or the number of operands does not fit the signature.
          ShapeError: a rank or dimension does not fit.
        """
        key = (tuple(operands), tuple(attrs.items()))
        found = self._cache.get(key)
        if found is None:
            if len(self._cache) > _INFER_CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[key] = self._compute_types(operands, attrs)
        return found

    def _compute_types(
        self, operands: Sequence[TensorType], attrs: Mapping[str, Any]
    ) -> tuple[TensorType, ...]:
        try:
            if self._infer is None:
                return self.signature.infer(operands, self.operand_names)
            self.signature.match(operands, self.operand_names)
            result = self._infer(*operands, **attrs)
        except (TypeError, ValueError) as error:
            text = f"{self.name}: {error}\n  signature: {self.signature.text}"
            raise type(error)(text) from error
        return (result,) if isinstance(result, TensorType) else tuple(result)

    def __call__(self, *operands: Array | np.generic, **attrs: Any) -> Any:
        """Compute on arrays, or append to the open builder when an operand is a `Value`.

        Returns:
          One array or value, or a tuple of them for ops with several results.
        """
        builder = current_builder()
        arrays: list[Any] = []
        given: list[TensorType] = []
        is_known = True
        for operand in operands:
            if type(operand) is Value:
                is_known = False
                given.append(operand.type)
                arrays.append(operand)
            else:
                array = operand if hasattr(operand, "shape") else np.asarray(operand)
                is_known = is_known and isinstance(array, np.ndarray | np.generic)
                given.append(TensorType(array.dtype, array.shape))
                arrays.append(array)
        types = self.types(given, attrs)
        if builder is None or (is_known and self._folds_to(types)):
            results: Sequence[Array] = self.compute(arrays, attrs, types)
        elif builder.expands is not None and builder.expands(self, given):
            return self.function(*arrays, **attrs)
        else:
            results = builder.emit(self, arrays, attrs, types)
        return results[0] if len(results) == 1 else tuple(results)

    def _folds_to(self, types: Sequence[TensorType]) -> bool:
        return self.fold and sum(type_.size for type_ in types) <= FOLD_LIMIT

    def compute(
        self, arrays: Sequence[Any], attrs: Mapping[str, Any], types: Sequence[TensorType]
    ) -> tuple[np.ndarray[Any, Any], ...]:
        """The results on NumPy arrays, by the reference or the body."""
        with evaluating(), np.errstate(all="ignore"):
            raw = self.function(*arrays, **attrs)
            results = raw if isinstance(raw, tuple) else (raw,)
            return tuple(
                np.asarray(result, dtype=type_.dtype)
                for result, type_ in zip(results, types, strict=True)
            )

    def __repr__(self) -> str:
        """Name and signature."""
        return f"<{type(self).__name__.lower()} {self.name}: {self.signature.text}>"


class Primitive(Op):
    """An op that every backend lowers."""

    __slots__ = ()


class Composite(Op):
    """An op whose meaning is a body of other ops; backends may claim it."""

    __slots__ = ()

    def expand(self, types: Sequence[TensorType], attrs: Mapping[str, Any]) -> Block:
        """The body as a block over parameters of the given types."""
        from_types = [Value(type_) for type_ in types]
        with building(Builder()) as builder:
            raw = self.function(*from_types, **attrs)
            results = raw if isinstance(raw, tuple) else (raw,)
            return builder.block(from_types, results)


def primitive(
    signature: str,
    *,
    samples: Sequence[Sample] = (),
    fold: bool = True,
    **dtypes: tuple[DType, ...],
) -> Callable[[Callable[..., Any]], Primitive]:
    """Decorator: the decorated NumPy reference becomes a primitive of that name.

    Args:
      signature: see `polygraph.core.ground.signature`.
      samples: each a tuple of operand shapes or arrays, attributes in a trailing dict.
      fold: whether it may be computed at plan time.
      **dtypes: what the signature's dtype variables may be.
    """
    return lambda function: Primitive(
        function, Signature.parse(signature, dtypes), samples=samples, fold=fold
    )


def composite(
    signature: str,
    *,
    samples: Sequence[Sample] = (),
    **dtypes: tuple[DType, ...],
) -> Callable[[Callable[..., Any]], Composite]:
    """Decorator: the decorated body over other ops becomes a composite of that name."""
    return lambda function: Composite(
        function, Signature.parse(signature, dtypes), samples=samples, fold=True
    )

"""What `get_variable` may do about a name: make the variable, find it, or either."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.runtime.partitioned_variable import PartitionedVariable
    from polygraph.core.runtime.variables import Variable


class ReuseMode(enum.Enum):
    """What `get_variable` may do, beside True (find) and False (make)."""

    AUTO_REUSE = 1


AUTO_REUSE = ReuseMode.AUTO_REUSE
"""Find the variable, and make it where there is none."""

Reuse = bool | ReuseMode | None


def shared(found: Variable, name: str, shape: TensorShape, dtype: DType, reuse: Reuse) -> Variable:
    """The variable that was found, where it is what was asked for.

    Raises:
      ValueError: it may not be shared, or is of another shape or dtype.
    """
    if reuse is False or reuse is None:
        msg = (
            f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or "
            "reuse=tf.AUTO_REUSE in VarScope? Originally defined at:\n\n"
            f"  {found.op.frame.describe()}\n"
        )
        raise ValueError(msg)
    _check_same(name, shape, dtype, found, "share")
    return found


def shared_parts(
    found: PartitionedVariable,
    shape: TensorShape,
    dtype: DType,
    counts: Sequence[int] | None,
    reuse: Reuse,
) -> PartitionedVariable:
    """The variable in parts that was found, where it is what was asked for.

    Raises:
      ValueError: it may not be shared, or is of another shape, dtype or number of parts.
    """
    name = found.name
    if reuse is False or reuse is None:
        msg = (
            f"Partitioned variable with name {name} already exists. Did you mean to set reuse=True "
            f"or reuse=tf.AUTO_REUSE in VarScope? Its first part was defined at:\n\n"
            f"  {next(iter(found)).op.frame.describe()}\n"
        )
        raise ValueError(msg)
    _check_same(name, shape, dtype, found, "reuse partitioned")
    if counts is not None and list(counts) != found.partitions:
        msg = (
            f"Trying to reuse partitioned variable {name}, but specified partitions {list(counts)} "
            f"and found partitions {found.partitions}."
        )
        raise ValueError(msg)
    return found


def _check_same(
    name: str,
    shape: TensorShape,
    dtype: DType,
    found: Variable | PartitionedVariable,
    what: str,
) -> None:
    if not shape.is_compatible_with(found.get_shape()):
        msg = (
            f"Trying to {what} variable {name}, but specified shape {shape} and found shape "
            f"{found.get_shape()}."
        )
        raise ValueError(msg)
    if not dtype.is_compatible_with(found.dtype):
        msg = (
            f"Trying to {what} variable {name}, but specified dtype {dtype.name} and found dtype "
            f"{found.dtype.name}."
        )
        raise ValueError(msg)

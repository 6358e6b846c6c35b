"""`PartitionedVariable`: variables that stand for one, cut along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from polygraph.core.ground.conversion import register_tensor_conversion_function
from polygraph.core.ground.parts import Parts
from polygraph.core.ground.scopes import control_dependencies, name_scope
from polygraph.core.runtime.partition import axis_of
from polygraph.ops.identity_ops import identity
from polygraph.ops.joining import concat
from polygraph.ops.splitting import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.runtime.variables import Variable


class PartitionedVariable(Parts):
    """Variables that stand for one, cut along one axis; `get_variable` makes it of a partitioner.

    Used where a tensor is wanted it stands for the parts put together. Iterating gives the parts,
    which are what collections, optimizers and checkpoints see.

    Args:
      name: of the whole.
      shape: of the whole.
      dtype: of the parts.
      variable_list: the parts, in order.
      partitions: number of parts along each axis.
    """

    def __init__(
        self,
        name: str,
        shape: TensorShape,
        dtype: DType,
        variable_list: Sequence[Variable],
        partitions: Sequence[int],
    ) -> None:
        self._name = name
        self._shape = shape
        self._dtype = dtype
        self._variables = list(variable_list)
        self._partitions = list(partitions)

    def __iter__(self) -> Iterator[Variable]:
        """The parts in order."""
        return iter(self._variables)

    def __len__(self) -> int:
        """The number of parts."""
        return len(self._variables)

    @property
    def name(self) -> str:
        """Name of the whole; the parts are ``name/part_0``, ``name/part_1``, ..."""
        return self._name

    @property
    def dtype(self) -> DType:
        """Element type."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """Shape of the whole."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """Shape of the whole."""
        return self._shape

    @property
    def partitions(self) -> list[int]:
        """Number of parts along each axis."""
        return list(self._partitions)

    def as_tensor(self) -> Tensor:
        """A new tensor: the parts put together.

        It waits for none of the control dependencies around it, like the value of a variable.
        """
        with control_dependencies(None):
            return self._concat()

    def _concat(self) -> Tensor:
        parts: Any = self._variables
        if len(parts) == 1:
            whole: Any = parts[0]
        else:
            with name_scope(f"{self._name}/ConcatPartitions/"):
                whole = concat(parts, axis_of(self._partitions))
        with name_scope(None):
            return identity(whole, name=self._name)  # type: ignore[no-any-return]

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """What `Variable.assign` gives for each part.

        Args:
          value: of the whole; or a list of values of the parts, or another partitioned variable.
          use_locking: kept.
          name: of the operations.
          read_value: False gives the operations in place of the tensors.
        """
        return self._write("assign", value, use_locking, name, read_value)

    def assign_add(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """What `Variable.assign_add` gives for each part; arguments as for `assign`."""
        return self._write("assign_add", value, use_locking, name, read_value)

    def assign_sub(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> list[Any]:
        """What `Variable.assign_sub` gives for each part; arguments as for `assign`."""
        return self._write("assign_sub", value, use_locking, name, read_value)

    def _write(
        self, method: str, value: Any, use_locking: bool, name: str | None, read_value: bool
    ) -> list[Any]:
        return [
            getattr(part, method)(item, use_locking, name, read_value)
            for part, item in zip(self._variables, self._values(value), strict=True)
        ]

    def _values(self, value: Any) -> Sequence[Any]:
        if isinstance(value, list | PartitionedVariable):
            if len(value) != len(self._variables):
                msg = (
                    f"{self._name} has {len(self._variables)} parts, but {len(value)} values for "
                    "parts were given"
                )
                raise AssertionError(msg)
            return list(value)
        axis = axis_of(self._partitions)
        sizes = [part.get_shape().as_list()[axis] for part in self._variables]
        return split(value, sizes, axis=axis)


def _refuse_reference(variable: PartitionedVariable) -> NoReturn:
    msg = (
        f"{variable.name} is kept in parts, which no operation can write at once: "
        "use its assign methods, or write each part"
    )
    raise NotImplementedError(msg)


def _to_tensor(
    variable: PartitionedVariable,
    dtype: DType | None = None,
    name: str | None = None,
    as_ref: bool = False,
) -> Tensor:
    del name
    if dtype is not None and not dtype.is_compatible_with(variable.dtype):
        msg = (
            f"Incompatible type conversion requested to type '{dtype.name}' for variable "
            f"{variable.name} of type '{variable.dtype.name}'"
        )
        raise ValueError(msg)
    if as_ref:
        _refuse_reference(variable)
    return variable.as_tensor()


register_tensor_conversion_function(PartitionedVariable, _to_tensor)

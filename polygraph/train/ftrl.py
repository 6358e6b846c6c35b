"""`FtrlOptimizer`: follow the regularised leader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.ops.arithmetic import AddV2, Maximum, Mul, RealDiv
from polygraph.ops.initializers import constant_initializer
from polygraph.ops.training import ApplyFtrl, ApplyFtrlV2
from polygraph.ops.training_sparse import SparseApplyFtrl, SparseApplyFtrlV2
from polygraph.train.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.tensor import Tensor


def _check(name: str, value: float, *, holds: bool, wanted: str) -> None:
    if not holds:
        msg = f"{name} {value} needs to be {wanted}"
        raise ValueError(msg)


class FtrlOptimizer(Optimizer):
    """FTRL; slots ``accum`` and ``linear``.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      learning_rate_power: power of the sum of squares that scales the rate, at most 0.
      initial_accumulator_value: what the sums of squares start from, at least 0.
      l1_regularization_strength: weight of the absolute values, at least 0.
      l2_regularization_strength: weight of the squares, at least 0.
      use_locking: accepted for TF1's sake.
      name: of its operations and slots.
      accum_name: of the slots of one kind, by default ``name``.
      linear_name: of the slots of the other kind, by default ``name``.
      l2_shrinkage_regularization_strength: weight of the squares in the gradient, at least 0.
      beta: added to the root of the sum of squares, where the power is -0.5.

    Raises:
      ValueError: a number is out of its range.

    Source: H. B. McMahan et al., "Ad click prediction: a view from the trenches" (2013).
    """

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float | None = None,
    ) -> None:
        super().__init__(use_locking, name)
        zero_or_more = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
        }
        for label, value in zero_or_more.items():
            _check(label, value, holds=value >= 0, wanted="positive or zero")
        power = learning_rate_power
        _check("learning_rate_power", power, holds=power <= 0, wanted="negative or zero")
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._shrinkage = l2_shrinkage_regularization_strength
        self._beta = beta or 0.0
        self._slot_names = (accum_name or name, linear_name or name)
        self._numbers: list[Any] = []

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        start = constant_initializer(self._initial_accumulator_value)
        accum_name, linear_name = self._slot_names
        for var in var_list:
            self._get_or_make_slot_with_initializer(
                var, start, var.get_shape(), var.dtype.base_dtype, "accum", accum_name
            )
            self._zeros_slot(var, "linear", linear_name)

    def _l2_tensor(self, rate: Tensor) -> Tensor:
        plain = self._tensor(self._l2, "l2_regularization_strength")
        if not self._beta:
            return plain
        # Adding beta to the root is the same as this much more of the squares.
        least = Mul(2.0, Maximum(rate, 1e-36), name="mul")
        return AddV2(plain, RealDiv(self._beta, least, name="truediv"), name="add")  # type: ignore[no-any-return]

    def _prepare(self) -> None:
        rate = self._tensor(self._learning_rate, "learning_rate")
        self._numbers = [
            rate,
            self._tensor(self._l1, "l1_regularization_strength"),
            self._l2_tensor(rate),
        ]
        if self._shrinkage > 0.0:
            name = "l2_shrinkage_regularization_strength"
            self._numbers.append(self._tensor(self._shrinkage, name))
        self._numbers.append(self._tensor(self._learning_rate_power, "learning_rate_power"))

    def _step(self, ops: tuple[OpDef, OpDef], var: Any, *gradient: Tensor) -> Any:
        plain, shrinking = ops
        op = shrinking if self._shrinkage > 0.0 else plain
        return op(
            var,
            self.get_slot(var, "accum"),
            self.get_slot(var, "linear"),
            *gradient,
            *(self._like(number, var) for number in self._numbers),
            use_locking=self._use_locking,
        ).op

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return self._step((ApplyFtrl, ApplyFtrlV2), var, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        ops = (SparseApplyFtrl, SparseApplyFtrlV2)
        return self._step(ops, var, grad.values, grad.indices)

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        # The op sums repeated rows itself.
        return self._apply_sparse(grad, var)

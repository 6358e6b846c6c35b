"""`AdagradOptimizer` and its relatives: steps scaled by the sum of all squared gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.ops.arithmetic import AddV2
from polygraph.ops.identity_ops import identity
from polygraph.ops.initializers import constant_initializer, zeros_initializer
from polygraph.ops.training import ApplyAdagrad, ApplyAdagradDA, ApplyProximalAdagrad
from polygraph.ops.training_sparse import (
    SparseApplyAdagrad,
    SparseApplyAdagradDA,
    SparseApplyProximalAdagrad,
)
from polygraph.train.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.tensor import Tensor


def _require_positive(value: float, name: str) -> None:
    if value <= 0.0:
        msg = f"{name} must be positive: {value}"
        raise ValueError(msg)


class AdagradOptimizer(Optimizer):
    """Adagrad; slot ``accumulator``.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      initial_accumulator_value: what the sums start from, above 0.
      use_locking: accepted for TF1's sake.
      name: of its operations and slots.

    Raises:
      ValueError: the initial value is not positive.

    Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods" (2011).
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        _require_positive(initial_accumulator_value, "initial_accumulator_value")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._learning_rate_tensor: Any = None

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        start = constant_initializer(self._initial_accumulator_value)
        for var in var_list:
            self._get_or_make_slot_with_initializer(
                var, start, var.get_shape(), var.dtype.base_dtype, "accumulator", self._name
            )

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")

    def _operands(self, var: Any) -> list[Any]:
        rate = self._like(self._learning_rate_tensor, var)
        return [var, self.get_slot(var, "accumulator"), rate]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return ApplyAdagrad(*self._operands(var), grad, use_locking=self._use_locking).op

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        operands = (*self._operands(var), grad.values, grad.indices)
        return SparseApplyAdagrad(*operands, use_locking=self._use_locking).op

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        # The op sums repeated rows itself.
        return self._apply_sparse(grad, var)


class ProximalAdagradOptimizer(AdagradOptimizer):
    """Adagrad with penalties that are minimised exactly after each step; slot ``accumulator``.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      initial_accumulator_value: what the sums start from, above 0.
      l1_regularization_strength: weight of the absolute values, at least 0.
      l2_regularization_strength: weight of the squares, at least 0.
      use_locking: accepted for TF1's sake.
      name: of its operations and slots.

    Raises:
      ValueError: the initial value is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        super().__init__(learning_rate, initial_accumulator_value, use_locking, name)
        self._strengths = (l1_regularization_strength, l2_regularization_strength)
        self._strength_tensors: list[Any] = []

    def _prepare(self) -> None:
        super()._prepare()
        names = ("l1_regularization_strength", "l2_regularization_strength")
        self._strength_tensors = [
            self._tensor(strength, name)
            for strength, name in zip(self._strengths, names, strict=True)
        ]

    def _operands(self, var: Any) -> list[Any]:
        strengths = [self._like(tensor, var) for tensor in self._strength_tensors]
        return [*super()._operands(var), *strengths]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return ApplyProximalAdagrad(*self._operands(var), grad, use_locking=self._use_locking).op

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        operands = (*self._operands(var), grad.values, grad.indices)
        return SparseApplyProximalAdagrad(*operands, use_locking=self._use_locking).op


class AdagradDAOptimizer(Optimizer):
    """Adagrad by dual averaging: the variables are worked out anew from all gradients.

    Slots ``gradient_accumulator`` and ``gradient_squared_accumulator``.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      global_step: variable that counts the steps done.
      initial_gradient_squared_accumulator_value: what the sums of squares start from, above 0.
      l1_regularization_strength: weight of the absolute values, at least 0.
      l2_regularization_strength: weight of the squares, at least 0.
      use_locking: accepted for TF1's sake.
      name: of its operations and slots.

    Raises:
      ValueError: the initial value is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        start = initial_gradient_squared_accumulator_value
        _require_positive(start, "initial_gradient_squared_accumulator_value")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._global_step = global_step
        self._initial_gradient_squared_accumulator_value = start
        self._strengths = (l1_regularization_strength, l2_regularization_strength)
        self._learning_rate_tensor: Any = None
        self._global_step_on_worker: Any = None

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        start = constant_initializer(self._initial_gradient_squared_accumulator_value)
        for var in var_list:
            for initializer, slot in (
                (zeros_initializer(), "gradient_accumulator"),
                (start, "gradient_squared_accumulator"),
            ):
                self._get_or_make_slot_with_initializer(
                    var, initializer, var.get_shape(), var.dtype.base_dtype, slot, self._name
                )

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")
        self._global_step_on_worker = AddV2(identity(self._global_step), 1, name="add")

    def _states(self, var: Any) -> list[Any]:
        slots = ("gradient_accumulator", "gradient_squared_accumulator")
        return [var, *(self.get_slot(var, slot) for slot in slots)]

    def _numbers(self, var: Any) -> list[Any]:
        numbers = (self._learning_rate_tensor, *map(self._tensor, self._strengths, ("l1", "l2")))
        return [*(self._like(number, var) for number in numbers), self._steps()]

    def _steps(self) -> Any:
        return self._global_step_on_worker

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        operands = (*self._states(var), grad, *self._numbers(var))
        return ApplyAdagradDA(*operands, use_locking=self._use_locking).op

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        operands = (*self._states(var), grad.values, grad.indices, *self._numbers(var))
        return SparseApplyAdagradDA(*operands, use_locking=self._use_locking).op

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        # The op sums repeated rows itself.
        return self._apply_sparse(grad, var)

"""`ProximalGradientDescentOptimizer`: gradient steps, each followed by the penalties' minimum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.ops.training import ApplyProximalGradientDescent
from polygraph.ops.training_sparse import SparseApplyProximalGradientDescent
from polygraph.train.optimizer import Optimizer

if TYPE_CHECKING:
    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.tensor import Tensor


class ProximalGradientDescentOptimizer(Optimizer):
    """Gradient descent with penalties that are minimised exactly after each step.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      l1_regularization_strength: weight of the absolute values, at least 0.
      l2_regularization_strength: weight of the squares, at least 0.
      use_locking: accepted for TF1's sake.
      name: of its operations.

    Source: J. Duchi and Y. Singer, "Efficient learning using forward-backward splitting" (2009).
    """

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._numbers: list[Any] = []

    def _prepare(self) -> None:
        self._numbers = [
            self._tensor(self._learning_rate, "learning_rate"),
            self._tensor(self._l1, "l1_regularization_strength"),
            self._tensor(self._l2, "l2_regularization_strength"),
        ]

    def _operands(self, var: Any) -> list[Any]:
        return [var, *(self._like(number, var) for number in self._numbers)]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        operands = (*self._operands(var), grad)
        return ApplyProximalGradientDescent(*operands, use_locking=self._use_locking).op

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        operands = (*self._operands(var), grad.values, grad.indices)
        return SparseApplyProximalGradientDescent(*operands, use_locking=self._use_locking).op

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        # The op sums repeated rows itself.
        return self._apply_sparse(grad, var)

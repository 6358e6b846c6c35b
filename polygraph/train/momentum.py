"""`MomentumOptimizer`: steps along a decaying sum of gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.ops.training import ApplyMomentum
from polygraph.ops.training_sparse import SparseApplyMomentum
from polygraph.train.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.tensor import Tensor


class MomentumOptimizer(Optimizer):
    """Gradient descent with momentum; slot ``momentum``.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      momentum: what is kept of the sum at each step; as ``learning_rate``.
      use_locking: accepted for TF1's sake.
      name: of its operations and slots.
      use_nesterov: look one decay ahead.
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov
        self._learning_rate_tensor: Any = None
        self._momentum_tensor: Any = None

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")
        self._momentum_tensor = self._tensor(self._momentum, "momentum")

    def _options(self) -> dict[str, Any]:
        return {"use_locking": self._use_locking, "use_nesterov": self._use_nesterov}

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return ApplyMomentum(
            var,
            self.get_slot(var, "momentum"),
            self._like(self._learning_rate_tensor, var),
            grad,
            self._like(self._momentum_tensor, var),
            **self._options(),
        ).op

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return SparseApplyMomentum(
            var,
            self.get_slot(var, "momentum"),
            self._like(self._learning_rate_tensor, var),
            grad.values,
            grad.indices,
            self._like(self._momentum_tensor, var),
            **self._options(),
        ).op

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        # The op sums repeated rows itself.
        return self._apply_sparse(grad, var)

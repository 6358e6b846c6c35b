"""`GradientDescentOptimizer`: steps of a rate times the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.ops.arithmetic import Mul
from polygraph.ops.state_scatter import scatter_sub
from polygraph.ops.training import ApplyGradientDescent
from polygraph.train.optimizer import Optimizer

if TYPE_CHECKING:
    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.tensor import Tensor


class GradientDescentOptimizer(Optimizer):
    """Gradient descent.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      use_locking: accepted for TF1's sake.
      name: of its operations.
    """

    def __init__(
        self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_tensor: Any = None

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._tensor(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        rate = self._like(self._learning_rate_tensor, var)
        return ApplyGradientDescent(var, rate, grad, use_locking=self._use_locking).op

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        step = Mul(grad.values, self._like(self._learning_rate_tensor, var), name="mul")
        return scatter_sub(var._ref(), grad.indices, step, self._use_locking).op  # noqa: SLF001

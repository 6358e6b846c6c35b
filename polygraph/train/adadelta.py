"""`AdadeltaOptimizer`: steps in the units of the steps before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.ops.training import ApplyAdadelta
from polygraph.ops.training_sparse import SparseApplyAdadelta
from polygraph.train.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.tensor import Tensor


class AdadeltaOptimizer(Optimizer):
    """Adadelta; slots ``accum`` and ``accum_update``.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one; 1 gives the
        method of the paper.
      rho: what is kept of the means at each step.
      epsilon: added to both means under their roots.
      use_locking: accepted for TF1's sake.
      name: of its operations and slots.

    Source: M. D. Zeiler, "ADADELTA: an adaptive learning rate method" (2012).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon
        self._numbers: list[Any] = []

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _prepare(self) -> None:
        self._numbers = [
            self._tensor(self._lr, "lr"),
            self._tensor(self._rho, "rho"),
            self._tensor(self._epsilon, "epsilon"),
        ]

    def _operands(self, var: Any) -> list[Any]:
        return [
            var,
            self.get_slot(var, "accum"),
            self.get_slot(var, "accum_update"),
            *(self._like(number, var) for number in self._numbers),
        ]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return ApplyAdadelta(*self._operands(var), grad, use_locking=self._use_locking).op

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        operands = (*self._operands(var), grad.values, grad.indices)
        return SparseApplyAdadelta(*operands, use_locking=self._use_locking).op

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        # The op sums repeated rows itself.
        return self._apply_sparse(grad, var)

"""`RMSPropOptimizer`: steps scaled by a decaying mean of squared gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.ops.initializers import ones_initializer
from polygraph.ops.training import ApplyCenteredRMSProp, ApplyRMSProp
from polygraph.ops.training_sparse import SparseApplyCenteredRMSProp, SparseApplyRMSProp
from polygraph.train.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.tensor import Tensor


class RMSPropOptimizer(Optimizer):
    """RMSProp with momentum; slots ``rms``, which starts at one, ``momentum`` and, centred, ``mg``.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      decay: what is kept of the means at each step.
      momentum: what is kept of the step before.
      epsilon: added to the mean square under the root.
      use_locking: accepted for TF1's sake.
      centered: scale by the variance instead of the mean square.
      name: of its operations and slots.

    Source: T. Tieleman and G. Hinton, "Neural networks for machine learning", lecture 6 (2012);
    centred: A. Graves, "Generating sequences with recurrent neural networks" (2013).
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered
        self._numbers: list[Any] = []

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._get_or_make_slot_with_initializer(
                var, ones_initializer(), var.get_shape(), var.dtype.base_dtype, "rms", self._name
            )
            if self._centered:
                self._zeros_slot(var, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._numbers = [
            self._tensor(self._learning_rate, "learning_rate"),
            self._tensor(self._decay, "decay"),
            self._tensor(self._momentum, "momentum"),
            self._tensor(self._epsilon, "epsilon"),
        ]

    def _operands(self, var: Any) -> list[Any]:
        slots = ("mg", "rms", "momentum") if self._centered else ("rms", "momentum")
        return [
            var,
            *(self.get_slot(var, slot) for slot in slots),
            *(self._like(number, var) for number in self._numbers),
        ]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        op = ApplyCenteredRMSProp if self._centered else ApplyRMSProp
        return op(*self._operands(var), grad, use_locking=self._use_locking).op

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        op = SparseApplyCenteredRMSProp if self._centered else SparseApplyRMSProp
        operands = (*self._operands(var), grad.values, grad.indices)
        return op(*operands, use_locking=self._use_locking).op

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        # The op sums repeated rows itself.
        return self._apply_sparse(grad, var)

"""`AdamOptimizer`: steps scaled by decaying means of the gradient and of its square."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.scopes import colocate_with, control_dependencies
from polygraph.ops.arithmetic import Mul
from polygraph.ops.grouping import group
from polygraph.ops.training import ApplyAdam
from polygraph.ops.training_sparse import SparseApplyAdam
from polygraph.train.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.tensor import Tensor


class AdamOptimizer(Optimizer):
    """Adam; slots ``m`` and ``v``, and the powers of both rates as variables of its own.

    A sparse gradient moves rows that it does not have too: their moments decay.

    Args:
      learning_rate: number, tensor, or function without arguments that gives one.
      beta1: what is kept of the mean at each step; as ``learning_rate``.
      beta2: what is kept of the mean square at each step; as ``learning_rate``.
      epsilon: added to the root of the mean square; "epsilon hat" in the paper.
      use_locking: accepted for TF1's sake.
      name: of its operations and slots.
      use_own_namescope_for_non_slot_vars: names the powers below ``name``.

    Source: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
        use_own_namescope_for_non_slot_vars: bool = False,
    ) -> None:
        super().__init__(use_locking, name, use_own_namescope_for_non_slot_vars)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._lr_t: Any = None
        self._beta1_t: Any = None
        self._beta2_t: Any = None
        self._epsilon_t: Any = None

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        return (
            self._get_non_slot_variable("beta1_power"),
            self._get_non_slot_variable("beta2_power"),
        )

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        first = min(var_list, key=lambda var: var.name)
        for name, rate in (("beta1_power", self._beta1), ("beta2_power", self._beta2)):
            self._create_non_slot_variable(self._call_if_callable(rate), name, first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self) -> None:
        self._lr_t = self._tensor(self._lr, "learning_rate")
        self._beta1_t = self._tensor(self._beta1, "beta1")
        self._beta2_t = self._tensor(self._beta2, "beta2")
        self._epsilon_t = self._tensor(self._epsilon, "epsilon")

    def _operands(self, var: Any) -> list[Any]:
        numbers = (self._lr_t, self._beta1_t, self._beta2_t, self._epsilon_t)
        return [
            var,
            self.get_slot(var, "m"),
            self.get_slot(var, "v"),
            *(self._like(power.value(), var) for power in self._get_beta_accumulators()),
            *(self._like(number, var) for number in numbers),
        ]

    def _apply_dense(self, grad: Tensor, var: Any) -> Any:
        return ApplyAdam(*self._operands(var), grad, use_locking=self._use_locking).op

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        operands = (*self._operands(var), grad.values, grad.indices)
        return SparseApplyAdam(*operands, use_locking=self._use_locking).op

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        # The op sums repeated rows itself.
        return self._apply_sparse(grad, var)

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        powers = []
        with control_dependencies(update_ops):
            rates = (self._beta1_t, self._beta2_t)
            for power, rate in zip(self._get_beta_accumulators(), rates, strict=True):
                with colocate_with(power):
                    raised = Mul(power, rate, name="mul")
                    powers.append(power.assign(raised, use_locking=self._use_locking))
        return group(*update_ops, *powers, name=name_scope)

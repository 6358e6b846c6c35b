"""`custom_gradient`: a function that brings its own gradient."""

from __future__ import annotations

import functools
import inspect
import itertools
from typing import TYPE_CHECKING, Any

from polygraph.core.ground import nest
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.op_spec import Kind
from polygraph.core.runtime.gradient_registry import register_rule
from polygraph.ops.filling import zeros_like
from polygraph.ops.gradient_barriers import identity_n
from polygraph.ops.identity_ops import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

__all__ = ["custom_gradient"]

_numbers = itertools.count()


def custom_gradient(f: Callable[..., Any] | None = None) -> Any:
    """Decorator: differentiate through a function by a function that it gives.

    Args:
      f: takes tensors, and gives what it computes and a function that takes one gradient for
        each tensor computed and gives one for each tensor taken. Where ``f`` uses variables, that
        function takes the keyword ``variables`` too, and gives a pair: the gradients for the
        tensors, and a list of one for each of those variables.

    Raises:
      TypeError: on calling, ``f`` uses variables and its gradient does not take ``variables``.
      ValueError: on differentiating, the number of gradients is wrong.
    """
    if f is None:
        return custom_gradient

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return _apply(f, args, kwargs)

    return decorated


def _apply(f: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    graph = get_default_graph()
    given = nest.map_leaves(lambda leaf: identity(convert_to_tensor(leaf)), args)
    before = graph.version
    result, gradient = f(*given, **kwargs)
    taken = nest.flatten(given)
    variables = _variables_used(graph.operations[before:], taken)
    takes_variables = "variables" in inspect.signature(gradient).parameters
    if variables and not takes_variables:
        names = ", ".join(tensor.name for tensor in variables)
        msg = (
            f"{getattr(f, '__name__', f)!r} uses variables ({names}), so that its gradient "
            "function must take the keyword `variables` and give (gradients, gradients of them)"
        )
        raise TypeError(msg)
    computed = [convert_to_tensor(leaf) for leaf in nest.flatten(result)]
    name = f"CustomGradient-{next(_numbers)}"
    rule = _Rule(gradient, len(computed), taken, variables)
    register_rule(name, rule)
    with graph.gradient_override_map({"IdentityN": name}):
        outputs = identity_n([*computed, *taken, *variables])
    return nest.pack_like(result, outputs[: len(computed)])


def _variables_used(ops: Sequence[Operation], taken: Sequence[Tensor]) -> list[Tensor]:
    """The variables that some operations read."""
    used: dict[Tensor, None] = {}
    for op in ops:
        for tensor in op.inputs:
            producer = tensor.op
            is_read = bool(producer.attrs.get("_variable_read"))
            if is_read and tensor not in taken and producer.definition.kind is Kind.PURE:
                used[tensor] = None
    return list(used)


class _Rule:
    """The gradient rule of one call."""

    def __init__(
        self,
        gradient: Callable[..., Any],
        results: int,
        taken: Sequence[Tensor],
        variables: Sequence[Tensor],
    ) -> None:
        self._gradient = gradient
        self._results = results
        self._taken = taken
        self._variables = variables

    def __call__(self, op: Operation, *dys: Any) -> list[Any]:
        """One gradient for each input of the `IdentityN`: results, tensors taken, variables."""
        starts = [
            zeros_like(op.outputs[index]) if dy is None else dy
            for index, dy in enumerate(dys[: self._results])
        ]
        more: list[Any] = []
        if self._variables:
            found, more = self._gradient(*starts, variables=list(self._variables))
        else:
            found = self._gradient(*starts)
        gradients = nest.flatten(found)
        if len(gradients) != len(self._taken):
            msg = (
                f"the gradient function of {op.name!r} ({op.frame}) gave {len(gradients)} "
                f"gradients for {len(self._taken)} tensors"
            )
            raise ValueError(msg)
        return [*[None] * self._results, *gradients, *more]

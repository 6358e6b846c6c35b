"""`cond`, `case`, `switch_case`: branches, each built once, as regions of the graph."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from polygraph.core.ground import nest
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import bool_
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.operation import Operation
from polygraph.core.ground.scopes import control_dependencies, name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.ops.assertions import Assert
from polygraph.ops.casting import cast
from polygraph.ops.identity_ops import identity
from polygraph.ops.logical import equal
from polygraph.ops.packing import stack
from polygraph.ops.reduction import reduce_any, reduce_sum
from polygraph.ops.region_clone import Cloner
from polygraph.ops.region_ops import Merge, add_if, new_region
from polygraph.ops.tensor_array import TensorArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.region import Region

    Branch = Callable[[], Any]

__all__ = ["case", "cond", "switch_case"]


def _one_of(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    if old_value is not None:
        if value is not None:
            msg = f"cond(): '{name}' and '{old_name}' may not be set simultaneously."
            raise TypeError(msg)
        return old_value
    if value is None:
        msg = f"cond(): '{name}' argument required"
        raise TypeError(msg)
    return value


def cond(
    pred: Any,
    true_fn: Branch | None = None,
    false_fn: Branch | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Branch | None = None,
    fn2: Branch | None = None,
) -> Any:
    """What ``true_fn`` gives where ``pred`` holds, else what ``false_fn`` gives.

    Both functions are called once, to build the graph. An operation that they build runs only in
    the branch that is taken, and only if what the branch gives depends on it.

    Args:
      pred: bool scalar tensor.
      true_fn: function without arguments; gives tensors, operations, or a nested structure.
      false_fn: the same, for the other case: the structures and dtypes have to agree.
      strict: keep a list of one as it is rather than giving its element.
      name: scope of the operations.
      fn1: TF1's old name of ``true_fn``.
      fn2: TF1's old name of ``false_fn``.

    Raises:
      TypeError: ``pred`` is a Python bool or no bool, or a branch is not callable.
      ValueError: a branch gives nothing, or the two give different structures or dtypes.
    """
    true_fn = _one_of("true_fn", true_fn, "fn1", fn1)
    false_fn = _one_of("false_fn", false_fn, "fn2", fn2)
    for label, branch in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(branch):
            msg = f"'{label}' must be callable."
            raise TypeError(msg)
    if isinstance(pred, bool):
        msg = "'pred' must not be a Python bool."
        raise TypeError(msg)
    with name_scope(name, "cond", [pred]):
        flag = convert_to_tensor(pred, name="pred")
        if flag.dtype.base_dtype != bool_:
            msg = (
                f"Input 'pred' of 'Switch' Op has type {flag.dtype.base_dtype.name} that does not "
                "match expected type of bool."
            )
            raise TypeError(msg)
        then = _BranchBuilder("true_fn", true_fn, flag, strict=strict)
        other = _BranchBuilder("false_fn", false_fn, flag, strict=strict)
        _require_alike(then, other)
        _make_flows(then, other)
        then.finish()
        other.finish()
        owner = add_if(flag, [then.region, other.region])
        leaves = [Merge(output, name="Merge") for output in owner.outputs]
    return nest.pack_like(then.structure, leaves, expand=True)


class _BranchBuilder:
    """One branch: its region and what its function gave."""

    def __init__(self, label: str, function: Branch, pred: Tensor, *, strict: bool) -> None:
        self.label = label
        self.region: Region = new_region(label)
        with get_default_graph().in_region(self.region):
            result = function()
            if result is None:
                msg = f"'{label}' must have a return value."
                raise ValueError(msg)
            if not strict and isinstance(result, list | tuple) and len(result) == 1:
                result = result[0]
            self.structure = nest.map_leaves(lambda leaf: _as_value(leaf, pred), result)

    def finish(self) -> None:
        """Let the region yield what the function gave."""
        self.region.outputs = nest.flatten(self.structure, expand=True)


def _as_value(leaf: Any, pred: Tensor) -> Any:
    if isinstance(leaf, Operation):
        with control_dependencies([leaf]):
            return identity(pred)
    if isinstance(leaf, TensorArray) or len(nest.flatten(leaf, expand=True)) > 1:
        return leaf
    return convert_to_tensor(leaf)


def _require_alike(then: _BranchBuilder, other: _BranchBuilder) -> None:
    nest.require_same_structure(then.structure, other.structure, same_types=False)
    first, second = nest.flatten(then.structure), nest.flatten(other.structure)
    if not first:
        msg = "'true_fn' and 'false_fn' must return at least one result."
        raise ValueError(msg)
    for one, two in zip(first, second, strict=True):
        if one.dtype.base_dtype != two.dtype.base_dtype or type(one) is not type(two):
            msg = (
                "Outputs of 'true_fn' and 'false_fn' must have the same type(s). Received "
                f"{one.dtype.base_dtype.name} from 'true_fn' and {two.dtype.base_dtype.name} from "
                "'false_fn'."
            )
            raise ValueError(msg)


def _make_flows(then: _BranchBuilder, other: _BranchBuilder) -> None:
    """Make the flow of an array that only one branch has written to."""
    for branch, sibling in ((then, other), (other, then)):
        with get_default_graph().in_region(branch.region):
            branch.structure = nest.map_leaves(
                functools.partial(_with_flow, sibling=sibling.region), branch.structure
            )


def _with_flow(leaf: Any, sibling: Region) -> Any:
    if not isinstance(leaf, TensorArray) or leaf.made:
        return leaf
    sample = leaf.record.sample
    if sample is not None and sibling.contains(sample.op):
        # Only its shape is used: what computes it is pruned when a run is planned.
        (sample,) = Cloner(get_default_graph(), sibling.contains, {}).clone([sample])
    return TensorArray.of(leaf.record, leaf.new_flow(sample))


def _merged(flags: Sequence[Tensor]) -> Tensor:
    return stack(list(flags), name="preds_c")


def case(
    pred_fn_pairs: Any,
    default: Branch | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """What the function of the first predicate that holds gives.

    Args:
      pred_fn_pairs: a list of pairs of a bool scalar tensor and a function without arguments, or
        a dict from the one to the other.
      default: function for the case that no predicate holds; without one that is an error.
      exclusive: it is an error when several predicates hold.
      strict: see `cond`.
      name: scope of the operations.

    Raises:
      TypeError: the pairs are malformed.
      ValueError: there is no pair.
      InvalidArgumentError: when it runs: no predicate holds and there is no ``default``, or
        several hold though ``exclusive``.
    """
    pairs = _pairs(pred_fn_pairs)
    if default is not None and not callable(default):
        msg = "'default' must be callable."
        raise TypeError(msg)
    with name_scope(name, "case", [pred for pred, _ in pairs]):
        flags = [pred for pred, _ in pairs]
        befores: list[Operation] = []
        if exclusive:
            befores.append(_at_most_one(flags))
        if default is None:
            befores.append(_at_least_one(flags))
            pairs, default = pairs[:-1], pairs[-1][1]
        with control_dependencies(befores):
            return _chain(pairs, default, strict=strict)


def _chain(pairs: Sequence[tuple[Tensor, Branch]], default: Branch, *, strict: bool) -> Any:
    function = default
    for pred, branch in reversed(pairs):
        function = functools.partial(cond, pred, branch, function, strict=strict)
    if pairs:
        return function()
    # One branch is left and no predicate to choose it by.
    result = function()
    if not strict and isinstance(result, list | tuple) and len(result) == 1:
        result = result[0]
    return nest.map_leaves(
        lambda leaf: identity(leaf) if isinstance(leaf, Tensor) else leaf, result
    )


def _pairs(pred_fn_pairs: Any) -> list[tuple[Tensor, Branch]]:
    if isinstance(pred_fn_pairs, dict):
        pairs = sorted(pred_fn_pairs.items(), key=lambda pair: pair[0].name)
    elif isinstance(pred_fn_pairs, list | tuple):
        pairs = list(pred_fn_pairs)
    else:
        msg = (
            "'pred_fn_pairs' must be a list, tuple, or dict. Received: "
            f"{type(pred_fn_pairs).__name__}"
        )
        raise TypeError(msg)
    if not pairs:
        msg = "'pred_fn_pairs' must hold at least one pair"
        raise ValueError(msg)
    for pair in pairs:
        _require_pair(pair)
    return [(pred, branch) for pred, branch in pairs]


def _require_pair(pair: Any) -> None:
    if not isinstance(pair, tuple) or len(pair) != 2:  # noqa: PLR2004 - a pair
        msg = f"Each entry in 'pred_fn_pairs' must be a 2-tuple. Received {pair!r}."
        raise TypeError(msg)
    pred, branch = pair
    if not isinstance(pred, Tensor) or pred.dtype.base_dtype != bool_:
        msg = f"pred must be a Tensor of dtype bool, got: {pred!r}"
        raise TypeError(msg)
    if not callable(branch):
        msg = f"fn for pred {pred.name} must be callable."
        raise TypeError(msg)


def _at_most_one(flags: Sequence[Tensor]) -> Operation:
    count = reduce_sum(cast(_merged(flags), "int32"))
    names = ", ".join(flag.name for flag in flags)
    text = (
        "More than one condition evaluated as True but exclusive=True. "
        f"Conditions: ({names}), Values:"
    )
    return Assert(count < 2, [text, _merged(flags)])  # noqa: PLR2004 - one at most


def _at_least_one(flags: Sequence[Tensor]) -> Operation:
    names = ", ".join(flag.name for flag in flags)
    text = f"None of conditions evaluated as True. Conditions: ({names}), Values:"
    return Assert(reduce_any(_merged(flags)), [text, _merged(flags)])


def switch_case(
    branch_index: Any, branch_fns: Any, default: Branch | None = None, name: str = "switch_case"
) -> Any:
    """What the function of number ``branch_index`` gives.

    Args:
      branch_index: int32 scalar tensor.
      branch_fns: a list of functions without arguments, of pairs of a number and a function, or a
        dict from numbers to functions; the numbers run from 0 without a gap.
      default: function for an index out of range; the function of the highest number without it.
      name: scope of the operations.

    Raises:
      TypeError: the index is no int tensor, or a branch is not callable.
      ValueError: there is no branch, or the numbers have gaps.
    """
    if not isinstance(branch_index, Tensor):
        msg = f"'branch_index' must be a Tensor, got {type(branch_index)}"
        raise TypeError(msg)
    if not branch_index.dtype.is_integer:
        msg = f"'branch_index' must be an integer Tensor, got {branch_index.dtype!r}"
        raise TypeError(msg)
    branches = _numbered(branch_fns)
    with name_scope(name, "switch_case", [branch_index]):
        rest = branches
        if default is None:
            rest, default = branches[:-1], branches[-1]
        if not callable(default):
            msg = "'default' must be callable."
            raise TypeError(msg)
        pairs = [(equal(branch_index, number), branch) for number, branch in enumerate(rest)]
        with name_scope("indexed_case"):
            return nest.map_leaves(identity, _chain(pairs, default, strict=False))


def _numbered(branch_fns: Any) -> list[Branch]:
    if isinstance(branch_fns, dict):
        items = list(branch_fns.items())
    elif branch_fns and all(callable(item) for item in branch_fns):
        items = list(enumerate(branch_fns))
    else:
        items = [tuple(item) for item in branch_fns]
    if not items:
        msg = "Must provide at least one item in 'branch_fns'"
        raise ValueError(msg)
    numbers = sorted(number for number, _ in items)
    if numbers != list(range(len(items))):
        found = ",".join(map(str, numbers))
        msg = (
            f"branch indices (keys) must form contiguous range of [0 to {len(items)}) but found "
            f"{{{found}}}"
        )
        raise ValueError(msg)
    for number, branch in items:
        if not callable(branch):
            msg = f"fn for key {number} must be callable."
            raise TypeError(msg)
    return [branch for _, branch in sorted(items, key=lambda item: item[0])]

"""Faults above the backend: gradients, and what a session does around a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.conformance.faults.fault import patching
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.ground.signature import TensorType
from polygraph.core.runtime import run_plan
from polygraph.core.runtime.session_state import SessionState, StateLock

if TYPE_CHECKING:
    from collections.abc import Callable

    Array = np.ndarray[Any, Any]
    Right = Callable[..., Any]


@patching(OP_DEFS["Sub"], "gradient_rule", first=("gradient/Sub-*", "training/*"))
def gradient_of_the_wrong_sign(right: Right, op: Any, dy: Any) -> Any:
    """The second gradient of a difference has no minus."""
    dx, dz = right(op, dy)
    return dx, -dz


@patching(OP_DEFS["MatMul"], "gradient_rule", first=("gradient/MatMul-*", "training/*"))
def gradient_of_matmul_doubled(right: Right, op: Any, dy: Any) -> Any:
    """The gradient of the second matrix is counted twice."""
    da, db = right(op, dy)
    return da, db + db


@patching(OP_DEFS["Tanh"], "gradient_rule", first=("gradient/Tanh-*", "training/*", "flow/*"))
def gradient_of_tanh_forgets_the_square(_: Right, op: Any, dy: Any) -> Any:
    """1 - y instead of 1 - y * y."""
    return dy * (1.0 - op.outputs[0])


@patching(OP_DEFS["Relu"], "gradient_rule", first=("gradient/Relu-*", "contract/Relu*",
                                                   "training/*"))  # fmt: skip
def gradient_of_relu_everywhere(_: Right, op: Any, dy: Any) -> Any:
    """The gradient goes through where the unit is off."""
    del op
    return dy


@patching(StateLock, "_conflicts", first=("threads/no-write*", "threads/*"))
def runs_do_not_wait(_: Right, lock: StateLock, entry: Any) -> bool:
    """Runs that write the same variable go side by side."""
    del lock, entry
    return False


@patching(SessionState, "commit", first=("state/many*", "state/two-variables*"))
def half_of_a_commit(
    right: Right, state: SessionState, keys: Any, arrays: Any, types: Any = None
) -> None:
    """Of several new values only the first half is stored, once all have one."""
    if len(keys) > 1 and all(key in state.arrays for key in keys):
        half = len(keys) // 2
        keys, arrays = keys[:half], arrays[:half]
        types = None if types is None else types[:half]
    right(state, keys, arrays, types)


@patching(SessionState, "restore", first=("state/a-failed*", "faults/*"))
def commits_before_it_checks(_: Right, state: SessionState, keys: Any, arrays: Any) -> None:
    """A failed run has stored something already."""
    for key, array in zip(keys, arrays, strict=True):
        if key in state.arrays:
            state.arrays[key] = np.zeros_like(array)


@patching(SessionState, "restore", first=("state/a-failed-first*", "faults/*"))
def failed_first_write_initialises(_: Right, state: SessionState, keys: Any, arrays: Any) -> None:
    """A variable has a value though the run that should have given it failed."""
    types = [TensorType(array.dtype, array.shape) for array in arrays]
    state.commit(keys, arrays, types)


@patching(SessionState, "type_of", first=("state/an-uninitialised*",))
def everything_is_initialised(right: Right, state: SessionState, key: Any) -> Any:
    """A variable without a value reads as zeros."""
    if key not in state.types and key.slot < 0:
        shape = tuple(key.op.outputs[0].get_shape().as_list())
        state.store(key, np.zeros(shape, key.op.outputs[0].dtype.as_numpy_dtype))
    return right(state, key)


_SHARED: dict[Any, Any] = {}


@patching(SessionState, "__init__", first=("state/sessions*",))
def state_shared_between_sessions(right: Right, state: SessionState, backend: Any) -> None:
    """All sessions of a graph have one value for a variable."""
    right(state, backend)
    state.arrays = _SHARED


@patching(run_plan, "coerce", first=("state/feeds-of*", "errors/feeds*"))
def feed_read_in_memory_order(_: Right, tensor: Any, value: Any) -> Array:
    """A feed that is not contiguous is read without regard to its strides."""
    array = np.asarray(value, tensor.np_dtype)
    return np.ravel(array, order="K").reshape(array.shape)

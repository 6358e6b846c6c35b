"""`ConfigProto` and what hangs on it: TF1's session options, honoured or ignored by name.

Every field of TF1 is accepted. `HONOURED` says which ones do something; the others are accepted
so that programs run, and `IGNORED` gives the reason.
"""

from __future__ import annotations

import copy
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

HONOURED: dict[str, str] = {
    "backend": "the backend's name, where the session itself names none",
    "backend_options": "passed to the backend",
    "operation_timeout_in_ms": "a run that takes longer ends with DeadlineExceededError",
    "graph_options.optimizer_options.global_jit_level": "ON_1 or ON_2 ask for the compiled tier",
    "log_device_placement": "logs the device of the session to the logger polygraph.plan",
}

IGNORED: dict[str, str] = {
    "allow_soft_placement": "a session runs on one device; tf.device is kept and not enforced",
    "gpu_options": "the engine manages the device's memory",
    "intra_op_parallelism_threads": "thread pools belong to the engine and the whole process",
    "inter_op_parallelism_threads": "a compiled Program has no inter-op pool",
    "use_per_session_threads": "thread pools belong to the engine and the whole process",
    "device_count": "a session runs on one device",
    "cluster_def": "one process runs a session",
    "rpc_options": "one process runs a session",
    "placement_period": "there is no placer",
    "device_filters": "a session runs on one device",
    "session_inter_op_thread_pool": "a compiled Program has no inter-op pool",
    "isolate_session_state": "state is always the session's own",
    "share_cluster_devices_in_session": "one process runs a session",
    "experimental": "none of it has a meaning here",
}


_HELD: dict[type, type] = {bool: Integral, int: Integral, float: Real, str: str | bytes}  # type: ignore[dict-item]
"""What the fields of a message hold, by the type of their default."""


class _Fields:
    """A message: named fields with defaults, nested messages made on first use.

    Raises:
      ValueError: a keyword that is no field of TF1's message.
      AttributeError: an attribute that is none.
      TypeError: a value that a field cannot hold.
    """

    _defaults: ClassVar[Mapping[str, Any]] = {}
    _messages: ClassVar[Mapping[str, type[_Fields]]] = {}

    def __init__(self, **fields: Any) -> None:
        self._set: dict[str, Any] = {}
        for name, value in fields.items():
            if name not in self._defaults and name not in self._messages:
                raise ValueError(self._unknown(name))
            # A message that is given is copied, so that the two change apart.
            setattr(self, name, copy.deepcopy(value))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_set":
            raise AttributeError(name)
        if name in self._set:
            return self._set[name]
        if name in self._messages:
            return self._set.setdefault(name, self._messages[name]())
        if name in self._defaults:
            default = self._defaults[name]
            if isinstance(default, list | dict):
                return self._set.setdefault(name, type(default)())
            return default
        raise AttributeError(self._unknown(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        elif name in self._messages:
            self._require(name, value, self._messages[name])
            self._set[name] = value
        elif name in self._defaults:
            self._require(name, value, _HELD.get(type(self._defaults[name]), object))
            self._set[name] = value
        else:
            raise AttributeError(self._unknown(name))

    def _require(self, name: str, value: Any, held: type) -> None:
        if not isinstance(value, held):
            msg = f"{type(self).__name__}.{name} cannot hold {value!r} of {type(value)}"
            raise TypeError(msg)

    def _filled(self) -> dict[str, Any]:
        """The fields that were set; reading a message or a list does not set it."""
        return {name: value for name, value in self._set.items() if not _is_empty(value)}

    def _unknown(self, name: str) -> str:
        known = ", ".join(sorted([*self._defaults, *self._messages]))
        return f"{type(self).__name__} has no field {name!r}; it has {known}"

    def HasField(self, name: str) -> bool:  # noqa: N802 - protobuf's name
        """Whether the field was set."""
        return name in self._filled()

    def CopyFrom(self, other: _Fields) -> None:  # noqa: N802 - protobuf's name
        """Take over the fields of another message of the same type."""
        self._set = copy.deepcopy(other._set)

    def __eq__(self, other: object) -> bool:
        """Same type, same fields set."""
        return type(other) is type(self) and other._filled() == self._filled()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """The fields that were set."""
        fields = ", ".join(f"{name}={value!r}" for name, value in self._filled().items())
        return f"{type(self).__name__}({fields})"


def _is_empty(value: Any) -> bool:
    return not value._filled() if isinstance(value, _Fields) else value in ([], {})  # noqa: SLF001


class GPUOptions(_Fields):
    """TF1's GPU options; all ignored, see `IGNORED`."""

    _defaults: ClassVar[Mapping[str, Any]] = {
        "per_process_gpu_memory_fraction": 0.0,
        "allow_growth": False,
        "allocator_type": "",
        "deferred_deletion_bytes": 0,
        "visible_device_list": "",
        "polling_active_delay_usecs": 0,
        "polling_inactive_delay_msecs": 0,
        "force_gpu_compatible": False,
    }


class OptimizerOptions(_Fields):
    """TF1's graph optimiser options; `global_jit_level` is honoured."""

    L1, L0 = 0, -1
    DEFAULT, OFF, ON_1, ON_2 = 0, -1, 1, 2
    _defaults: ClassVar[Mapping[str, Any]] = {
        "do_common_subexpression_elimination": False,
        "do_constant_folding": False,
        "do_function_inlining": False,
        "max_folded_constant_in_bytes": 0,
        "opt_level": 0,
        "global_jit_level": 0,
        "cpu_global_jit": False,
    }


class RewriterConfig(_Fields):
    """TF1's Grappler options; ignored, the pipeline of passes is one."""

    _defaults: ClassVar[Mapping[str, Any]] = {
        "disable_meta_optimizer": False,
        "meta_optimizer_iterations": 0,
        "memory_optimization": 0,
        "constant_folding": 0,
        "arithmetic_optimization": 0,
        "dependency_optimization": 0,
        "layout_optimizer": 0,
        "remapping": 0,
        "loop_optimization": 0,
        "function_optimization": 0,
        "shape_optimization": 0,
        "disable_model_pruning": False,
        "optimizers": [],
    }


class GraphOptions(_Fields):
    """TF1's graph options."""

    _defaults: ClassVar[Mapping[str, Any]] = {
        "enable_recv_scheduling": False,
        "build_cost_model": 0,
        "build_cost_model_after": 0,
        "infer_shapes": False,
        "place_pruned_graph": False,
        "enable_bfloat16_sendrecv": False,
        "timeline_step": 0,
    }
    _messages: ClassVar[Mapping[str, type[_Fields]]] = {
        "optimizer_options": OptimizerOptions,
        "rewrite_options": RewriterConfig,
    }


class ConfigProto(_Fields):
    """TF1's session configuration, and two fields of our own.

    ``backend`` names the backend; ``backend_options`` is a dict that is passed to it.
    """

    _defaults: ClassVar[Mapping[str, Any]] = {
        "device_count": {},
        "intra_op_parallelism_threads": 0,
        "inter_op_parallelism_threads": 0,
        "use_per_session_threads": False,
        "session_inter_op_thread_pool": [],
        "placement_period": 0,
        "device_filters": [],
        "allow_soft_placement": False,
        "log_device_placement": False,
        "operation_timeout_in_ms": 0,
        "isolate_session_state": False,
        "share_cluster_devices_in_session": False,
        "cluster_def": None,
        "rpc_options": None,
        "experimental": None,
        "backend": None,
        "backend_options": {},
    }
    _messages: ClassVar[Mapping[str, type[_Fields]]] = {
        "gpu_options": GPUOptions,
        "graph_options": GraphOptions,
    }

    def options_for_backend(self) -> dict[str, Any]:
        """What the backend is given: its options, with TF1's spellings translated."""
        options = dict(self.backend_options)
        if self.graph_options.optimizer_options.global_jit_level > 0:
            options.setdefault("compile", "optimised")
        return options


class RunOptions(_Fields):
    """TF1's options of one run; ``timeout_in_ms`` is honoured, tracing fills `RunMetadata`."""

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = 0, 1, 2, 3
    _defaults: ClassVar[Mapping[str, Any]] = {
        "trace_level": 0,
        "timeout_in_ms": 0,
        "inter_op_thread_pool": 0,
        "output_partition_graphs": False,
        "debug_options": None,
        "report_tensor_allocations_upon_oom": False,
        "experimental": None,
    }


class RunMetadata(_Fields):
    """TF1's report of one run.

    Attributes:
      step_stats: unset.
      partition_graphs: the Programs that ran, printed, when a trace was asked for.
    """

    _defaults: ClassVar[Mapping[str, Any]] = {
        "step_stats": None,
        "cost_graph": None,
        "partition_graphs": [],
    }

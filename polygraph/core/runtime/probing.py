"""Trying installed backends: each is made and runs a small Program, one at a time.

What a plugin promises is one thing; this asks whether it loads, makes arrays, compiles and
computes at all. Whether it computes what polygraph means is the conformance suite's to say.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.errors import ContractError
from polygraph.core.ground.program import Block, Parameter, Program, Step, Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.runtime.compiler import Compiler
from polygraph.core.runtime.discovery import (
    FALLBACK,
    BackendName,
    BackendStatus,
    backend_statuses,
    make_backend,
    not_found,
)
from polygraph.core.runtime.entry_points import DISTRIBUTION, call_within
from polygraph.core.runtime.plugins import load_only, plugin_status
from polygraph.ops.primitives.elementwise import add

if TYPE_CHECKING:
    from polygraph.core.ground.backend import Backend
    from polygraph.core.runtime.plugins import PluginStatus

    Array = np.ndarray[Any, Any]

PROBE_LIMIT = 120.0
"""Seconds after which a backend is given up; the first import of an engine may take many."""

_NUMBERS = ("float32", "float64", "int32", "int64")


def probe_backends(*names: str) -> list[BackendStatus]:
    """The state of installed backends, after trying those that say they are ready.

    A backend that fails, or does not end, is ``"broken"``, with what it failed at as its reason.
    This imports the engines; one that ends the process ends this one (``polygraph backends`` tries
    each in a process of its own).

    Args:
      *names: the backends to try, ``name[@distribution][:device]``; all by default.

    Raises:
      BackendNotFoundError: there is none of a name.
    """
    if not names:
        return [_probed(status, None) for status in backend_statuses()]
    found: list[BackendStatus] = []
    for name in names:
        asked = BackendName.parse(name)
        fitting = backend_statuses(name)
        if not fitting:
            raise not_found(asked)
        found += [_probed(status, asked.device) for status in fitting]
    return found


def probe_plugin(label: str) -> PluginStatus:
    """The state of one plugin, after the default backend has been tried with it.

    No other plugin is loaded in this process, neither now nor later.

    Args:
      label: ``name@distribution``.
    """
    status = load_only(label)
    if status.status != "loaded":
        return status
    (tried,) = probe_backends(f"{FALLBACK}@{DISTRIBUTION}")
    status = plugin_status(label)
    if tried.status == "ready" or status.status == "broken":
        return status
    reason = f"with it, the backend {FALLBACK!r} is broken: {tried.reason}"
    fix = f"report it to the authors of {status.distribution}, or uninstall it"
    return replace(status, status="broken", reason=reason, fix=fix)


def _probed(status: BackendStatus, device: str | None) -> BackendStatus:
    if status.status != "ready":
        return status
    name = f"{status.full_name}:{device}" if device else status.full_name
    try:
        devices, tier = call_within(PROBE_LIMIT, partial(_try, name))
    except TimeoutError:
        reason = f"it has not run a small Program after {PROBE_LIMIT:g} s"
        return replace(status, status="broken", reason=reason, fix=_remedy(status))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a stranger's; it is what we ask for
        reason = getattr(error, "reason", "") or f"{type(error).__name__}: {error}"
        users = device is not None and isinstance(error, ValueError)
        fix = "name a device that it has" if users else getattr(error, "fix", "") or _remedy(status)
        return replace(status, status="broken", reason=reason, fix=fix)
    return replace(status, devices=devices, tier=tier)


def _remedy(status: BackendStatus) -> str:
    return f"report it to the authors of {status.distribution}, or uninstall it"


def _try(name: str) -> tuple[tuple[str, ...], str]:
    """The devices and the tier of a backend that works.

    Raises:
      ContractError: it gave wrong values.
      Exception: whatever it raised.
    """
    backend = make_backend(name, {})
    try:
        _run(backend)
        return _devices(backend), backend.tier
    finally:
        backend.close()


def _devices(backend: Backend) -> tuple[str, ...]:
    devices = tuple(backend.list_devices())
    if not devices or not all(isinstance(device, str) for device in devices):
        raise ContractError(f"its list_devices gave {devices!r}, not the names of devices")
    return devices


def _run(backend: Backend) -> None:
    """Add a feed to a piece of state, fetch the sum, and keep it as the new state."""
    for dtype in _NUMBERS:
        if dtype in backend.capabilities.dtypes and add in backend.lowerings:
            break
    else:
        return
    np_dtype = as_dtype(dtype).np_dtype
    first, second = np.array([1, 2, 3], np_dtype), np.array([4, 5, 6], np_dtype)
    state = _transferred(backend, first)
    executable = Compiler(backend, verify_results=True)(_sum_program(np_dtype))
    fetches, _, updates, _ = executable([state], [second])
    for what, array in (("fetch", fetches[0]), ("new state", backend.get(updates[0]))):
        if array.tolist() != (first + second).tolist():
            raise ContractError(f"1 2 3 + 4 5 6 gave the {what} {array.tolist()} in {dtype}")


def _transferred(backend: Backend, array: Array) -> Any:
    put = backend.put(array)
    got = backend.get(put)
    if not isinstance(got, np.ndarray) or got.tolist() != array.tolist():
        raise ContractError(f"put and then get made {got!r} of {array!r}")
    return put


def _sum_program(dtype: np.dtype[Any]) -> Program:
    old, fed, new = (Value(TensorType(dtype, (3,))) for _ in range(3))
    block = Block((old, fed), {}, (Step(add, (old, fed), {}, (new,)),), (new, new))
    return Program(
        name="probe",
        block=block,
        state=(Parameter("state"),),
        feeds=(Parameter("feed"),),
        fetches=1,
        carries=0,
        updates=(0,),
        checks=(),
    )

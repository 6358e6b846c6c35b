"""Level 0: what the backend says of itself, and that values come back as they went."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.conformance.case import Case, ConformanceFailure, require
from polygraph.conformance.forward import same
from polygraph.conformance.levels import REQUIRED_DTYPES
from polygraph.conformance.samples import (
    BLOCK,
    extreme_values,
    random_data,
    subnormal_values,
    zero_values,
)
from polygraph.core.ground.backend import (
    CONTRACT_VERSION,
    OLDEST_CONTRACT,
    Backend,
    BackendSpec,
)
from polygraph.core.ground.dtypes import ALL, as_dtype, string
from polygraph.core.ground.op import REGISTRY, Op, Primitive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from polygraph.conformance.target import Target

Known = np.ndarray[Any, Any]


def cases(target: Target) -> Iterator[Case]:
    """The checks of the records, and a round trip for each dtype."""
    checks = (
        has_a_spec_that_imports_no_engine,
        speaks_the_contract,
        declares_the_required_dtypes,
        lists_its_device,
        lowers_or_declines_every_primitive,
        gives_reasons,
        two_of_it_live_side_by_side,
    )
    for check in checks:
        name = check.__name__.replace("_", "-")
        yield Case(f"load/{name}", 0, "load", name, check)
    for dtype in ALL:
        # What put does with a dtype that the backend does not hold is its own affair.
        if dtype is string or not target.declares(dtype.name):
            continue
        for label, array in _arrays(dtype.np_dtype).items():
            yield Case(
                id=f"load/roundtrip-{dtype.name}-{label}",
                level=0,
                family="load",
                op="roundtrip",
                run=partial(_round_trip, array),
                dtype=dtype.name,
            )


def has_a_spec_that_imports_no_engine(target: Target) -> None:
    """The record that discovery reads names the backend and says what it can do."""
    spec = target.spec
    if spec is None:
        # Registered as an object in this process: there is nothing to discover.
        return
    require(isinstance(spec, BackendSpec), f"the entry point names {spec!r}, no BackendSpec")
    require(spec.name == target.backend.name, f"spec {spec.name!r} makes {target.backend.name!r}")
    require(
        target.backend.capabilities.dtypes <= spec.capabilities.dtypes,
        "the backend holds dtypes that its spec does not declare",
    )
    module, colon, attribute = spec.factory.partition(":")
    require(module and colon and attribute, f"factory {spec.factory!r} is not 'module:attribute'")


def speaks_the_contract(target: Target) -> None:
    """It is a Backend written for a contract that is still spoken."""
    require(isinstance(target.backend, Backend), f"{target.backend!r} is no Backend")
    if target.spec is not None:
        spoken = range(OLDEST_CONTRACT, CONTRACT_VERSION + 1)
        require(
            any(version in spoken for version in target.spec.contract),
            f"it was written for contract {target.spec.contract}, not {list(spoken)}",
        )


def declares_the_required_dtypes(target: Target) -> None:
    """The dtypes that no program does without are there, and all are TF1's."""
    declared = target.backend.capabilities.dtypes
    missing = [name for name in REQUIRED_DTYPES if name not in declared]
    require(not missing, f"it does not hold {', '.join(missing)}")
    known = {dtype.name for dtype in ALL}
    unknown = sorted(declared - known)
    require(not unknown, f"it declares {', '.join(unknown)}, which TF1 does not know")


def lists_its_device(target: Target) -> None:
    """The device that it runs on is among those that it lists."""
    devices = list(target.backend.list_devices())
    require(devices, "it lists no device")
    require(all(isinstance(device, str) for device in devices), f"devices {devices!r}: not names")
    kind = target.backend.device.partition(":")[0]
    require(
        any(device.partition(":")[0] == kind for device in devices),
        f"it runs on {target.backend.device!r} but lists {devices}",
    )
    require(target.backend.tier, "it does not say what it runs: its tier is empty")


def lowers_or_declines_every_primitive(target: Target) -> None:
    """A primitive without a lowering has a reason; composites are bodies where unclaimed."""
    backend = target.backend
    silent = [
        op.name
        for op in REGISTRY.values()
        if isinstance(op, Primitive) and op not in backend.lowerings
        if op not in backend.unsupported and not _declined_by_dtype(backend, op)
    ]
    require(not silent, f"neither lowered nor declined with a reason: {', '.join(silent)}")


def _declined_by_dtype(backend: Backend, op: Op) -> bool:
    return any(isinstance(key, tuple) and key[0] is op for key in backend.unsupported)


def gives_reasons(target: Target) -> None:
    """Everything that it declines, or says fails, comes with a sentence."""
    backend = target.backend
    tables: tuple[Mapping[Any, str], ...] = (backend.unsupported, backend.waivers)
    bare = [str(key) for table in tables for key, why in table.items() if len(why.split()) < 2]  # noqa: PLR2004 - a word is no reason
    require(not bare, f"declined without a reason: {', '.join(bare)}")


def two_of_it_live_side_by_side(target: Target) -> None:
    """A second backend of the same name works beside the first, and closing it is harmless."""
    if target.registered:
        # An object is one; sessions share it.
        return
    other = type(target).open(target.name)
    array = np.arange(3, dtype=np.float32)
    other.backend.put(array)
    other.close()
    found = target.backend.get(target.backend.put(array))
    require(np.array_equal(found, array), f"after closing another: {found!r}, not {array!r}")


def _arrays(dtype: np.dtype[Any]) -> dict[str, Known]:
    """Arrays to send there and back, by label."""
    matrix = random_data("roundtrip", (6, 4), dtype)
    arrays: dict[str, Known] = {
        "scalar": np.array(matrix[0, 0]),
        "empty": matrix[:0],
        "matrix": matrix,
        "extreme": extreme_values(dtype),
        "large": random_data("roundtrip", (BLOCK,), dtype),
        "transposed": matrix.T,
        "strided": matrix[::-2, 1::2],
    }
    if dtype.kind == "c" or as_dtype(dtype).is_floating:
        arrays["zeros"] = zero_values(dtype)
    if as_dtype(dtype).is_floating:
        arrays["subnormal"] = subnormal_values(dtype)
    return arrays


def _round_trip(array: Known, target: Target) -> None:
    """``get(put(x))`` is ``x``, in memory of its own on both ways."""
    put: Callable[[Known], Any] = target.backend.put
    given = np.array(array) if array.flags.c_contiguous else array
    held = put(given)
    found = target.backend.get(held)
    require(isinstance(found, np.ndarray), f"get gives a {type(found).__name__}, no array")
    require(
        (found.dtype, found.shape) == (array.dtype, array.shape),
        f"{array.dtype}{list(array.shape)} came back as {found.dtype}{list(found.shape)}",
    )
    if not np.all(same(found, array)):
        msg = f"{array!r} came back as {found!r}"
        raise ConformanceFailure(msg)
    require(found.flags.writeable, "what get gives cannot be written to")
    require(not np.shares_memory(found, given), "what get gives is the array that was put")
    if found.size and given is not array:
        given[...] = given.dtype.type(1)
        found[...] = found.dtype.type(0)
        again = target.backend.get(held)
        require(np.all(same(again, array)), "the backend's value changed with the user's arrays")

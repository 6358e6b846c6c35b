"""What a spec and a live backend must have, checked when they arrive and not when they fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.backend import Backend, BackendSpec, Capabilities
from polygraph.core.ground.dtypes import ALL
from polygraph.core.ground.errors import BrokenPluginError, ContractError
from polygraph.core.ground.op import Op
from polygraph.ops.primitives.control import cond, while_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.core.runtime.entry_points import Offer

_FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

_DTYPES = frozenset(dtype.name for dtype in ALL)

_VERBS = ("compile", "put", "get", "list_devices", "close")


def require_spec(spec: Any, offer: Offer, where: str) -> BackendSpec:
    """``spec``, once it is whole.

    Raises:
      BrokenPluginError: it is no spec, or one of its fields cannot be.
    """
    if not isinstance(spec, BackendSpec):
        raise BrokenPluginError(
            f"{where} names {spec!r}, which is no BackendSpec",
            fix="let the entry point name a polygraph.plugin.BackendSpec",
        )
    for fault, fix in _spec_faults(spec, offer):
        raise BrokenPluginError(f"{where}: {fault}", fix=f"{fix} in {offer.distribution}")
    return spec


def _spec_faults(spec: BackendSpec, offer: Offer) -> Iterator[tuple[str, str]]:
    if spec.name != offer.name:
        yield (
            f"its spec calls itself {spec.name!r}, its entry point {offer.name!r}",
            "use one name",
        )
    if not isinstance(spec.factory, str) or not _FACTORY.fullmatch(spec.factory):
        yield f"its factory {spec.factory!r} is malformed", 'write "module:function"'
    if not isinstance(spec.requires, tuple):
        yield f"requires={spec.requires!r} is no tuple of modules", 'write requires=("module",)'
    for fault in _capability_faults(spec.capabilities):
        yield fault, "correct the capabilities"


def _capability_faults(found: Any) -> Iterator[str]:
    if not isinstance(found, Capabilities):
        yield f"its capabilities are {found!r}, no Capabilities"
        return
    unknown = sorted(set(found.dtypes) - _DTYPES)
    if unknown:
        yield f"it declares {', '.join(unknown)}, which are no dtypes of TF1"
    if not found.devices:
        yield "it declares no devices"


def require_backend(backend: Any, where: str, spec: BackendSpec | None = None) -> None:
    """Check that a live backend is whole, and does not promise more than it has.

    Raises:
      ContractError: says what is wrong with it.
    """
    for fault in _backend_faults(backend, spec):
        raise ContractError(f"{where}: {fault}", fix="correct what its factory makes")


def _backend_faults(backend: Any, spec: BackendSpec | None) -> Iterator[str]:
    if not isinstance(backend, Backend):
        yield f"its factory made {backend!r}, which is no Backend"
        return
    if spec is not None and backend.name != spec.name:
        yield f"the backend made calls itself {backend.name!r}, not {spec.name!r}"
    for verb in _VERBS:
        if not callable(getattr(backend, verb)):
            yield f"its {verb} is {getattr(backend, verb)!r}, which is no function"
    yield from _table_faults(backend)
    yield from _capability_faults(backend.capabilities)
    yield from _lies(backend, spec)


def _table_faults(backend: Backend) -> Iterator[str]:
    for name in ("lowerings", "unsupported", "widened", "waivers"):
        if not isinstance(getattr(backend, name), Mapping):
            yield f"its {name} are {getattr(backend, name)!r}, no mapping"
            return
    for op, lowering in backend.lowerings.items():
        if not isinstance(op, Op):
            yield f"its lowerings have {op!r}, which is no op"
        elif not callable(lowering):
            yield f"its lowering of {op.name} is {lowering!r}, which is no function"


def _lies(backend: Backend, spec: BackendSpec | None) -> Iterator[str]:
    for op in (cond, while_loop):
        if backend.capabilities.control_flow and op not in backend.lowerings:
            yield f"it declares control flow and has no lowering of {op.name}"
    if spec is not None:
        more = backend.capabilities.dtypes - spec.capabilities.dtypes
        if more:
            yield f"it holds {', '.join(sorted(more))}, which its spec does not declare"

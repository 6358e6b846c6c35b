"""The contract between polygraph and a backend.

A backend is data: a name, a table of lowerings, what it can do, and the few verbs that a table
cannot say. `BackendSpec` is what discovery reads; it lives in a module that imports no engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Program

Lowering = Callable[..., Any]
"""``(*engine_arrays, **attributes) -> engine array, or a tuple of them``."""

Declined: TypeAlias = "Op | str | tuple[Op, str]"
"""What a backend may say that it lacks: an op, a dtype by its name, or an op at a dtype."""

CONTRACT_VERSION = 2
"""Major version of the plugin surface; a plugin states those it was written for.

1: a factory is ``make(device, config)``.
2: a factory is ``make(device, config, lowerings)`` and takes the lowerings that plugins bring.
"""

OLDEST_CONTRACT = CONTRACT_VERSION - 1
"""The oldest major version that is still accepted."""


class Executable(Protocol):
    """What a backend makes from a Program. May be called from several threads at once.

    Attributes:
      tier: what runs: ``"instant"``, ``"straight-line"``, ``"inductor"``, ``"cuda-graph"``,
        ``"xla"`` ...; shown by `polygraph show` and in `sess.backend.tier`.
    """

    tier: str

    def __call__(self, state: Sequence[Any], feeds: Sequence[Any]) -> RunResult:
        """Run the Program once.

        Args:
          state: one engine array for each state parameter. Those that the Program updates may be
            overwritten or donated; the others stay as they are.
          feeds: one array for each feed parameter: NumPy arrays of exactly the parameter's type,
            C-contiguous, never to be written to nor kept; or engine arrays that an earlier stage
            carried.
        """


class RunResult(tuple["list[Any]", "list[Any]", "list[Any]", int]):
    """``(fetches, carries, updates, failed)``.

    ``fetches``: NumPy arrays that belong to the caller: writable, never changed later.
    ``carries``: engine arrays. ``updates``: for each updated state parameter the engine array
    that now holds its value; the old value where a check failed. ``failed``: index of the first
    check that did not hold, -1 when all held.
    """

    __slots__ = ()

    @classmethod
    def of(cls, program: Program, results: Sequence[Any], state: Sequence[Any]) -> Self:
        """What a run of ``program`` gives, for backends that compute its block as a whole.

        Args:
          program: what ran.
          results: those of its block, in their order: fetches as NumPy arrays, engine arrays to
            carry, the new state as engine arrays, and the truth of each check.
          state: what it ran on, unchanged: the state after a check that did not hold.
        """
        carries = program.fetches + program.carries
        checks = carries + len(program.updates)
        failed = next((i for i, holds in enumerate(results[checks:]) if not holds), -1)
        updates = list(results[carries:checks])
        if failed >= 0:
            updates = [state[index] for index in program.updates]
        fetches = list(results[: program.fetches])
        return cls((fetches, list(results[program.fetches : carries]), updates, failed))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do, readable without importing its engine.

    Attributes:
      dtypes: names of TF1's dtypes that it holds and computes in.
      control_flow: it lowers `cond` and `while_loop`.
      compiled: a cached run costs no Python call per op.
      in_place_state: it updates state in place rather than returning new arrays.
      symbolic_dims: it accepts Programs whose dimensions are named symbols; polygraph makes none
        so far, as it plans a run for the shapes that are fed.
      devices: kinds of device, the default first.
    """

    dtypes: frozenset[str]
    control_flow: bool = True
    compiled: bool = False
    in_place_state: bool = False
    symbolic_dims: bool = False
    devices: tuple[str, ...] = ("cpu",)


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """What discovery needs to know, in a module that imports no engine.

    Attributes:
      name: what users write in ``Session(backend=...)``.
      factory: ``"module:attribute"`` of ``make(device: str, config: Mapping, lowerings:
        Mapping[Op, Lowering]) -> Backend``; ``lowerings`` are brought by plugins and go before
        the backend's own.
      requires: importable modules that must be there.
      contract: major versions of `CONTRACT_VERSION` that it was written for; one that states none
        was written for the first.
      capabilities: what it can do.
      extra: extra of its distribution that installs what it requires.
    """

    name: str
    factory: str
    capabilities: Capabilities
    requires: tuple[str, ...] = ()
    contract: tuple[int, ...] = (1,)
    extra: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A live backend on one device, made once for a session.

    Attributes:
      name: as in its spec.
      device: the device that it runs on, such as ``"cpu"`` or ``"cuda:0"``.
      capabilities: what it can do on that device.
      lowerings: every op that it lowers; composites in it are claimed, others are expanded.
      unsupported: ops, or ops at a dtype, that it does not lower, and why; by its name alone a
        dtype that it does not declare.
      widened: ops that it computes in a wider dtype and casts back, exactly.
      waivers: shell patterns of conformance cases that fail, each with the reason that the
        engine's own documentation gives; every case that a pattern fits has to fail.
      compile: makes an executable; every step of the Program is one that `lowerings` has.
      put: an engine array of its own from a NumPy array (copies).
      get: a NumPy array of its own from an engine array (copies).
      list_devices: names of the devices that it could run on.
      tier: what it would run now, for people.
      close: releases what it holds.
    """

    name: str
    device: str
    capabilities: Capabilities
    lowerings: Mapping[Op, Lowering]
    compile: Callable[[Program], Executable]
    put: Callable[[np.ndarray[Any, Any]], Any]
    get: Callable[[Any], np.ndarray[Any, Any]]
    list_devices: Callable[[], Sequence[str]]
    tier: str
    unsupported: Mapping[Declined, str] = field(default_factory=lambda: MappingProxyType({}))
    widened: Mapping[tuple[Op, str], str] = field(default_factory=lambda: MappingProxyType({}))
    waivers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    close: Callable[[], None] = lambda: None


NO_LOWERINGS: Mapping[Op, Lowering] = MappingProxyType({})
"""What plugins bring where there are none."""

"""What discovery reads of the NumPy backend."""

from __future__ import annotations

from types import MappingProxyType

from polygraph.core.ground.backend import BackendSpec, Capabilities
from polygraph.core.ground.dtypes import ALL, string

CAPABILITIES = Capabilities(
    dtypes=frozenset(dtype.name for dtype in ALL if dtype is not string),
    control_flow=True,
    compiled=False,
    in_place_state=False,
    symbolic_dims=False,
    devices=("cpu",),
)

OPTIONS = MappingProxyType(
    {
        "compile": (
            "'optimised', which TF1's global_jit_level asks for, is the instant tier too: "
            "there is no other"
        ),
    }
)
"""The keys that ``config`` may have, each with what it means."""

SPEC = BackendSpec(
    name="numpy",
    factory="polygraph.backends.numpy.backend:make",
    capabilities=CAPABILITIES,
    contract=(2,),
)

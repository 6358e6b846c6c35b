"""What discovery reads of the torch backend; imports no engine."""

from __future__ import annotations

from types import MappingProxyType

from polygraph.core.ground.backend import BackendSpec, Capabilities
from polygraph.core.ground.dtypes import ALL, string

CAPABILITIES = Capabilities(
    dtypes=frozenset(dtype.name for dtype in ALL if dtype is not string),
    control_flow=True,
    compiled=False,
    in_place_state=True,
    symbolic_dims=False,
    devices=("cpu", "cuda"),
)

COMPILE = ("none", "inductor", "optimised")
"""What the option ``compile`` may be."""

OPTIONS = MappingProxyType(
    {
        "compile": (
            "'inductor' compiles each plan with torch's inductor before its first run, which takes "
            "seconds and a C++ compiler, and makes runs faster; 'none' runs the generated function "
            "on the processor and captures it into a CUDA graph on a GPU (default: 'none'); "
            "'optimised', which TF1's global_jit_level asks for, is 'inductor'"
        ),
        "engine_random": (
            "draw with torch's generators instead of TF1's Philox: faster, other numbers "
            "(default: False)"
        ),
    }
)
"""The keys that ``config`` may have, each with what it means."""

SPEC = BackendSpec(
    name="torch",
    factory="polygraph.backends.torch.backend:make",
    capabilities=CAPABILITIES,
    contract=(2,),
    requires=("torch",),
    extra="torch",
)

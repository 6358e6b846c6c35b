"""What discovery reads of the JAX backend; imports no engine."""

from __future__ import annotations

from types import MappingProxyType

from polygraph.core.ground.backend import BackendSpec, Capabilities
from polygraph.core.ground.dtypes import ALL, string

CAPABILITIES = Capabilities(
    dtypes=frozenset(dtype.name for dtype in ALL if dtype is not string),
    control_flow=True,
    compiled=True,
    in_place_state=False,
    symbolic_dims=False,
    devices=("cpu", "gpu", "tpu"),
)

OPTIONS = MappingProxyType(
    {
        "engine_random": (
            "draw with jax.random instead of TF1's Philox: faster on accelerators, other numbers "
            "(default: False)"
        ),
        "matmul_precision": (
            "precision of float32 products and convolutions on accelerators: 'highest', 'high' "
            "or 'default', as jax.default_matmul_precision takes it (default: 'highest')"
        ),
        "compile": (
            "'optimised', which TF1's global_jit_level asks for, is what XLA always does "
            "(default: 'optimised')"
        ),
        "compiler_options": "XLA options for every executable, a dict (default: none)",
    }
)
"""The keys that ``config`` may have, each with what it means."""

SPEC = BackendSpec(
    name="jax",
    factory="polygraph.backends.jax.backend:make",
    capabilities=CAPABILITIES,
    contract=(2,),
    requires=("jax",),
    extra="jax",
)

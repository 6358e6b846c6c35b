"""What discovery reads of the TensorFlow backend; imports no engine."""

from __future__ import annotations

from types import MappingProxyType

from polygraph.plugin import BackendSpec, Capabilities

CAPABILITIES = Capabilities(
    dtypes=frozenset(
        (
            *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
            *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
        )
    ),
    control_flow=True,
    compiled=True,
    in_place_state=False,
    symbolic_dims=False,
    devices=("cpu",),
)

OPTIONS = MappingProxyType(
    {
        "threads": (
            "threads that share the work of one large op; with more than one TensorFlow takes "
            "subnormal numbers for 0 there. The first session of the process decides (default: 1)"
        ),
    }
)
"""The keys that ``config`` may have, each with what it means."""

SPEC = BackendSpec(
    name="tensorflow",
    factory="polygraph_tensorflow.backend:make",
    capabilities=CAPABILITIES,
    contract=(2,),
    requires=("tensorflow",),
)

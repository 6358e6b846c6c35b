"""What discovery reads of the ONNX Runtime backend; imports no engine."""

from __future__ import annotations

from types import MappingProxyType

from polygraph.plugin import BackendSpec, Capabilities

CAPABILITIES = Capabilities(
    dtypes=frozenset(
        (
            *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
            *("float16", "bfloat16", "float32", "float64"),
        )
    ),
    compiled=True,
)
"""All but complex numbers: no kernel of ONNX Runtime takes tensors of them."""

OPTIONS = MappingProxyType(
    {
        "threads": "threads that one run may use; 0: as many as there are cores (default: 1)",
        "optimization": (
            "level of ONNX Runtime's graph rewrites: 'none', 'basic', 'extended' or 'all' "
            "(default: 'basic', which keeps every rounding and the sign of zero)"
        ),
    }
)
"""The keys that ``config`` may have, each with what it means."""

SPEC = BackendSpec(
    name="onnxruntime",
    factory="polygraph_onnxruntime.backend:make",
    capabilities=CAPABILITIES,
    contract=(2,),
    requires=("onnx", "onnxruntime"),
)

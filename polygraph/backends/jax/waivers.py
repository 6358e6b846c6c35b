"""Conformance cases that fail because of XLA, and what its own documentation says of them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FLUSHED = (
    "JAX flushes subnormal numbers to zero in operands and results: "
    "https://docs.jax.dev/en/latest/notebooks/Common_Gotchas_in_JAX.html, jax-ml/jax#16200"
)
_SUBNORMAL = (
    "add",
    "apply_adadelta",
    "apply_adagrad",
    "apply_adagrad_da",
    "apply_adam",
    "apply_centered_rms_prop",
    "apply_ftrl",
    "apply_gradient_descent",
    "apply_momentum",
    "apply_proximal_adagrad",
    "apply_rms_prop",
    "argmax",
    "argmin",
    "argsort",
    "asin",
    "asinh",
    "atan2",
    "atanh",
    "avg_pool",
    "avg_pool_grad",
    "ceil",
    "conv2d",
    "conv2d_backprop_filter",
    "cumprod",
    "cumsum",
    "depthwise_conv2d_backprop_filter",
    "digamma",
    "divide",
    "divide_no_nan",
    "equal",
    "erf",
    "erfinv",
    "floor",
    "floor_divide",
    "floor_mod",
    "greater",
    "greater_equal",
    "leaky_relu",
    "less",
    "less_equal",
    "lgamma",
    "log",
    "lrn",
    "lrn_grad",
    "matmul",
    "max_pool",
    "maximum",
    "minimum",
    "multiply",
    "multiply_no_nan",
    "not_equal",
    "power",
    "reciprocal",
    "reduce_max",
    "reduce_min",
    "relu",
    "relu6",
    "rsqrt",
    "scatter_divide",
    "scatter_maximum",
    "scatter_minimum",
    "segment_max",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "selu",
    "sign",
    "sinh",
    "softsign",
    "sort",
    "sparse_apply_adam",
    "sqrt",
    "subtract",
    "sum_repeated",
    "sum_to",
    "top_k",
    "truncate_divide",
    "truncate_mod",
    "unique_padded",
)
"""Ops that compute with subnormal numbers, or compare them, in bfloat16, float32 and float64."""

_TINY = (
    "reciprocal", "divide_no_nan", "multiply_no_nan", "multiply", "divide", "floor_divide",
    "power", "atan2", "asin", "erfinv",
)  # fmt: skip
"""Ops that make subnormal numbers of the least normal one and others."""

_RECORDED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("alpha_0.5", ("bfloat16", "float32", "float64"), ("LeakyRelu",)),
    ("edges", ("bfloat16", "float32"), ("Exp", "Softplus")),
    ("edges", ("bfloat16", "float32", "float64"), ("Asin", "LeakyRelu", "SqrtGrad")),
    ("edges", ("float64",), ("Inv", "Reciprocal")),
    (
        "every_pair",
        ("bfloat16", "float32", "float64"),
        ("Atan2", "Div", "DivNoNan", "FloorDiv", "Pow", "RealDiv", "Xdivy"),
    ),
    ("odd_gradient", ("float32",), ("ReluGrad",)),
    ("subnormal", ("bfloat16", "float32"), ("Log1p",)),
    (
        "subnormal",
        ("bfloat16", "float32", "float64"),
        (
            "Add",
            "AddV2",
            "Asin",
            "Asinh",
            "Atan2",
            "Atanh",
            "Ceil",
            "Div",
            "DivNoNan",
            "Equal",
            "Erf",
            "Floor",
            "FloorDiv",
            "FloorMod",
            "Greater",
            "GreaterEqual",
            "Less",
            "LessEqual",
            "Log",
            "Maximum",
            "Minimum",
            "NotEqual",
            "RealDiv",
            "Sign",
            "Sqrt",
            "Sub",
            "TruncateDiv",
            "Xdivy",
            "Xlogy",
        ),
    ),
    (
        "subnormal",
        ("float32", "float64"),
        ("Digamma", "Lgamma", "Mod", "Mul", "Sinh", "TruncateMod"),
    ),
    ("subnormal", ("float64",), ("Inv", "Reciprocal", "Rsqrt", "Tanh")),
)
"""Label, dtypes and op types of recorded cases on, or of, subnormal numbers."""

_ALONE = (
    "contract/subnormals_kept",
    "contract/subnormals_cast",
    "contract/subnormal_zero",
    "recorded/Cast-bfloat16-bfloat16_to_float64.subnormal",
    "recorded/Cast-float32-float32_to_bool.subnormal",
    "recorded/Cast-float32-float32_to_float64.subnormal",
    "recorded/Cast-float64-float64_to_bool.subnormal",
    "recorded/Where-float32-special",
    "recorded/Unique-float32-special",
    "recorded/UniqueWithCounts-float32-special",
)
"""Others of the kind."""

_DTYPES = ("bfloat16", "float32", "float64")


def _flushed() -> Iterator[str]:
    for dtype in _DTYPES:
        for op in _SUBNORMAL:
            yield f"*/{op}-{dtype}-subnormal"
        for op in _TINY:
            yield f"*/{op}-{dtype}-extreme"
    for op in ("cast", "log1p"):
        yield f"primitive/{op}-bfloat16-subnormal"
        yield f"primitive/{op}-float32-subnormal"
    yield "primitive/tanh-float64-subnormal"
    yield "primitive/nonzero_padded-float32-subnormal"
    yield "primitive/nonzero_padded-float64-subnormal"
    yield "dtypes/subnormals-are-kept-*"
    for label, dtypes, ops in _RECORDED:
        yield from (f"recorded/{op}-{dtype}-{dtype}.{label}" for op in ops for dtype in dtypes)
    yield from _ALONE


WAIVERS: Mapping[str, str] = MappingProxyType(dict.fromkeys(_flushed(), FLUSHED))
"""Shell patterns of cases, each with its reason; every case that one fits fails."""

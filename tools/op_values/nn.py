"""Activations, losses and normalisation of neural networks, and their gradients."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from op_values import convolution
from op_values.case import Spec
from op_values.samples import ALL, FLOATS, NUMERIC, REALS, arr, distinct, edges, ordinary, words
from op_values.shaping import i32, i64

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTIVATIONS = words("Relu Relu6 Elu Selu LeakyRelu Softplus Softsign")
# Gradient ops of (gradient, input or output of the forward op); the reverse order where marked.
FROM_INPUT = words("ReluGrad Relu6Grad LeakyReluGrad SoftplusGrad SoftsignGrad")
FROM_OUTPUT = words("EluGrad SeluGrad")
OUTPUT_FIRST = words("TanhGrad SigmoidGrad SqrtGrad RsqrtGrad InvGrad ReciprocalGrad")
SOFTMAX_ROWS = {
    "large": [[1000.0, 1000.0, 0.0], [-1000.0, -1000.0, -999.0]],
    "special": [[np.nan, 0.0, 1.0], [np.inf, 0.0, 1.0], [-np.inf, 0.0, 1.0]],
    "all_infinite": [[-np.inf, -np.inf, -np.inf], [np.inf, np.inf, 0.0]],
}


def _activations() -> Iterator[Spec]:
    for op, dtype in itertools.product(ACTIVATIONS, REALS):
        yield Spec(op, (edges(dtype),), f"{dtype}/edges")
        yield Spec(op, (ordinary(dtype, (3, 4)),), f"{dtype}/matrix")
        if dtype == "float32":
            yield Spec(op, (ordinary(dtype, ()),), f"{dtype}/scalar")
            yield Spec(op, (ordinary(dtype, (0, 3)),), f"{dtype}/empty")
    for alpha, dtype in itertools.product((0.0, 0.5, 1.5), FLOATS):
        yield Spec("LeakyRelu", (edges(dtype),), f"{dtype}/alpha_{alpha}", {"alpha": alpha})


def _gradients() -> Iterator[Spec]:
    for op, dtype in itertools.product((*FROM_INPUT, *FROM_OUTPUT, *OUTPUT_FIRST), NUMERIC):
        dy, x = ordinary(dtype, (3, 4)), ordinary(dtype, (3, 4), 1)
        if dtype in FLOATS and op in ("SqrtGrad", "RsqrtGrad"):
            x = np.abs(x)
        pair = (x, dy) if op in OUTPUT_FIRST else (dy, x)
        yield Spec(op, pair, f"{dtype}/matrix")
        if dtype in FLOATS:
            at = edges(dtype)
            slope = np.full_like(at, 2.0)
            yield Spec(op, (at, slope) if op in OUTPUT_FIRST else (slope, at), f"{dtype}/edges")
    odd = arr([np.nan, np.inf, -0.0], "float32")
    yield Spec("ReluGrad", (odd, arr([1.0, -1.0, 0.0], "float32")), "float32/odd_gradient")


def _softmax() -> Iterator[Spec]:
    for op, dtype in itertools.product(("Softmax", "LogSoftmax"), FLOATS):
        yield Spec(op, (ordinary(dtype, (3, 4)),), f"{dtype}/matrix")
        for label, rows in SOFTMAX_ROWS.items():
            yield Spec(op, (arr(rows, dtype),), f"{dtype}/{label}")
    for op in ("Softmax", "LogSoftmax"):
        for label, shape in {"vector": (5,), "rank_3": (2, 2, 3), "empty": (0, 3), "scalar": (),
                             "no_classes": (2, 0), "one_class": (3, 1)}.items():  # fmt: skip
            yield Spec(op, (ordinary("float32", shape),), f"float32/{label}")


def _cross_entropy() -> Iterator[Spec]:
    op, sparse = "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"
    for dtype in FLOATS:
        logits = ordinary(dtype, (3, 4))
        labels = arr([[0, 1, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 0, 0]], dtype)
        yield Spec(op, (logits, labels), f"{dtype}/matrix")
        for label, rows in SOFTMAX_ROWS.items():
            x = arr(rows, dtype)
            target = arr(np.resize([1.0, 0.0, 0.0, 0.0], (len(rows), 3)), dtype)
            yield Spec(op, (x, target), f"{dtype}/{label}")
            yield Spec(sparse, (x, i32(np.arange(len(rows)))), f"{dtype}/{label}")
        for make, name in ((i32, "int32"), (i64, "int64")):
            yield Spec(sparse, (logits, make([3, 0, 1])), f"{dtype}/{name}")
    x = ordinary("float32", (2, 3))
    for label, a, b in (("broadcast", x, x[:1]), ("mismatch", x, x[:, :2]), ("empty", x[:0],
                        x[:0]), ("vector", x[0], x[0])):  # fmt: skip
        yield Spec(op, (a, b), label)
    for label, a, b in (("too_large", x, [0, 3]), ("negative", x, [-1, 0]), ("mismatch", x, [0]),
                        ("empty", x[:0], []), ("vector", x[0], [0]), ("matrix_labels", x, [[0],
                        [1]])):  # fmt: skip
        yield Spec(sparse, (a, i32(b)), label)


def _bias() -> Iterator[Spec]:
    for dtype in NUMERIC:
        yield Spec("BiasAdd", (ordinary(dtype, (2, 2, 3)), ordinary(dtype, (3,), 1)), dtype)
        yield Spec("BiasAddGrad", (ordinary(dtype, (2, 2, 3)),), dtype)
    x = ordinary("float32", (2, 3, 2, 2))
    for form in ("NHWC", "NCHW"):
        b = ordinary("float32", (2 if form == "NHWC" else 3,))
        yield Spec("BiasAdd", (x, b), form, {"data_format": form})
        yield Spec("BiasAddGrad", (x,), form, {"data_format": form})
    for label, a, b in (("mismatch", x, (3,)), ("vector", x[0, 0, 0], (2,)), ("matrix_bias", x,
                        (2, 2)), ("empty", x[:0], (2,))):  # fmt: skip
        yield Spec("BiasAdd", (a, ordinary("float32", b)), label)
    yield Spec("BiasAddGrad", (x[:0],), "empty")


def _batch_norm() -> Iterator[Spec]:
    for op, dtype in itertools.product(
        ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), ("float16", "bfloat16",
        "float32")
    ):  # fmt: skip
        x = ordinary(dtype, (2, 3, 2, 3))
        scale, offset = (ordinary("float32", (3,), at) for at in (1, 2))
        none, mean = ordinary("float32", (0,)), ordinary("float32", (3,), 3)
        for epsilon in (0.001, 0.0001):
            attrs = {"epsilon": epsilon, "is_training": True}
            yield Spec(op, (x, scale, offset, none, none), f"{dtype}/training_{epsilon}", attrs)
        inference = (x, scale, offset, mean, np.abs(mean))
        yield Spec(op, inference, f"{dtype}/inference", {"is_training": False}, defined=3)
        one = x[:1, :1, :1]
        yield Spec(op, (one, scale, offset, none, none), f"{dtype}/one_value")
        moving = {"is_training": True, "exponential_avg_factor": 0.25}
        yield Spec(op, (x, scale, offset, mean, np.abs(mean)), f"{dtype}/moving", moving)
    for op in ("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"):
        x, dy = ordinary("float32", (2, 3, 2, 3)), ordinary("float32", (2, 3, 2, 3), 4)
        scale, mean = ordinary("float32", (3,), 1), ordinary("float32", (3,), 3)
        last = (scale,) if op.endswith("V3") else ()
        for training in (True, False):
            inputs = (dy, x, scale, mean, np.abs(mean), *last)
            yield Spec(op, inputs, f"float32/{training}", {"is_training": training})


def _response() -> Iterator[Spec]:
    x = ordinary("float32", (1, 2, 2, 7))
    for label, attrs in {
        "default": {}, "narrow": {"depth_radius": 1, "bias": 2.0, "alpha": 0.5, "beta": 0.75},
        "zero_radius": {"depth_radius": 0},
    }.items():  # fmt: skip
        yield Spec("LRN", (x,), label, attrs)
        yield Spec("LRNGrad", (ordinary("float32", x.shape, 1), x, x), label, attrs)
    yield Spec("LRN", (x[0],), "rank_3")
    for dtype in FLOATS:
        yield Spec("LRN", (x.astype(arr(0, dtype).dtype),), dtype)


def _checks() -> Iterator[Spec]:
    for dtype in ALL:
        yield Spec("CheckNumerics", (distinct(dtype, (3,)),), dtype, {"message": "checked"})
    for label, value in {"nan": np.nan, "inf": np.inf, "minus_inf": -np.inf}.items():
        yield Spec("CheckNumerics", (arr([1.0, value], "float32"),), label, {"message": "checked"})


def _clips() -> Iterator[Spec]:
    for dtype in REALS:
        v = ordinary(dtype, (4,))
        low, high = arr(2, dtype), arr(5, dtype)
        yield Spec("ClipByValue", (v, low, high), f"{dtype}/scalars")
        yield Spec("ClipByValue", (v, high, low), f"{dtype}/low_above_high")
        yield Spec("AddN", ([v, v, v],), dtype)
    odd = arr([np.nan, np.inf, -np.inf, -0.0], "float32")
    for label, bounds in {"special": (-1.0, 1.0), "zeros": (0.0, 1.0), "nan_low": (np.nan, 1.0),
                          "nan_high": (-1.0, np.nan)}.items():  # fmt: skip
        yield Spec("ClipByValue", (odd, *(arr(b, "float32") for b in bounds)), f"float32/{label}")
    yield Spec("AddN", ([odd, odd[:1]],), "mismatch")


def _resizes() -> Iterator[Spec]:
    image = distinct("float32", (1, 2, 3, 1))
    for op, size, (align, half) in itertools.product(
        ("ResizeBilinear", "ResizeNearestNeighbor"), ([3, 5], [1, 1], [2, 2]),
        ((False, False), (True, False), (False, True)),
    ):  # fmt: skip
        attrs = {"align_corners": align, "half_pixel_centers": half}
        label = f"{size[0]}x{size[1]}/{int(align)}{int(half)}"
        yield Spec(op, (image, i32(size)), label, attrs)


def specs() -> Iterator[Spec]:
    """Every case of neural networks."""
    parts = (_activations, _gradients, _softmax, _cross_entropy, _bias, _batch_norm, _response,
             _checks, _clips, _resizes, convolution.specs)  # fmt: skip
    for part in parts:
        yield from part()

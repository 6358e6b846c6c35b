"""Where gradients are tried that recorded inputs do not serve, and what is left out, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.tensor_shape import TensorShape

if TYPE_CHECKING:
    from collections.abc import Mapping

Known = np.ndarray[Any, Any]
Place = tuple[tuple[Known, ...], dict[str, Any]]


def _data(*shape: int) -> Known:
    """Different numbers of both signs, in no order, none near another or near zero."""
    size = int(np.prod(shape))
    return np.asarray(np.sin(1.7 * np.arange(size) + 0.4) * 1.3 + 0.05).reshape(shape)


def _ints(*values: int) -> Known:
    return np.array(values, np.int32)


_IMAGES, _FILTERS = (1, 3, 4, 3, 2), (2, 2, 2, 2, 3)
_VALID = {"strides": (1, 1, 1, 1, 1), "padding": "VALID"}
_POOLS = {"ksize": (1, 2, 2, 1), "strides": (1, 2, 2, 1), "padding": "VALID"}
_POOLED = _data(1, 4, 4, 1)
_GREATEST = _POOLED.reshape(1, 2, 2, 2, 2, 1).max(axis=(2, 4))

_LABELS = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]])
_NORMED = (_data(2, 3, 2, 2), 0.5 + np.abs(_data(2)), _data(2))

PLACES: Mapping[str, tuple[Place, ...]] = {
    "Asin": (((0.4 * _data(2, 3),), {}),),
    "Acos": (((0.4 * _data(2, 3),), {}),),
    "Erfinv": (((0.4 * _data(2, 3),), {}),),
    "Zeta": (((2.5 + np.abs(_data(2, 3)), 1 + np.abs(_data(3))), {}),),
    "Polygamma": (((np.array([[0.0], [1.0], [2.0]]), 1 + np.abs(_data(3))), {}),),
    "ComplexAbs": (((_data(2, 3) + 1j * _data(3, 2).T,), {"Tout": np.dtype(np.float64)}),),
    "Angle": (((_data(2, 3) + 1j * _data(3, 2).T,), {"Tout": np.dtype(np.float64)}),),
    "PlaceholderWithDefault": (((_data(2, 3),), {"shape": (2, 3)}),),
    "SoftmaxCrossEntropyWithLogits": (((_data(2, 3), _LABELS), {}),),
    "TensorScatterUpdate": (((_data(4, 2), _ints(2, 0)[:, None], _data(2, 2)), {}),),
    **dict.fromkeys(
        ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
        (
            ((*_NORMED, np.zeros(0, np.float32), np.zeros(0, np.float32)), {"is_training": True}),
            ((*_NORMED, _data(2), np.abs(_data(2)) + 0.5), {"is_training": False}),
        ),
    ),
    "GuaranteeConst": (((_data(2, 3),), {}),),
    "EnsureShape": (((_data(2, 3),), {"shape": TensorShape((2, 3))}),),
    "ConjugateTranspose": (((_data(2, 3) + 1j * _data(3, 2).T, _ints(1, 0)), {}),),
    "SumTo": (((_data(2, 3), _ints(3)), {}), ((_data(2, 3), _ints(2, 1)), {})),
    "SparseToDense": (((_ints(0, 2), _ints(4), _data(2), np.array(0.5)), {}),),
    "ClipByValue": (((_data(2, 3), np.array(-0.6), np.array(0.7)), {}),),
    "Conv3D": (((_data(*_IMAGES), _data(*_FILTERS)), _VALID),),
    "Conv3DBackpropInputV2": (((_ints(*_IMAGES), _data(*_FILTERS), _data(1, 2, 3, 2, 3)), _VALID),),
    "Conv3DBackpropFilterV2": (
        ((_data(*_IMAGES), _ints(*_FILTERS), _data(1, 2, 3, 2, 3)), _VALID),
    ),
    "MaxPoolGradGrad": (((_POOLED, _GREATEST, _data(1, 4, 4, 1)), _POOLS),),
}
"""Inputs in float64 or complex128, and attributes, by op type."""

ELSEWHERE: Mapping[str, str] = {
    "KnownRead": "stands only in what a gradient computes again: see control flow",
    **dict.fromkeys(("Merge", "Exit"), "stand only inside of conds and loops: see control flow"),
    **dict.fromkeys(
        ("TensorArrayWriteV3", "TensorArrayReadV3", "TensorArrayGatherV3",
         "TensorArrayScatterV3", "TensorArrayAddRows", "TensorArrayGrow"),
        "stand only on a tensor array's flow: see control flow",
    ),
    "Print": "is Identity with an effect: see control flow",
    **dict.fromkeys(
        ("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"),
        "look through mean and variance to the images: see the second derivatives of the op",
    ),
    "IdentityN": "is Identity of several tensors at once",
    "PreventGradient": "refuses to be differentiated",
    **dict.fromkeys(("FloorDiv", "TruncateDiv", "TruncateMod"), "are constant between jumps"),
}  # fmt: skip
"""Op types with a gradient rule that are differentiated elsewhere, or are constants."""

HELD: Mapping[str, tuple[int, ...]] = {
    "PadV2": (2,),
    "MaxPoolGrad": (0, 1),
    "MaxPoolGradGrad": (0, 1),
    "Zeta": (0,),
    "Polygamma": (0,),
    "SoftmaxCrossEntropyWithLogits": (1,),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), (3, 4)),
}
"""Float inputs that TF1's gradient takes for constants, by their position: padding, where the
greatest elements are, orders, means and variances of the past; and labels, which sum to 1."""

OUTPUTS: Mapping[str, int] = {
    "SoftmaxCrossEntropyWithLogits": 1,
    "SparseSoftmaxCrossEntropyWithLogits": 1,
    "FusedBatchNorm": 1,
    "FusedBatchNormV2": 1,
    "FusedBatchNormV3": 1,
}
"""How many outputs TF1's gradient looks at; the others are there for the gradient itself."""

NO_DERIVATIVE: Mapping[str, str] = dict.fromkeys(
    ("SquaredDifference", "RsqrtGrad", "ReciprocalGrad", "InvGrad", "EuclideanNorm", "Prod",
     "SegmentProd", "UnsortedSegmentProd", "Cumprod", "Pow", "Xlogy", "Xdivy"),
    "TF1's gradient of complex numbers is no derivative, or they lie at branch points; it is "
    "held to recorded values instead",
)  # fmt: skip
"""Op types that are not differentiated at complex numbers."""

SINGLE = frozenset({"LRN", "LRNGrad", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
"""Op types that TF1 has in float32 only: differences are taken there, with a longer step."""

"""Adding a bias to each channel, and the layers that are a product and a bias."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import NUMERIC
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops.activations import relu
from polygraph.ops.matrix_products import matmul
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import elementwise as ew, reduction, shaping
from polygraph.ops.repeating import broadcast_to
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["bias_add", "relu_layer", "xw_plus_b"]


def _channel(rank: int, data_format: str) -> int:
    return 1 if data_format == "NCHW" else rank - 1


def _bias_add_shape(context: ShapeContext) -> TensorShape:
    value = context.shape(0).with_rank_at_least(2)
    bias = context.shape(1).with_rank(1)
    dims = value.as_tuple()
    if dims is None:
        return value
    channel = _channel(len(dims), context.attrs["data_format"])
    given = bias.as_list()[0] if bias.ndims is not None else None
    if None not in (dims[channel], given) and dims[channel] != given:
        msg = f"Dimensions must be equal, but are {dims[channel]} and {given}"
        raise ShapeError(msg)
    known = given if dims[channel] is None else dims[channel]
    return TensorShape([*dims[:channel], known, *dims[channel + 1 :]])


def _along_channels(bias: Array, rank: int, data_format: str) -> Any:
    """The bias in a shape that broadcasts against values of that rank."""
    after = rank - 1 - _channel(rank, data_format)
    return shaping.reshape(bias, shape=(bias.shape[0], *[1] * after)) if after else bias


@graph_op(
    "BiasAdd",
    "value: T, bias: T -> output: T",
    shape=_bias_add_shape,
    samples=(((2, 3), (3,)), ((2, 3, 4), (3,), {"data_format": "NCHW"}), ((0, 3), (3,))),
    T=NUMERIC,
)
def BiasAdd(value: Array, bias: Array, *, data_format: str = "NHWC") -> Any:
    """``value`` plus one number for each channel."""
    rank = len(value.shape)
    if rank < 2:  # noqa: PLR2004
        refuse(f"Input tensor must be at least 2D: {in_brackets(value.shape)}")
    if len(bias.shape) != 1:
        refuse(f"Biases must be 1D: {in_brackets(bias.shape)}")
    if value.shape[_channel(rank, data_format)] != bias.shape[0]:
        refuse(
            "Must provide as many biases as the channel dimension of the input tensor: "
            f"{in_brackets(bias.shape)} vs. {in_brackets(value.shape)}"
        )
    return ew.add(value, _along_channels(bias, rank, data_format))


def _bias_add_grad_shape(context: ShapeContext) -> TensorShape:
    dims = context.shape(0).with_rank_at_least(2).as_tuple()
    if dims is None:
        return TensorShape([None])
    return TensorShape([dims[_channel(len(dims), context.attrs["data_format"])]])


@graph_op(
    "BiasAddGrad",
    "out_backprop: T -> output: T",
    shape=_bias_add_grad_shape,
    samples=(((2, 3),), ((2, 3, 4), {"data_format": "NCHW"}), ((0, 3),)),
    T=NUMERIC,
)
def BiasAddGrad(out_backprop: Array, *, data_format: str = "NHWC") -> Any:
    """Gradient of `BiasAdd` to the bias: the sum over all axes but that of the channels."""
    rank = len(out_backprop.shape)
    if rank < 2:  # noqa: PLR2004
        refuse(f"Input tensor must be at least 2D: {in_brackets(out_backprop.shape)}")
    channel = _channel(rank, data_format)
    axes = tuple(axis for axis in range(rank) if axis != channel)
    return reduction.reduce_sum(out_backprop, axes=axes, keepdims=False)


@BiasAdd.gradient
def _bias_add_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [dy, BiasAddGrad(dy, data_format=op.attrs["data_format"])]


@BiasAddGrad.gradient
def _bias_add_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    target = op.inputs[0]
    rank = target.get_shape().ndims
    if op.attrs["data_format"] == "NCHW":
        if rank is None:
            msg = f"the second gradient of bias_add over {target!r} needs its rank: set its shape"
            raise ValueError(msg)
        dy = reshape(dy, [-1, *[1] * (rank - 2)])
    return [broadcast_to(dy, shape(target))]


_FORMATS = {None: "NHWC"} | {
    layout: "NCHW" if layout.startswith("NC") else "NHWC"
    for layout in ("NHWC", "NWC", "NDHWC", "NCHW", "NCW", "NCDHW")
}


def bias_add(
    value: Any, bias: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """``value`` plus one number for each channel.

    Args:
      value: of rank 2 or more.
      bias: ``[channels]``, of the same dtype.
      data_format: channels are the last axis, or the second where it begins with "NC".
      name: of the operation.

    Raises:
      ValueError: the shapes do not fit, or there is no such format.
    """
    if data_format not in _FORMATS:
        msg = f"`data_format` must be of the form `N...C` or `NC...`, not {data_format!r}"
        raise ValueError(msg)
    with name_scope(name, "BiasAdd", [value, bias]) as scope:
        x = convert_to_tensor(value, name="input")
        b = convert_to_tensor(bias, x.dtype.base_dtype, name="bias")
        return BiasAdd(x, b, data_format=_FORMATS[data_format], name=scope)  # type: ignore[no-any-return]


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """``matmul(x, weights) + biases``."""
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as scope:
        inputs = convert_to_tensor(x, name="x")
        matrix = convert_to_tensor(weights, name="weights")
        vector = convert_to_tensor(biases, name="biases")
        return bias_add(matmul(inputs, matrix), vector, name=scope)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """``relu(matmul(x, weights) + biases)``."""
    with name_scope(name, "relu_layer", [x, weights, biases]) as scope:
        inputs = convert_to_tensor(x, name="x")
        matrix = convert_to_tensor(weights, name="weights")
        vector = convert_to_tensor(biases, name="biases")
        return relu(bias_add(matmul(inputs, matrix), vector), name=scope)

"""What Python's operators do on tensors: TF1's ops, under TF1's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.upward import UPWARD
from polygraph.ops import bitwise, logical
from polygraph.ops.arithmetic import FloorDiv, FloorMod, Mul, Neg, Sub, abs, add, truediv
from polygraph.ops.powers import Pow

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.tensor import Tensor

    Function = Callable[..., Any]


_COMPARE_DTYPES = ("add", "truediv")
"""Methods whose functions say themselves which dtypes do not go together."""


def _install(method: str, scope: str, function: Function) -> None:
    """Install ``x <method> y`` and ``y <method> x``, of which ``x`` is a tensor or acts like one.

    The other operand takes the dtype of the tensor, which it has to, but for a tensor.
    """
    reflected = f"__r{method}__"

    def forward(x: Any, y: Any) -> Any:
        first = convert_to_tensor(x)
        with name_scope(None, scope, [first]) as name:
            dtype = first.dtype.base_dtype
            lenient = method in _COMPARE_DTYPES or hasattr(y, "dtype")
            try:
                second = (
                    convert_to_tensor(y, preferred_dtype=dtype, name="y")
                    if lenient
                    else convert_to_tensor(y, dtype, name="y")
                )
            except (TypeError, ValueError):
                # The other operand may know better than the tensor what to do.
                other = getattr(type(y), reflected, None)
                answer = NotImplemented if other is None else other(y, x)
                if answer is NotImplemented:
                    raise
                return answer
            return function(first, second, name=name)

    def backward(y: Any, x: Any) -> Any:
        second = convert_to_tensor(y)
        with name_scope(None, scope, [second]) as name:
            first = convert_to_tensor(x, second.dtype.base_dtype, name="x")
            return function(first, second, name=name)

    UPWARD.operators[f"__{method}__"] = forward
    UPWARD.operators[reflected] = backward


def _bool_or_bits(of_bools: Function, of_bits: Function) -> Function:
    def function(x: Tensor, y: Tensor, name: str) -> Any:
        return of_bools(x, y, name=name) if x.dtype.is_bool else of_bits(x, y)

    return function


def _invert(x: Any) -> Any:
    tensor = convert_to_tensor(x)
    return logical.LogicalNot(tensor) if tensor.dtype.is_bool else bitwise.Invert(tensor)


_BINARY: dict[str, tuple[str, Function]] = {
    "add": ("add", add),
    "sub": ("sub", Sub),
    "mul": ("mul", Mul),
    "truediv": ("truediv", truediv),
    "floordiv": ("floordiv", FloorDiv),
    "mod": ("mod", FloorMod),
    "pow": ("pow", Pow),
    "and": ("and", _bool_or_bits(logical.LogicalAnd, bitwise.BitwiseAnd)),
    "or": ("or", _bool_or_bits(logical.LogicalOr, bitwise.BitwiseOr)),
    "xor": ("xor", _bool_or_bits(logical.logical_xor, bitwise.BitwiseXor)),
}

for _method, (_scope, _function) in _BINARY.items():
    _install(_method, _scope, _function)

UPWARD.operators.update(
    __lt__=logical.Less,
    __le__=logical.LessEqual,
    __gt__=logical.Greater,
    __ge__=logical.GreaterEqual,
    __neg__=Neg,
    __abs__=abs,
    __invert__=_invert,
)

"""Inductor's kernels for a generated function, without dynamo: traced, compiled, ready.

Importing this takes seconds: it is done for who asks for inductor.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch._guards import TracingContext, tracing
from torch._inductor import config
from torch._inductor.compile_fx import compile_fx_inner
from torch._inductor.cpp_builder import get_cpp_compiler
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.exc import InvalidCxxCompiler
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from polygraph.backends.torch.lowerings_traced import TRACED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op

    Specs = Sequence[tuple[tuple[int, ...], torch.dtype]]
    Function = Callable[[list[torch.Tensor]], tuple[torch.Tensor, ...]]


class CannotCompileError(Exception):
    """Inductor gives up on a function; the cause is chained."""


_LOCK = threading.Lock()

_EXACT = {
    # Every op rounds to its dtype, as it does when ops run one by one.
    "emulate_precision_casts": True,
}


def missing_compiler() -> str | None:
    """What inductor lacks here, in words; None where it has a C++ compiler."""
    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        return (
            "inductor needs a C++ compiler: install g++ or clang++, or name one in the "
            "environment variable CXX"
        )
    return None


def compile_function(function: Function, specs: Specs, device: torch.device) -> Function:
    """``function`` as compiled kernels.

    Args:
      function: pure but for `copy_` into its arguments at its end.
      specs: shape and dtype of each argument, which are contiguous.
      device: where the arguments are.

    Returns:
      A function that takes the list of arguments, which it may empty.

    Raises:
      CannotCompileError: inductor cannot, for whatever reason of its own.
    """
    try:
        with _LOCK, torch.no_grad():
            return _compiled(function, specs, device)
    except (RuntimeError, AssertionError) as error:
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise CannotCompileError(f"inductor cannot compile it: {text}") from error


def _compiled(function: Function, specs: Specs, device: torch.device) -> Function:
    mode = FakeTensorMode(shape_env=ShapeEnv())
    with mode:
        # One fake tensor for each argument: the tracer takes equal ones for one.
        examples = [torch.empty(shape, dtype=dtype, device=device) for shape, dtype in specs]
        trace = make_fx(_spread(function), decomposition_table=select_decomp_table())
        graph = trace(*examples)
    with config.patch(_EXACT), tracing(TracingContext(mode)), warnings.catch_warnings():
        # It tells developers of torch what it runs op by op, and imports what torch deprecated.
        warnings.simplefilter("ignore")
        compiled: Any = compile_fx_inner(graph, examples)
    return compiled.current_callable or compiled  # type: ignore[no-any-return]


def _spread(function: Function) -> Callable[..., tuple[torch.Tensor, ...]]:
    def spread(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return function(list(tensors))

    return spread


@dataclass(frozen=True, slots=True)
class Inductor:
    """What `compile` needs of this module.

    Attributes:
      lowerings: those that differ from the table's.
      missing_compiler: see there.
      compile: `compile_function`.
      failure: what ``compile`` raises.
    """

    lowerings: Mapping[Op, Lowering]
    missing_compiler: Callable[[], str | None]
    compile: Callable[[Function, Specs, torch.device], Function]
    failure: type[Exception]


INDUCTOR = Inductor(TRACED, missing_compiler, compile_function, CannotCompileError)

"""The TensorFlow backend."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.plugin import Backend
from polygraph_tensorflow.compile import TIER, Target, aligned_copy, compile_program
from polygraph_tensorflow.limits import UNSUPPORTED, WAIVERS, WIDENED
from polygraph_tensorflow.spec import CAPABILITIES, OPTIONS
from polygraph_tensorflow.table import LOWERINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.plugin import Lowering, Op


_DEVICES = ("cpu:0",)
_NO_LOWERINGS: Mapping[Op, Lowering] = MappingProxyType({})


def make(
    device: str, config: Mapping[str, Any], lowerings: Mapping[Op, Lowering] = _NO_LOWERINGS
) -> Backend:
    """The backend on the processor.

    Args:
      device: ``"cpu"``, ``"cpu:0"`` or empty.
      config: see `polygraph_tensorflow.spec.OPTIONS`.
      lowerings: what plugins bring; they take and give `tf.Tensor` of the graph that is built.

    Raises:
      ValueError: there is no such device, or ``config`` has an unknown key or a bad value.
    """
    if device not in {"", "cpu", *_DEVICES}:
        msg = f"the tensorflow backend has no device {device!r}; it has {', '.join(_DEVICES)}"
        raise ValueError(msg)
    unknown = sorted(set(config) - set(OPTIONS))
    if unknown:
        known = "".join(f"\n  {name}: {meaning}" for name, meaning in OPTIONS.items())
        msg = f"the tensorflow backend has no option {', '.join(unknown)}; it has{known}"
        raise ValueError(msg)
    threads = config.get("threads", 1)
    if not isinstance(threads, int) or threads < 1:
        msg = f"the tensorflow backend's option threads is {threads!r}; give a number from 1 up"
        raise ValueError(msg)
    target = Target({**LOWERINGS, **lowerings}, threads)
    return Backend(
        name="tensorflow",
        device=device or "cpu",
        capabilities=CAPABILITIES,
        lowerings=target.lowerings,
        compile=partial(compile_program, target=target),
        put=aligned_copy,
        get=np.array,
        list_devices=lambda: _DEVICES,
        tier=TIER,
        unsupported=UNSUPPORTED,
        widened=WIDENED,
        waivers=WAIVERS,
    )

"""Rewrites of Programs, one file a pass; `PIPELINE` is their order.

A pass is a function from a Program and the backend that it is for to a Program. Passes keep NaN,
infinities, -0.0 and integer wrap-around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.passes.algebra import simplify
from polygraph.passes.common_subexpressions import merge_common_subexpressions
from polygraph.passes.dead_code import remove_dead_code
from polygraph.passes.expand import expand_composites
from polygraph.passes.legalise import require_lowerings
from polygraph.passes.widen import widen_dtypes

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.program import Program

    Pass = Callable[[Program, Backend], Program]

PIPELINE: tuple[Pass, ...] = (
    expand_composites,
    simplify,
    merge_common_subexpressions,
    remove_dead_code,
    widen_dtypes,
    require_lowerings,
)

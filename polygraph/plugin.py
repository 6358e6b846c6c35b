"""What plugin authors import: the contract, the Program, the ops, and the hooks.

Everything here is public and versioned by `CONTRACT_VERSION`; nothing else of polygraph is meant
for plugins. `primitives` holds the families of ops that a backend lowers, one module each.
"""

from __future__ import annotations

from polygraph.core.ground.backend import (
    CONTRACT_VERSION,
    Backend,
    BackendSpec,
    Capabilities,
    Declined,
    Executable,
    Lowering,
    RunResult,
)
from polygraph.core.ground.dtypes import DType, as_dtype, short_name
from polygraph.core.ground.fingerprint import fingerprint
from polygraph.core.ground.hooks import hookimpl
from polygraph.core.ground.interpret import interpret
from polygraph.core.ground.op import REGISTRY, Composite, Op, Primitive, composite, primitive
from polygraph.core.ground.op_def import OpDef, graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.printer import print_program
from polygraph.core.ground.program import Block, Check, Parameter, Program, Step, Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.trace import check, known, known_ints
from polygraph.core.runtime.discovery import register_backend, unregister_backend
from polygraph.core.runtime.plugins import register_plugin, unregister_plugin
from polygraph.ops import primitives
from polygraph.passes.stand_ins import stand_ins, with_stand_ins

__all__ = [
    "CONTRACT_VERSION",
    "REGISTRY",
    "Backend",
    "BackendSpec",
    "Block",
    "Capabilities",
    "Check",
    "Composite",
    "DType",
    "Declined",
    "Executable",
    "Kind",
    "Lowering",
    "Op",
    "OpDef",
    "Parameter",
    "Primitive",
    "Program",
    "RunResult",
    "Step",
    "TensorType",
    "Value",
    "as_dtype",
    "check",
    "composite",
    "fingerprint",
    "graph_op",
    "hookimpl",
    "interpret",
    "known",
    "known_ints",
    "primitive",
    "primitives",
    "print_program",
    "register_backend",
    "register_plugin",
    "short_name",
    "stand_ins",
    "unregister_backend",
    "unregister_plugin",
    "with_stand_ins",
]

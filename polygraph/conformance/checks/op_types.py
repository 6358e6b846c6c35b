"""Every op type of graphs is shown by something: recorded answers, a check, or its own samples.

What TensorFlow answered is best, and nearly every op type of ours has it. Sources, effects and
the parts of control flow mean something only between other operations: the checks of graphs show
those. An op type of a plugin has the samples of its definition, against its own lowering in
float64. An op type with none of these fails: nobody knows whether a backend computes it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import Case, ConformanceFailure, require
from polygraph.conformance.recorded import families, load
from polygraph.conformance.samples import SEED, random_data, split
from polygraph.conformance.tolerance import eps_of
from polygraph.core.ground.dtypes import as_dtype, string
from polygraph.core.ground.op_def import OP_DEFS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from polygraph.conformance.target import Target
    from polygraph.core.ground.op_def import OpDef

Known = np.ndarray[Any, Any]

ULPS = 16.0
"""Of the greatest element of a result: an op type may sum, and its definition does not say."""

SHOWN_BY: Mapping[str, str] = {
    "Const": "state/a-read-after-an-assign-sees-it",
    "VariableV2": "state/a-read-after-an-assign-sees-it",
    "NoOp": "state/an-operation-fetched-twice-runs-once",
    "Placeholder": "flow/cond-takes-the-branch-of-its-predicate",
    "SumTo": "shapes/new-shapes-are-compiled-anew",
    "CropPlaces": "random/a-crop-is-a-window-of-the-whole",
    "SparseApplyAdam": "training/AdamOptimizer-float32-steps",
    **dict.fromkeys(("If", "Merge"), "flow/cond-takes-the-branch-of-its-predicate"),
    **dict.fromkeys(
        ("While", "Exit", "LoopVariable"), "flow/a-loop-repeats-while-its-condition-holds"
    ),
    **dict.fromkeys(
        ("LoopCapacity", "LoopTurns", "LoopCheckpoint", "LoopSegment", "LoopLookup"),
        "flow/the-gradient-of-a-loop-of-unknown-length",
    ),
    "KnownRead": "flow/the-gradient-of-a-loop-of-unknown-length-that-writes",
    "HiddenState": "flow/the-gradient-of-nested-loops-that-the-data-end",
    **dict.fromkeys(
        ("TensorArrayV3", "TensorArrayWriteV3", "TensorArrayReadV3", "TensorArrayGrow"),
        "flow/a-tensor-array-collects-turns",
    ),
    **dict.fromkeys(
        ("TensorArrayGatherV3", "TensorArrayScatterV3"),
        "flow/a-tensor-array-gathers-and-scatters",
    ),
    "TensorArrayAddRows": "flow/the-gradient-through-a-tensor-array",
    "Assert": "errors/an-assertion",
    "Print": "flow/a-printed-value-goes-on-unchanged",
    "PyFunc": "flow/a-python-function-in-a-branch",
    "PyFuncStateless": "flow/a-python-function-without-state",
    **dict.fromkeys(
        ("GetSessionHandle", "GetSessionTensor", "DeleteSessionTensor"),
        "state/a-value-left-behind-is-found-by-its-handle",
    ),
    "StridedSliceAssign": "state/a-write-to-a-slice-leaves-the-rest",
}
"""By op type, the id of a case whose graph holds an operation of it."""


def cases(target: Target) -> Iterator[Case]:
    """A case for each sample of what is shown by nothing else; one that fails without any."""
    shown = {case.op for family in families() for case in load(family)} | SHOWN_BY.keys()
    # Plans make op types of their own out of others, with the same meaning.
    meanings = {definition.lower for definition in OP_DEFS.values() if definition.type in shown}
    for definition in list(OP_DEFS.values()):
        if definition.lower not in meanings:
            yield from cases_of(definition, target)


def cases_of(definition: OpDef, target: Target) -> Iterator[Case]:
    """The cases of one op type, by the samples of its definition."""
    if not definition.samples:
        yield _case(definition, "any", "sample", partial(_without_sample, definition))
    for name, dtype in _main_dtypes(definition):
        for number, sample in enumerate(definition.samples):
            inputs, attrs = _inputs(definition, sample, name, dtype)
            yield _case(
                definition,
                as_dtype(dtype).name,
                f"sample{number}",
                partial(_check, definition, inputs, attrs),
                target.dtype_limit(as_dtype(dtype).name),
            )


def _case(definition: OpDef, dtype: str, label: str, run: Any, expected: str | None = None) -> Case:
    return Case(
        id=f"op-type/{definition.type}-{dtype}-{label}",
        level=1,
        family="op-type",
        op=definition.type,
        run=run,
        dtype="" if dtype == "any" else dtype,
        expected=expected,
        loosened=f"{ULPS:g} ulp of the greatest element",
        seed=SEED,
    )


def _without_sample(definition: OpDef, _: Target) -> None:
    msg = f"{definition!r} has no sample: nobody knows whether a backend computes it"
    raise ConformanceFailure(msg)


def _main_dtypes(definition: OpDef) -> list[tuple[str, np.dtype[Any]]]:
    """The first dtype variable of the inputs with each of its choices."""
    name = next((arg.dtype for arg in definition.inputs if arg.dtype in definition.dtypes), "")
    choices = definition.dtypes.get(name, (tf.float32,))
    return [(name, choice.np_dtype) for choice in choices if choice is not string]


def _inputs(
    definition: OpDef, sample: Sequence[Any], name: str, dtype: np.dtype[Any]
) -> tuple[list[Known], dict[str, Any]]:
    """The arrays of a sample: shapes become random data of ``dtype``, where it is the input's."""
    given, attrs = split(sample)
    arrays = []
    for at, (arg, one) in enumerate(zip(definition.inputs, given, strict=True)):
        choices = definition.dtypes.get(arg.dtype)
        own = choices[0] if choices else tf.as_dtype(arg.dtype)
        if isinstance(one, np.ndarray | np.generic):
            arrays.append(np.asarray(one))
        else:
            kind = dtype if arg.dtype == name else own.np_dtype
            arrays.append(random_data(f"{definition.type}{at}", one, kind))
    return arrays, dict(attrs)


def _check(
    definition: OpDef, inputs: Sequence[Known], attrs: Mapping[str, Any], target: Target
) -> None:
    feed: dict[Any, Known] = {}
    arguments = []
    with tf.Graph().as_default() as graph:
        for arg, value in zip(definition.inputs, inputs, strict=True):
            if arg.name in definition.static:
                arguments.append(tf.constant(value))
            else:
                arguments.append(tf.placeholder(value.dtype, value.shape))
                feed[arguments[-1]] = value
        found = definition(*arguments, **attrs)
        with target.make_session(graph) as session:
            results = session.run(list(found) if isinstance(found, list | tuple) else [found], feed)
    wide = [_widened(value) for value in inputs]
    wanted = definition.lower(*wide, **attrs)
    wanted = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
    for index, (result, want) in enumerate(zip(results, wanted, strict=True)):
        _require_near(np.asarray(result), np.asarray(want), f"{definition!r}, result {index}")


def _widened(value: Known) -> Known:
    if value.dtype.kind == "c":
        return value.astype(np.complex128)
    return value.astype(np.float64) if as_dtype(value.dtype).is_floating else value


def _require_near(found: Known, want: Known, what: str) -> None:
    require(found.shape == want.shape, f"{what} is {list(found.shape)}, not {list(want.shape)}")
    if found.dtype.kind in "biu":
        require(np.array_equal(found, want), f"{what}: {found!r}, not {want!r}")
        return
    limit = ULPS * eps_of(found.dtype) * np.max(np.abs(want), initial=0.0)
    near = np.abs(found.astype(want.dtype) - want) <= limit
    require(np.all(near | (np.isnan(found) & np.isnan(want))), f"{what}: {found!r}, not {want!r}")

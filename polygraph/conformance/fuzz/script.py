"""A finding as a script that stands alone: it makes the graph, runs it twice and asserts."""

from __future__ import annotations

import re
import textwrap
import zlib
from typing import TYPE_CHECKING

import polygraph as tf
from polygraph.conformance.fuzz.growth import ops_of
from polygraph.conformance.fuzz.recipe import array_text, make
from polygraph.conformance.fuzz.side import Side
from polygraph.core.ground.hooks import hookimpl, plugin_manager
from polygraph.core.ground.printer import print_program

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.recipe import Recipe
    from polygraph.conformance.fuzz.run import Disagreement
    from polygraph.core.ground.program import Program

_TEMPLATE = '''\
"""{title}

{what}
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import polygraph as tf
{imports}
nan, inf = float("nan"), float("inf")
BACKENDS = {backends}


def run(backend: str, options: dict[str, Any]) -> Any:
    """The fetched arrays of every run, or the class of the error."""
    config = tf.ConfigProto(backend=backend, backend_options=options)
    with tf.Graph().as_default():
{source}
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            feeds = {feeds}
            try:
                return [sess.run([{fetches}], feeds) for _ in range({runs})]
            except tf.errors.OpError as error:
                return type(error)


def check(a: tuple[str, dict[str, Any]], b: tuple[str, dict[str, Any]]) -> None:
    """Assert that two backends, each with its options, agree."""
    first, second = run(*a), run(*b)
    if isinstance(first, type) or isinstance(second, type):
        assert first is second, (first, second)
        return
    for some, others in zip(first, second, strict=True):
        for x, y in zip(some, others, strict=True):
            assert (x.dtype, x.shape) == (y.dtype, y.shape), (x.dtype, x.shape, y.dtype, y.shape)
            np.testing.assert_allclose(
                x.astype(np.complex128), y.astype(np.complex128), rtol={rtol}, atol={atol}
            )


if __name__ == "__main__":
    check(*([(name, {{}}) for name in sys.argv[1:]] or BACKENDS))
'''

_OP_DEFS = "from polygraph.core.ground.op_def import OP_DEFS\n"
_ATOL = {"float64": 1e-13, "complex128": 1e-13, "float16": 1e-3, "bfloat16": 1e-2}
_RTOL = {"float64": 1e-12, "complex128": 1e-12, "float16": 2e-2, "bfloat16": 1e-1}


def slug(recipe: Recipe) -> str:
    """A file name: the functions, and what tells two of a kind apart."""
    names = [re.sub(r"\W", "_", name.removeprefix("tf.")) for name in ops_of(recipe.source())]
    mark = zlib.crc32(recipe.source().encode()) & 0xFFFF
    return "_".join([*dict.fromkeys(names)][:4])[:48].lower() + f"_{mark:04x}"


def script_of(recipe: Recipe, found: Disagreement, a: str, b: str) -> str:
    """The source of the script."""
    dtype = str(_dtype(recipe, found.fetch))
    feeds = ", ".join(f"{name}: {array_text(array)}" for name, array in recipe.feeds.items())
    what = found.text + (f"\nBy the interpreter, {found.blamed} is wrong." if found.blamed else "")
    return _TEMPLATE.format(
        title=f"{a} and {b} disagree on {', '.join(ops_of(recipe.source()))}."[:90],
        what=what,
        imports=_OP_DEFS if "OP_DEFS" in recipe.source() else "",
        backends=tuple(tuple(Side.parse(each)) for each in (a, b)),
        source=textwrap.indent(recipe.source().rstrip("\n"), " " * 8),
        feeds=f"{{{feeds}}}",
        fetches=", ".join(recipe.fetches),
        runs=recipe.runs,
        rtol=_RTOL.get(dtype, 1e-5),
        atol=_ATOL.get(dtype, 1e-6),
    )


def _dtype(recipe: Recipe, fetch: str) -> str:
    if not fetch:
        return ""
    with tf.Graph().as_default():
        return str(make(recipe)[fetch].dtype.base_dtype.name)


class _Recorder:
    def __init__(self) -> None:
        self.programs: list[Program] = []

    @hookimpl
    def polygraph_session_planned(self, program: Program) -> None:
        """Note a Program."""
        self.programs.append(program)


def programs_of(recipe: Recipe, backend: str) -> str:
    """The Programs that the recipe's run becomes, before passes, as text."""
    recorder = _Recorder()
    plugin_manager().register(recorder)
    try:
        with tf.Graph().as_default():
            names = make(recipe)
            with tf.Session(config=Side.parse(backend).config) as sess:
                feeds = {names[name]: array for name, array in recipe.feeds.items()}
                if tf.global_variables():
                    sess.run(tf.global_variables_initializer())
                    recorder.programs.clear()
                try:
                    sess.run([names[name] for name in recipe.fetches], feeds)
                except Exception as error:  # noqa: BLE001 - what was found may be an error
                    return f"# {type(error).__name__}\n"
    finally:
        plugin_manager().unregister(recorder)
    return "\n".join(print_program(program, sources=False) for program in recorder.programs)

"""``polygraph show``: the graph of a program, and the Programs that its runs compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from polygraph.cli.script import run_script
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.hooks import hookimpl, plugin_manager
from polygraph.core.ground.printer import print_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.backend import Executable
    from polygraph.core.ground.program import Program


class _Recorder:
    """Keeps what sessions compile while a script runs."""

    def __init__(self) -> None:
        self.compiled: list[tuple[Program, str, float]] = []

    @hookimpl
    def polygraph_session_compiled(
        self, program: Program, executable: Executable, seconds: float
    ) -> None:
        """Note a compiled Program with its tier and the time that it took."""
        self.compiled.append((program, executable.tier, seconds))


def show_script(path: str, arguments: Sequence[str], out: TextIO) -> None:
    """Run the script, then print its default graph and every Program that was compiled."""
    recorder = _Recorder()
    plugin_manager().register(recorder)
    graph = get_default_graph()
    try:
        run_script(path, arguments)
    finally:
        plugin_manager().unregister(recorder)
        out.write(print_graph(graph))
        out.writelines(
            f"\n# compiled in {seconds:.3f} s, tier {tier}\n{print_program(program)}"
            for program, tier, seconds in recorder.compiled
        )


def print_graph(graph: Graph) -> str:
    """One line an operation: name, type, inputs, and static shapes of the outputs."""
    lines = [f"graph of {len(graph.operations)} operations"]
    for op in graph.operations:
        inputs = ", ".join([t.name for t in op.inputs] + [f"^{c.name}" for c in op.control_inputs])
        outputs = ", ".join(f"{_dtype(t)}{t.get_shape()}" for t in op.outputs)
        lines.append(f"  {op.name} = {op.type}({inputs}) : {outputs}  # {op.frame}")
    return "\n".join(lines) + "\n"


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype.name)

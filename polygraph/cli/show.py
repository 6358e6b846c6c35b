"""``polygraph show``: a program's graph, the Programs that its runs compiled, its host loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from polygraph.cli.script import run_script
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.hooks import hookimpl, plugin_manager
from polygraph.core.ground.printer import print_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.backend import Executable
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.program import Program


class _Recorder:
    """Keeps what sessions compile while a script runs, and which loops they cannot."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    @hookimpl
    def polygraph_session_compiled(
        self, program: Program, executable: Executable, seconds: float
    ) -> None:
        """Note a compiled Program with its tier and the time that it took."""
        self.parts.append(
            f"# compiled in {seconds:.3f} s, tier {executable.tier}\n{print_program(program)}"
        )

    @hookimpl
    def polygraph_session_host_loop(self, operation: Operation, reason: str) -> None:
        """Note a loop that is driven from Python, and why."""
        self.parts.append(
            f"# host loop {operation.name} ({operation.frame}), driven from Python: {reason}\n"
        )


def show_script(path: str, arguments: Sequence[str], out: TextIO) -> None:
    """Run the script, then print its default graph, every Program compiled, and its host loops."""
    recorder = _Recorder()
    plugin_manager().register(recorder)
    graph = get_default_graph()
    try:
        run_script(path, arguments)
    finally:
        plugin_manager().unregister(recorder)
        out.write(print_graph(graph))
        out.writelines(f"\n{part}" for part in recorder.parts)


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

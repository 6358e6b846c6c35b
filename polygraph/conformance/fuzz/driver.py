"""`fuzz`: random graphs on two backends, until there have been enough or time is up."""

from __future__ import annotations

import collections
import itertools
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.generate import ALL_DTYPES, generate
from polygraph.conformance.fuzz.growth import ops_of
from polygraph.conformance.fuzz.recipe import array_text
from polygraph.conformance.fuzz.run import Batch, Disagreement, differs, disagreement
from polygraph.conformance.fuzz.script import programs_of, script_of, slug
from polygraph.conformance.fuzz.shrink import ATTEMPTS, shrink
from polygraph.conformance.fuzz.side import Side
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.runtime.discovery import make_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.conformance.fuzz.recipe import Recipe

    Progress = Callable[["FuzzReport"], None]

BATCH = 8
"""Graphs that share a session and a Program."""

DEFAULT_GRAPHS = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """A disagreement made small.

    Attributes:
      recipe: the small graph.
      found: what is different.
      script: a program that shows it.
      program: what the graph becomes, printed.
      name: a file name for it.
      original: the graph that it was found in.
    """

    recipe: Recipe
    found: Disagreement
    script: str
    program: str
    name: str
    original: Recipe

    @property
    def ops(self) -> int:
        """How many operations the small graph has besides its leaves."""
        leaves = ("tf.placeholder(", "tf.constant(np.array(", "tf.Variable(np.array(")
        inner = [each for node in self.recipe.nodes for body in node.bodies for each in body.nodes]
        return sum(not node.text.startswith(leaves) for node in (*self.recipe.nodes, *inner))


@dataclass(slots=True)
class FuzzReport:
    """What came of fuzzing two backends.

    Attributes:
      a: one.
      b: the other.
      seed: that the graphs were made from.
      graphs: how many were compared.
      nodes: operations in them.
      seconds: that it took, shrinking included.
      shrinking: seconds of these spent on shrinking.
      rounding: graphs that differed by rounding only.
      refused: batches of which a run raised an error on both alike.
      findings: disagreements, each kind once.
      repeated: further graphs with a disagreement of a kind found before.
      functions: how often each public function or op definition was used.
      op_types: how often each op type stood in a graph, those that gradients add among them.
    """

    a: str
    b: str
    seed: int
    graphs: int = 0
    nodes: int = 0
    seconds: float = 0.0
    shrinking: float = 0.0
    rounding: int = 0
    refused: int = 0
    findings: list[Finding] = field(default_factory=list)
    repeated: int = 0
    functions: collections.Counter[str] = field(default_factory=collections.Counter)
    op_types: collections.Counter[str] = field(default_factory=collections.Counter)

    @property
    def rate(self) -> float:
        """Graphs a second, shrinking aside."""
        return self.graphs / max(self.seconds - self.shrinking, 1e-9)

    @property
    def undrawn(self) -> list[str]:
        """Op types that stood in no graph."""
        return sorted(set(OP_DEFS) - set(self.op_types))

    def text(self) -> str:
        """For people."""
        done = (
            f"{self.a} against {self.b}, seed {self.seed}: {self.graphs} graphs of {self.nodes} "
            f"nodes and {len(self.op_types)} op types in {self.seconds:.1f} s, "
            f"{self.rate:.1f} graphs a second"
        )
        found = (
            f"{self.rounding} differed by rounding, {self.refused} batches raised alike, "
            f"{len(self.findings)} disagreements, {self.repeated} more of the same kinds"
        )
        lines = [done, found]
        for finding in self.findings:
            blamed = f" ({finding.found.blamed} is wrong)" if finding.found.blamed else ""
            feeds = [f"# {name} is fed {array_text(x)}" for name, x in finding.recipe.feeds.items()]
            lines += ["", f"{finding.name}{blamed}", finding.found.text]
            lines += [*feeds, finding.recipe.source(), finding.program]
        return "\n".join(lines) + "\n"


def fuzz(
    a: str,
    b: str,
    *,
    graphs: int | None = None,
    minutes: float | None = None,
    findings: int | None = None,
    seed: int = 0,
    save: str | Path | None = None,
    dtypes: frozenset[str] = ALL_DTYPES,
    batch: int = BATCH,
    attempts: int = ATTEMPTS,
    progress: Progress | None = None,
) -> FuzzReport:
    """Compare two backends on random graphs.

    Args:
      a: a backend, ``name[@distribution][:device][,option=value...]``; the options are what
        ``ConfigProto(backend_options=...)`` holds.
      b: another.
      graphs: how many; 1000 when neither this nor ``minutes`` is given.
      minutes: how long; whichever comes first.
      findings: stop when there are so many.
      seed: the same graphs for the same seed.
      save: a folder for the scripts of findings.
      dtypes: what the graphs may be made of; what either backend does not declare is left out.
      batch: graphs that share a session and a Program.
      attempts: graphs that are tried to make a finding small.
      progress: called now and then.

    Returns:
      The report; its findings are the disagreements that rounding does not explain.

    Raises:
      BackendNotFoundError: one of the backends is not there.
      ValueError: one of the options is none of its backend's, or has no value.
    """
    fuzzer = _Fuzzer(FuzzReport(a, b, seed), attempts, progress)
    source = generate(seed, _shared_dtypes((a, b), dtypes))
    if graphs is None and minutes is None:
        graphs = DEFAULT_GRAPHS
    deadline = None if minutes is None else time.monotonic() + 60 * minutes
    while (
        (graphs is None or fuzzer.report.graphs < graphs)
        and (deadline is None or time.monotonic() < deadline)
        and (findings is None or len(fuzzer.report.findings) < findings)
    ):
        count = batch if graphs is None else min(batch, graphs - fuzzer.report.graphs)
        fuzzer.compare(source, count)
    if save is not None:
        save_findings(fuzzer.report, Path(save))
    return fuzzer.report


def save_findings(report: FuzzReport, folder: Path) -> list[Path]:
    """Write the script of each finding into ``folder``; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{finding.name}.py" for finding in report.findings]
    for path, finding in zip(paths, report.findings, strict=True):
        path.write_text(finding.script, encoding="utf-8")
    return paths


def _shared_dtypes(names: Sequence[str], dtypes: frozenset[str]) -> frozenset[str]:
    for name in names:
        backend = make_backend(*Side.parse(name))
        dtypes &= backend.capabilities.dtypes
        backend.close()
    return dtypes


class _Fuzzer:
    def __init__(self, report: FuzzReport, attempts: int, progress: Progress | None) -> None:
        self.report = report
        self._attempts = attempts
        self._progress = progress
        self._known: set[str] = set()

    def compare(self, source: object, count: int) -> None:
        """Take so many recipes and compare them."""
        start = time.perf_counter()
        recipes: list[Recipe] = list(itertools.islice(source, count))  # type: ignore[call-overload]
        self._note(recipes)
        batch = Batch.of(recipes)
        self.report.op_types.update(op.type for op in batch.graph.get_operations())
        first, second = batch.run(self.report.a), batch.run(self.report.b)
        if first.error is None and second.error is None:
            pairs = zip(batch.parts(first), batch.parts(second), strict=True)
            suspects = [
                recipe for recipe, pair in zip(recipes, pairs, strict=True) if differs(*pair)
            ]
        else:
            suspects = recipes
            self.report.refused += type(first.error) is type(second.error)
        explained = [self._examine(recipe) for recipe in suspects]
        if suspects and all(explained) and suspects is not recipes:
            self.report.rounding += len(suspects)
        self.report.seconds += time.perf_counter() - start
        if self._progress is not None:
            self._progress(self.report)

    def _note(self, recipes: Sequence[Recipe]) -> None:
        self.report.graphs += len(recipes)
        for recipe in recipes:
            self.report.nodes += len(recipe.nodes)
            self.report.functions.update(ops_of(recipe.source()))

    def _examine(self, recipe: Recipe) -> bool:
        """Whether there is no disagreement; one of a new kind is made small and noted."""
        found = self._judge(recipe)
        if found is None:
            return True
        start = time.perf_counter()
        if self._kind(recipe, found) in self._known:
            self.report.repeated += 1
        else:
            self._known.add(self._kind(recipe, found))
            self._shrink(recipe, found)
        self.report.shrinking += time.perf_counter() - start
        return False

    def _shrink(self, recipe: Recipe, found: Disagreement) -> None:
        a, b = self.report.a, self.report.b
        trusted = a if found.blamed != a else b
        small, less = shrink(recipe, found, self._judge, trusted, self._attempts)
        kind = self._kind(small, less)
        if any(self._kind(other.recipe, other.found) == kind for other in self.report.findings):
            self.report.repeated += 1
            return
        self._known.add(kind)
        self.report.findings.append(
            Finding(
                recipe=small,
                found=less,
                script=script_of(small, less, a, b),
                program=programs_of(small, trusted),
                name=slug(small),
                original=recipe,
            )
        )

    def _judge(self, recipe: Recipe) -> Disagreement | None:
        return disagreement(recipe, self.report.a, self.report.b)

    def _kind(self, recipe: Recipe, found: Disagreement) -> str:
        """What tells kinds of disagreement apart: the functions of the node that differs."""
        if not found.fetch:
            return found.text.splitlines()[-1][:60]
        node = recipe.node(found.fetch)
        return " ".join((*ops_of("\n".join(node.lines())), node.text.partition("[")[0][-9:]))

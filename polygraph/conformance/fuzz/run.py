"""Running a recipe on a backend, and asking whether two backends disagree on it."""

from __future__ import annotations

import enum
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.fuzz.compare import allowance, difference
from polygraph.conformance.fuzz.noise import ROUNDS, reference
from polygraph.conformance.fuzz.recipe import Recipe, make
from polygraph.conformance.fuzz.side import Side
from polygraph.core.ground.errors import UnsupportedOpError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.conformance.fuzz.compare import Allowance

    Array = np.ndarray[Any, Any]
    Values = list[list[Array]]
    """Of each run, of each fetch."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a backend made of a recipe: values, or an error.

    Attributes:
      values: of each run the fetched arrays.
      error: what a run raised instead.
    """

    values: Values
    error: Exception | None = None


class Kind(enum.StrEnum):
    """How two backends disagree."""

    VALUE = "value"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The first thing in which two backends differ on a recipe.

    Attributes:
      kind: in a value or in an error.
      run: number of the run.
      fetch: name of the node; empty for errors.
      text: what is different, for people.
      blamed: the backend that differs from the interpreter too, where only one does.
      raised: for errors, the class of each backend's, empty where it raised none.
    """

    kind: Kind
    run: int
    fetch: str
    text: str
    blamed: str = ""
    raised: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Batch:
    """The graph of one or several recipes, ready to run.

    Attributes:
      graph: all of them in one.
      fetches: of each recipe.
      feeds: of all.
      runs: of the recipe with the most.
    """

    graph: tf.Graph
    fetches: list[list[Any]]
    feeds: dict[Any, Array]
    runs: int
    initializer: Any

    @classmethod
    def of(cls, recipes: Sequence[Recipe]) -> Batch:
        """Make the graph."""
        graph = tf.Graph()
        fetches, feeds = [], {}
        with graph.as_default():
            for recipe in recipes:
                names = make(recipe)
                fetches.append([names[name] for name in recipe.fetches])
                feeds.update({names[name]: array for name, array in recipe.feeds.items()})
            has_variables = bool(tf.global_variables())
            initializer = tf.global_variables_initializer() if has_variables else None
        return cls(graph, fetches, feeds, max(recipe.runs for recipe in recipes), initializer)

    def run(self, backend: str) -> Outcome:
        """Run it in a session; the values of all recipes' fetches in a row.

        Args:
          backend: as `Side.parse` reads it.
        """
        config = Side.parse(backend).config
        flat = [fetch for some in self.fetches for fetch in some]
        values: Values = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with tf.Session(graph=self.graph, config=config) as sess:
                    if self.initializer is not None:
                        sess.run(self.initializer)
                    for _ in range(self.runs):
                        arrays = [array.copy() for array in self.feeds.values()]
                        feeds = dict(zip(self.feeds, arrays, strict=True))
                        values.append(sess.run(flat, feeds))
            except Exception as error:  # noqa: BLE001 - a stranger's backend may raise anything
                return Outcome(values, error)
        return Outcome(values)

    def parts(self, outcome: Outcome) -> list[Values]:
        """The values of each recipe."""
        parts: list[Values] = []
        start = 0
        for some in self.fetches:
            end = start + len(some)
            parts.append([values[start:end] for values in outcome.values])
            start = end
        return parts


def outcome_of(recipe: Recipe, backend: str) -> Outcome:
    """Run one recipe."""
    return Batch.of([recipe]).run(backend)


def differs(a: Values, b: Values) -> bool:
    """Whether anything is more than a few units off."""
    return any(
        difference(x, y) is not None
        for some, others in zip(a, b, strict=True)
        for x, y in zip(some, others, strict=True)
    )


def disagreement(recipe: Recipe, a: str, b: str) -> Disagreement | None:
    """In what two backends disagree on a recipe; None where they agree.

    Differences that rounding explains are none. Errors agree when they are of one class of
    `tf.errors`; any other error is a fault of ours, though both backends raise it. An op that a
    backend says that it does not have is no disagreement.
    """
    batch = Batch.of([recipe])
    first, second = batch.run(a), batch.run(b)
    if first.error is not None or second.error is not None:
        return _of_errors(first, second, a, b)
    if not differs(first.values, second.values):
        return None
    return _of_values(recipe, (a, b), (first.values, second.values))


def _of_errors(first: Outcome, second: Outcome, a: str, b: str) -> Disagreement | None:
    errors = (first.error, second.error)
    if any(isinstance(error, UnsupportedOpError) for error in errors):
        return None
    if type(errors[0]) is type(errors[1]) and _is_of_the_graph(errors[0]):
        return None
    said = [
        f"{name}: {'no error' if error is None else f'{type(error).__name__}: {error}'}"
        for name, error in zip((a, b), errors, strict=True)
    ]
    blamed = b if errors[0] is None else a if errors[1] is None else ""
    run = min(len(first.values), len(second.values))
    raised = tuple("" if error is None else type(error).__name__ for error in errors)
    return Disagreement(Kind.ERROR, run, "", "\n".join(said), blamed, raised)


def _is_of_the_graph(error: Exception | None) -> bool:
    """Whether it is an error that a graph may raise, and not one of whoever runs it."""
    return isinstance(error, tf.errors.OpError) and not isinstance(error, tf.errors.InternalError)


def _of_values(
    recipe: Recipe, names: tuple[str, str], values: tuple[Values, Values]
) -> Disagreement | None:
    # What is folded while planning is computed once, and no rounding in it would move.
    batch = Batch.of([recipe.with_fed_floats()])
    with reference(0) as backend:
        exact = batch.run(backend)
    if exact.error is not None:
        return Disagreement(Kind.ERROR, 0, "", f"the interpreter raised {exact.error!r}")
    moved: list[Values] = []
    for turn in range(1, ROUNDS + 1):
        with reference(turn) as backend:
            outcome = batch.run(backend)
        if outcome.error is None:
            moved.append(outcome.values)
    for run, some in enumerate(exact.values):
        for place, wanted in enumerate(some):
            allowed = allowance(np.asarray(wanted), [np.asarray(v[run][place]) for v in moved])
            if allowed is None:
                continue
            x, y = (each[run][place] for each in values)
            text = difference(x, y, allowed)
            if text is not None:
                blamed = _blamed(names, (x, y), wanted, allowed)
                return Disagreement(Kind.VALUE, run, recipe.fetches[place], text, blamed)
    return None


def _blamed(names: tuple[str, str], found: tuple[Any, Any], wanted: Any, allowed: Allowance) -> str:
    wrong = [
        name
        for name, array in zip(names, found, strict=True)
        if difference(array, wanted, allowed) is not None
    ]
    return wrong[0] if len(wrong) == 1 else ""

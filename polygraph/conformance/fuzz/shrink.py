"""Making a disagreement small: fewer nodes, fewer runs, smaller arrays, simpler numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.fuzz.recipe import (
    Node,
    Recipe,
    array_text,
    is_variable,
    make,
    placeholder_text,
    written_array,
)
from polygraph.conformance.fuzz.run import Kind, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.conformance.fuzz.run import Disagreement

    Array = np.ndarray[Any, Any]
    Judge = Callable[[Recipe], Disagreement | None]

ATTEMPTS = 400
"""Recipes that are tried for one finding."""

_FEW = 24


@dataclass(slots=True)
class Shrinker:
    """Keeps the smallest recipe on which the judge still finds a disagreement.

    Attributes:
      judge: finds the disagreement of a recipe.
      backend: where values of nodes are looked up.
      recipe: the smallest so far.
      found: what is wrong with it.
      left: attempts that may still be made.
    """

    judge: Judge
    backend: str
    recipe: Recipe
    found: Disagreement
    left: int = ATTEMPTS

    def run(self) -> tuple[Recipe, Disagreement]:
        """Shrink until nothing helps."""
        self._focus()
        size = -1
        while size != len(self.recipe.source()) and self.left > 0:
            size = len(self.recipe.source())
            for attempt in (
                self._fewer_fetches, self._fewer_runs, self._isolated, self._cuts,
                self._shortcuts, self._bodies,
                self._unordered, self._smaller, self._simpler,
            ):  # fmt: skip
                for candidate in attempt():
                    self._try(candidate)
        return self.recipe, self.found

    def _try(self, candidate: Recipe) -> bool:
        if self.left <= 0 or candidate is self.recipe:
            return False
        self.left -= 1
        try:
            found = self.judge(candidate)
        except Exception:  # noqa: BLE001 - an attempt need not be a graph
            return False
        if found is None or (found.kind, found.raised) != (self.found.kind, self.found.raised):
            return False
        self.recipe, self.found = candidate, found
        return True

    def _focus(self) -> None:
        """Only the node that differs, and what it needs."""
        if self.found.kind is Kind.VALUE:
            self._try(self.recipe.restricted([self.found.fetch]))
            return
        for name in self.recipe.fetches:
            if self._try(self.recipe.restricted([name])):
                return

    def _fewer_fetches(self) -> Iterator[Recipe]:
        if len(self.recipe.fetches) > 1:
            yield self.recipe.restricted(self.recipe.fetches[:1])

    def _fewer_runs(self) -> Iterator[Recipe]:
        for runs in range(1, self.recipe.runs):
            yield replace(self.recipe, runs=runs)

    def _isolated(self) -> Iterator[Recipe]:
        """The last node alone, on the values that its operands had."""
        target = self.recipe.fetches[0]
        yield self._cut(sorted(self.recipe.node(target).mentions()))

    def _cuts(self) -> Iterator[Recipe]:
        for node in reversed(self.recipe.nodes):
            if not _is_leaf(node) and node.name not in self.recipe.fetches:
                yield self._cut([node.name])

    def _cut(self, names: list[str]) -> Recipe:
        """The recipe with the values of some nodes fed in their places."""
        recipe = self.recipe
        names = [name for name in names if any(node.name == name for node in recipe.nodes)
                 and not _is_leaf(recipe.node(name))]  # fmt: skip
        if not names:
            return recipe
        probe = replace(recipe, fetches=tuple(names), runs=1)
        outcome = outcome_of(probe, self.backend)
        if outcome.error is not None:
            return recipe
        for name, value in zip(names, outcome.values[0], strict=True):
            array = np.asarray(value)
            text = placeholder_text(array.dtype.name, array.shape)
            recipe = recipe.with_node(Node(name, text), array)
        return recipe.restricted(recipe.fetches)

    def _shortcuts(self) -> Iterator[Recipe]:
        """An operand of the same type in a node's place."""
        types = _types(self.recipe)
        for node in reversed(self.recipe.nodes):
            for other in sorted(node.mentions()):
                if types.get(other) == types.get(node.name) and other in types:
                    yield self._without(node.name, other)

    def _without(self, name: str, other: str) -> Recipe:
        recipe = self.recipe
        nodes = tuple(node.renamed({name: other}) for node in recipe.nodes if node.name != name)
        fetches = tuple(other if fetch == name else fetch for fetch in recipe.fetches)
        changed = replace(recipe, nodes=nodes, fetches=tuple(dict.fromkeys(fetches)))
        return changed.restricted(changed.fetches)

    def _bodies(self) -> Iterator[Recipe]:
        """The same inside of functions: a node's operand in its place."""
        for node in self.recipe.nodes:
            for index, body in enumerate(node.bodies):
                for inner in body.nodes:
                    for other in sorted(inner.mentions()):
                        rest = tuple(
                            each.renamed({inner.name: other})
                            for each in body.nodes
                            if each is not inner
                        )
                        result = Node("n", body.result).renamed({inner.name: other}).text
                        smaller = replace(body, nodes=rest, result=result).pruned()
                        bodies = (*node.bodies[:index], smaller, *node.bodies[index + 1 :])
                        changed = replace(node, bodies=bodies)
                        recipe = self.recipe.with_node(changed, self.recipe.feeds.get(node.name))
                        yield recipe.restricted(recipe.fetches)

    def _unordered(self) -> Iterator[Recipe]:
        for node in self.recipe.nodes:
            if node.controls:
                changed = self.recipe.with_node(replace(node, controls=()))
                yield changed.restricted(changed.fetches)

    def _smaller(self) -> Iterator[Recipe]:
        """A size that several leaves share, made smaller in all of them."""
        sizes = {dim for array in self._leaves().values() for dim in array.shape if dim > 1}
        for size in sorted(sizes, reverse=True):
            for new in (1, 2, size // 2):
                if new < size:
                    yield self._resized(size, new)
        for name, array in self._leaves().items():
            for axis, size in enumerate(array.shape):
                if size > 1:
                    yield self._with_leaf(name, array.take(range(size // 2), axis))

    def _resized(self, size: int, new: int) -> Recipe:
        recipe = self.recipe
        for name, array in self._leaves().items():
            cut = tuple(slice(new) if dim == size else slice(None) for dim in array.shape)
            recipe = self._with_leaf(name, array[cut], recipe)
        return recipe

    def _simpler(self) -> Iterator[Recipe]:
        """Leaves of ones and zeros, then single elements."""
        for name, array in self._leaves().items():
            for value in (0, 1):
                yield self._with_leaf(name, np.full_like(array, value))
        for name in list(self._leaves()):
            for place in range(min(self._leaves()[name].size, _FEW)):
                for value in (0, 1, 2):
                    array = self._leaves()[name].copy()
                    if place < array.size and not _is_simple(array.flat[place], value):
                        array.flat[place] = value
                        yield self._with_leaf(name, array)

    def _leaves(self) -> dict[str, Array]:
        found = dict(self.recipe.feeds)
        for node in self.recipe.nodes:
            array = written_array(node)
            if array is not None:
                found[node.name] = array
        return found

    def _with_leaf(self, name: str, array: Array, recipe: Recipe | None = None) -> Recipe:
        recipe = recipe or self.recipe
        node = recipe.node(name)
        if name in recipe.feeds:
            text = placeholder_text(array.dtype.name, array.shape)
            return recipe.with_node(replace(node, text=text), np.ascontiguousarray(array))
        function = node.text.partition("(")[0]
        return recipe.with_node(replace(node, text=f"{function}({array_text(array)})"))


def _is_leaf(node: Node) -> bool:
    return node.text.startswith(("tf.placeholder(", "tf.constant(np.array(")) or is_variable(node)


def _is_simple(item: Any, value: int) -> bool:
    """Whether it is that value, or simpler already."""
    return bool(item in tuple(range(value + 1)))


def _types(recipe: Recipe) -> dict[str, tuple[Any, Any]]:
    """Dtype and static shape of every node."""
    with tf.Graph().as_default():
        names = make(recipe)
    return {
        node.name: (
            names[node.name].dtype.base_dtype,
            str(names[node.name].get_shape()),
        )
        for node in recipe.nodes
    }


def shrink(
    recipe: Recipe, found: Disagreement, judge: Judge, backend: str, attempts: int = ATTEMPTS
) -> tuple[Recipe, Disagreement]:
    """The smallest recipe near ``recipe`` that the judge finds a disagreement in.

    Args:
      recipe: where one was found.
      found: the one.
      judge: finds the disagreement of a recipe, None where there is none.
      backend: one that is trusted with the values of nodes.
      attempts: recipes to try.
    """
    return Shrinker(judge, backend, recipe, found, attempts).run()

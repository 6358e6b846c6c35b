"""Seeds: how a graph's seed and an op's seed become the two numbers that choose a stream."""

from __future__ import annotations

from typing import Any

from polygraph.core.ground.graph import get_default_graph

__all__ = ["get_seed", "set_random_seed"]

DEFAULT_GRAPH_SEED = 87654321
"""What TF1 takes for the graph's seed where only an op has one."""

_MODULUS = 2**31 - 1


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The seeds that a new random op of the default graph gets.

    Without an op seed, a graph with a seed counts how often that happened; TF 2.21 does so, TF 1.15
    took the number of operations in the graph.

    Args:
      op_seed: the op's own seed.

    Returns:
      The graph's seed and the op's, both below 2**31 - 1, or two Nones where nothing is seeded.
      Never two zeros, which would mean the same.
    """
    graph = get_default_graph()
    if graph.seed is None:
        if op_seed is None:
            return None, None
        seeds: tuple[Any, Any] = (DEFAULT_GRAPH_SEED, op_seed)
    elif op_seed is None:
        seeds = (graph.seed, graph.seeds_drawn)
        graph.seeds_drawn += 1
    else:
        seeds = (graph.seed, op_seed)
    first, second = (seed % _MODULUS for seed in seeds)
    return (0, _MODULUS) if (first, second) == (0, 0) else (first, second)


def set_random_seed(seed: int | None) -> None:
    """Seed the random ops that the default graph gets from now on; None takes the seed away.

    Args:
      seed: any integer.
    """
    get_default_graph().seed = seed


def op_seeds(seed: int | None) -> dict[str, Any]:
    """The attributes ``seed`` and ``seed2`` of a new random op; zeros where nothing is seeded."""
    first, second = get_seed(seed)
    return {"seed": first or 0, "seed2": second or 0}

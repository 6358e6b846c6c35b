"""Rules of random numbers: seeded, so that every backend draws the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.rules.registry import rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth


@rule(2)
def draw(g: Growth) -> str:
    """Random numbers of a stream that goes on with every run."""
    seed = g.choose.integer(1, 99)
    shape = g.choose.of(((), (3,), (2, 3), (0,), (7,)))
    return g.choose.of(
        (
            f"tf.random_uniform({list(shape)}, seed={seed})",
            f"tf.random_uniform({list(shape)}, -1.0, 2.0, tf.float64, seed={seed})",
            f"tf.random_uniform({list(shape)}, -5, 9, tf.int32, seed={seed})",
            f"tf.random_normal({list(shape)}, seed={seed})",
            f"tf.truncated_normal({list(shape)}, seed={seed})",
            f"tf.multinomial([[0.5, -1.0, 2.0]], {len(shape) + 1}, seed={seed})",
            f"tf.random.stateless_uniform({list(shape)}, [{seed}, 7])",
            f"tf.random.stateless_normal({list(shape)}, [{seed}, 7], dtype=tf.float64)",
            f"tf.random.stateless_multinomial([[1.0, 0.5]], 4, [{seed}, 7])",
        )
    )


@rule(1)
def drop_crop_or_shuffle(g: Growth) -> str:
    """Elements dropped at random, a random part, or rows in a random order."""
    seed = g.choose.integer(1, 99)
    x = g.pick(("float32", "float64"), lambda ref: ref.rank > 0)
    if g.choose.chance(0.4):
        return f"tf.nn.dropout({x}, keep_prob=0.5, seed={seed})"
    if g.choose.chance(0.3):
        return f"tf.random_crop({x}, {[min(dim, 2) for dim in x.shape]}, seed={seed})"
    return f"tf.random_shuffle({x}, seed={seed})"

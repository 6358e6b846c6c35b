"""Layouts: what moves elements may give a view; what follows has to read it as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.checking import Checks, same, session

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.conformance.target import Target

    Move = Callable[[Any], Any]

check = Checks(3, "layouts")
cases = check.cases

_MOVES: dict[str, tuple[Move, Move]] = {
    "transposed": (lambda x: tf.transpose(x, [2, 0, 1]), lambda x: x.transpose(2, 0, 1)),
    "reversed": (lambda x: tf.reverse(x, [0, 2]), lambda x: x[::-1, :, ::-1]),
    "strided": (lambda x: x[::2, :, ::-2], lambda x: x[::2, :, ::-2]),
    "broadcast": (
        lambda x: tf.broadcast_to(x[:, :1], [4, 3, 5]),
        lambda x: np.broadcast_to(x[:, :1], (4, 3, 5)),
    ),
    "split": (lambda x: tf.unstack(x, axis=1)[1], lambda x: x[:, 1]),
    "with new axes": (lambda x: tf.transpose(x)[:, None, 1:], lambda x: x.T[:, None, 1:]),
}

_READS: dict[str, tuple[Move, Move]] = {
    "an elementwise op": (lambda y: y * 2.0, lambda y: y * np.float32(2)),
    "a reshape": (lambda y: tf.reshape(y, [-1]), lambda y: y.reshape(-1)),
    "a sum": (lambda y: tf.reduce_sum(y, 0), lambda y: y.sum(0)),
    "a second move": (tf.transpose, np.transpose),
    "a fetch": (tf.identity, lambda y: y),
}


@check
def views_are_read_by_their_strides(target: Target) -> None:
    """Catches intermediate results read in the order of memory."""
    x = tf.placeholder(tf.float32, [4, 3, 5])
    fed = np.arange(60, dtype=np.float32).reshape(4, 3, 5)
    graph = {
        f"{moved} before {reading}": (read(move(x)), np_read(np_move(fed)))
        for moved, (move, np_move) in _MOVES.items()
        for reading, (read, np_read) in _READS.items()
    }
    with session(target) as sess:
        found = sess.run({name: pair[0] for name, pair in graph.items()}, {x: fed})
    for name, (_, wanted) in graph.items():
        same(found[name], np.asarray(wanted), name)


@check
def products_of_views(target: Target) -> None:
    """Catches matrices handed to a library without their strides or their flags."""
    a = tf.placeholder(tf.float32, [4, 4])
    b = tf.placeholder(tf.float32, [4, 4])
    left, right = np.arange(32, dtype=np.float32).reshape(2, 4, 4)
    pairs = {
        "of transposed": (tf.matmul(tf.transpose(a), b), left.T @ right),
        "by transposed": (tf.matmul(a, tf.transpose(b)), left @ right.T),
        "with flags": (tf.matmul(a, b, transpose_a=True, transpose_b=True), left.T @ right.T),
        "of reversed": (tf.matmul(a[::-1], b[:, ::-1]), left[::-1] @ right[:, ::-1]),
    }
    with session(target) as sess:
        found = sess.run({name: pair[0] for name, pair in pairs.items()}, {a: left, b: right})
    for name, (_, wanted) in pairs.items():
        same(found[name], wanted, f"a product {name}")

"""Values that stay behind after a run, as recorded on TensorFlow 2.21 compat.v1."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def test_a_value_is_used_by_its_handle() -> None:
    x = tf.placeholder(tf.float32, [2])
    kept = tf.get_session_handle(x * 2.0)
    with tf.Session() as sess:
        first = sess.run(kept, {x: [1.0, 2.0]})
        second = sess.run({"h": kept}, {x: [3.0, 4.0]})["h"]
        holder, value = tf.get_session_tensor(first.handle, tf.float32)
        assert (holder.dtype, value.dtype, value.shape.ndims) == (tf.string, tf.float32, None)
        assert sess.run(value + 1.0, {holder: first.handle}).tolist() == [3.0, 5.0]
        assert sess.run(value + 1.0, {holder: second.handle}).tolist() == [7.0, 9.0]
        assert sess.run(x + 1.0, {x: second}).tolist() == [7.0, 9.0]
        assert first.eval().tolist() == [2.0, 4.0]
        assert str(first) == first.handle
        with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value"):
            sess.run(value)


def test_a_value_changes_with_nothing_that_was_given_out() -> None:
    kept = tf.get_session_handle(tf.constant([1.0, 2.0]))
    with tf.Session() as sess:
        handle = sess.run(kept)
        handle.eval()[0] = 9.0
        holder, value = tf.get_session_tensor(handle.handle, tf.float32)
        sess.run(value, {holder: handle.handle})[0] = 9.0
        assert handle.eval().tolist() == [1.0, 2.0]


def test_a_value_is_deleted() -> None:
    kept = tf.get_session_handle(tf.constant(3))
    with tf.Session() as sess:
        by_op, by_hand, lost, raw = (sess.run(kept) for _ in range(4))
        holder, value = tf.get_session_tensor(by_op.handle, tf.int32)
        doomed, deleted = tf.delete_session_tensor(by_op.handle)
        assert sess.run(deleted, {doomed: by_op.handle}) is None
        by_hand.delete()
        text, raw_text = lost.handle, raw.get_raw_handle()
        del lost, raw
        gc.collect()
        for handle in (by_op.handle, by_hand.handle, text):
            with pytest.raises(tf.errors.InvalidArgumentError, match="not in the session store"):
                sess.run(value, {holder: handle})
        assert sess.run(value, {holder: raw_text}) == 3
        sess.run(deleted, {doomed: raw_text})


def test_what_has_no_handle() -> None:
    with pytest.raises(TypeError, match="`data` must be of type Tensor"):
        tf.get_session_handle(cast("Any", 3.0))
    kept = tf.get_session_handle(tf.constant(np.ones(2)))
    with tf.Session() as sess:
        handle = sess.run(kept)
        holder, value = tf.get_session_tensor(handle.handle, tf.float32)
        with pytest.raises(tf.errors.InvalidArgumentError, match="holds float64, not float32"):
            sess.run(value, {holder: handle.handle})

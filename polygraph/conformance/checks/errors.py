"""Errors: the same class on every backend, naming the operation and the user's line."""

from __future__ import annotations

import linecache
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import ConformanceFailure, require
from polygraph.conformance.checking import Checks, refused, same, session, started

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.conformance.target import Target

check = Checks(3, "errors")
cases = check.cases

_FILE = "user_model.py"


def _user_program(source: str) -> dict[str, Any]:
    """The names that a user's program defines.

    It is run under a file name of its own, as errors name lines outside of polygraph only.
    """
    linecache.cache[_FILE] = (len(source), None, source.splitlines(keepends=True), _FILE)
    names: dict[str, Any] = {"tf": tf, "np": np}
    exec(compile(source, _FILE, "exec"), names)  # noqa: S102 - a program of ours
    return names


def _fails(
    target: Target,
    source: str,
    feed: Mapping[str, Any],
    *parts: str,
    kind: type[tf.errors.OpError] = tf.errors.InvalidArgumentError,
    good: Mapping[str, Any] | None = None,
) -> None:
    """Run ``y`` of a user's program, whose second line is at fault.

    Args:
      target: the backend.
      source: lines; the second builds the operation that fails, which is named ``guilty``.
      feed: what makes it fail, by the program's names.
      *parts: what the message says, too.
      kind: class of the error.
      good: a feed with which it succeeds, before and after.
    """
    names = _user_program(source)
    with started(target) as sess:
        if good is not None:
            sess.run(names["y"], {names[name]: value for name, value in good.items()})
        error = _raised(sess, names, feed)
        if type(error) is not kind:
            msg = f"{type(error).__name__} where {kind.__name__} was wanted: {error}"
            raise ConformanceFailure(msg) from error
        for part in ("guilty", f"{_FILE}", "line 2", *parts):
            require(part in str(error), f"the message does not say {part!r}: {error}")
        named = error.op is not None and error.op.name.startswith("guilty")
        require(named, f"error.op is {error.op}, not the operation that failed: {error}")
        if good is not None:
            sess.run(names["y"], {names[name]: value for name, value in good.items()})


def _raised(sess: Any, names: Mapping[str, Any], feed: Mapping[str, Any]) -> Any:
    try:
        sess.run(names["y"], {names[name]: value for name, value in feed.items()})
    except tf.errors.OpError as error:
        return error
    msg = "nothing was raised"
    raise ConformanceFailure(msg)


# What a backend has to find out while it runs


@check
def an_integer_division_by_zero(target: Target) -> None:
    """Catches a swallowed error: the quotient of a division by zero handed out."""
    source = (
        "x = tf.placeholder(tf.int32, [3])\n"
        "y = tf.floordiv(tf.constant([6, 7, 8]), x, name='guilty')\n"
    )
    _fails(target, source, {"x": [1, 0, 2]}, "ivision by zero", good={"x": [1, 2, 3]})


@check
def an_index_out_of_range(target: Target) -> None:
    """Catches indices that are clamped or wrapped around in silence."""
    source = (
        "i = tf.placeholder(tf.int32, [2])\n"
        "y = tf.gather([1.0, 2.0, 3.0], i, name='guilty') * 2.0\n"
    )
    parts = ("indices[1] = 3", "[0, 3)")
    _fails(target, source, {"i": [0, 3]}, *parts, good={"i": [2, 0]})
    _fails(target, source, {"i": [-1, 0]}, "indices[0] = -1", good={"i": [2, 0]})


@check
def an_index_out_of_range_in_gather_nd(target: Target) -> None:
    """Catches index tuples that reach another row instead of failing."""
    source = (
        "i = tf.placeholder(tf.int32, [1, 2])\n"
        "y = tf.gather_nd([[1.0, 2.0], [3.0, 4.0]], i, name='guilty')\n"
    )
    _fails(target, source, {"i": [[0, 2]]}, good={"i": [[1, 1]]})


@check
def a_row_out_of_range_in_a_scatter(target: Target) -> None:
    """Catches scattered rows that are dropped, or written past the end."""
    source = (
        "v = tf.Variable([1.0, 2.0]); i = tf.placeholder(tf.int32, [1])\n"
        "y = tf.scatter_add(v, i, [3.0], name='guilty')\n"
    )
    _fails(target, source, {"i": [2]}, "2", good={"i": [1]})


@check
def a_label_out_of_range(target: Target) -> None:
    """Catches losses of labels that do not exist."""
    source = (
        "i = tf.placeholder(tf.int32, [1])\n"
        "y = tf.nn.sparse_softmax_cross_entropy_with_logits("
        "labels=i, logits=[[1.0, 2.0]], name='guilty')\n"
    )
    _fails(target, source, {"i": [7]}, "7", good={"i": [1]})


@check
def an_assertion(target: Target) -> None:
    """Catches assertions that are pruned, and messages without the values they show."""
    source = (
        "x = tf.placeholder(tf.float32, [2])\n"
        "ok = tf.Assert(tf.reduce_all(x > 0.0), ['not positive:', x], name='guilty')\n"
        "with tf.control_dependencies([ok]):\n"
        "    y = tf.identity(x)\n"
    )
    _fails(target, source, {"x": [1.0, -3.5]}, "not positive:", "-3.5", good={"x": [1.0, 2.0]})


@check
def a_numeric_check(target: Target) -> None:
    """Catches NaN and infinities that a check lets through."""
    source = (
        "x = tf.placeholder(tf.float32, [])\n"
        "y = tf.check_numerics(tf.log(x), 'the loss', name='guilty')\n"
    )
    _fails(target, source, {"x": -1.0}, "the loss", "NaN", good={"x": 1.0})
    _fails(target, source, {"x": 0.0}, "the loss", "Inf", good={"x": 1.0})


@check
def a_counter_at_its_limit(target: Target) -> None:
    """Catches a limit that is passed: OutOfRangeError, and the variable as it was."""
    source = (
        "v = tf.Variable(0); one = tf.constant(1)\n"
        "y = tf.count_up_to(v, one_limit, name='guilty')\n"
    ).replace("one_limit", "2")
    names = _user_program(source)
    with started(target) as sess:
        same([sess.run(names["y"]), sess.run(names["y"])], [0, 1], "two counts")
        for _ in range(2):
            with refused(tf.errors.OutOfRangeError, "guilty", "limit of 2"):
                sess.run(names["y"])
        same(sess.run(names["v"]), 2, "the counter after it was refused")


@check
def the_first_failure_is_the_one_told(target: Target) -> None:
    """Catches the failure of a later check reported for that of an earlier one."""
    by = tf.placeholder(tf.int32, [2])
    first = tf.floordiv(10, by[0], name="first")
    with tf.control_dependencies([first]):
        second = tf.floordiv(10, by[1], name="second")
    y = first + second
    with session(target) as sess:
        with refused(tf.errors.InvalidArgumentError, "first"):
            sess.run(y, {by: [0, 0]})
        with refused(tf.errors.InvalidArgumentError, "second"):
            sess.run(y, {by: [1, 0]})
        same(sess.run(y, {by: [1, 2]}), 15, "neither")


@check
def a_check_in_a_loop(target: Target) -> None:
    """Catches checks in a loop's body that are lost, and messages that name the loop only."""
    source = (
        "x = tf.placeholder(tf.int32, [])\n"
        "body = lambda i, t: (i + 1, t + tf.floordiv(6, 3 - i, name='guilty'))\n"
        "_, y = tf.while_loop(lambda i, _: i < x, body, [0, 0])\n"
    )
    names = _user_program(source)
    with session(target) as sess:
        same(sess.run(names["y"], {names["x"]: 3}), 11, "three turns")
        with refused(tf.errors.InvalidArgumentError, "guilty", "ivision by zero"):
            sess.run(names["y"], {names["x"]: 4})


# What planning finds out


@check
def shapes_that_do_not_fit_when_it_runs(target: Target) -> None:
    """Catches operands of unknown static shape that are broadcast or cut to fit."""
    lines = {
        "tf.matmul(a, b, name='guilty')": "[2,3]",
        "tf.concat([a, tf.ones([2, 2])], 0, name='guilty')": "imensions",
        "tf.reshape(a, [4], name='guilty')": "6 values",
        "tf.add(a, tf.ones([2, 2]), name='guilty')": "[2,2]",
    }
    fed = np.ones((2, 3), np.float32)
    for line, part in lines.items():
        source = f"a = tf.placeholder(tf.float32); b = tf.placeholder(tf.float32)\ny = {line}\n"
        with tf.Graph().as_default():
            _fails(target, source, {"a": fed, "b": fed}, part)


@check
def a_placeholder_that_is_not_fed(target: Target) -> None:
    """Catches values made up for a placeholder."""
    source = "v = tf.Variable(1.0)\nx = tf.placeholder(tf.float32, [2], name='guilty')\ny = x + v\n"
    _fails(target, source, {}, "feed a value")


@check
def a_variable_without_a_value(target: Target) -> None:
    """Catches a read of memory that was never written."""
    names = _user_program("one = 1\nv = tf.Variable(1.0, name='guilty')\ny = v * 2.0\n")
    with session(target) as sess:
        text = ("uninitialized value guilty", _FILE, "line 2")
        with refused(tf.errors.FailedPreconditionError, *text):
            sess.run(names["y"])


@check
def feeds_that_do_not_fit(target: Target) -> None:
    """Catches feeds reshaped or cut in silence."""
    x, n = tf.placeholder(tf.float32, [2], name="x"), tf.placeholder(tf.int32, [])
    y = x * 2.0
    with session(target) as sess:
        with refused(ValueError, "x:0", "(3,)"):
            sess.run(y, {x: [1.0, 2.0, 3.0]})
        with refused(TypeError, "int32"):
            sess.run(n + 1, {n: 2**40})
        with refused(TypeError):
            sess.run(y, {x: y})
        with refused(ValueError):
            sess.run("nothing:0")
        same(sess.run(y, {x: [1.0, 2.0]}), [2.0, 4.0], "the next run")


@check
def a_python_function_that_raises(target: Target) -> None:
    """Catches exceptions of the user's function that are lost, or wrapped without their text."""
    kinds = {
        "ValueError('no such row')": tf.errors.InvalidArgumentError,
        "KeyError('no such row')": tf.errors.UnknownError,
        "NotImplementedError('no such row')": tf.errors.UnimplementedError,
    }
    for error, kind in kinds.items():
        source = (
            f"def fail(value): raise {error}\n"
            "y = tf.py_func(fail, [tf.constant(1.0)], tf.float32, name='guilty')\n"
        )
        with tf.Graph().as_default():
            _fails(target, source, {}, "no such row", kind=kind)


@check
def an_unsupported_operation_names_itself(target: Target) -> None:
    """Catches another backend stepping in for a dtype that this one does not hold."""
    missing = [dtype for dtype in ("uint64", "complex128", "float16") if not target.declares(dtype)]
    for dtype in missing:
        with tf.Graph().as_default(), session(target) as sess:
            x = tf.placeholder(dtype, [2])
            try:
                sess.run(x + x, {x: np.zeros(2, tf.as_dtype(dtype).as_numpy_dtype)})
            except tf.errors.OpError as error:
                require(target.backend.name in str(error), f"does not name the backend: {error}")
            else:
                msg = f"computed in {dtype}, which the backend does not declare"
                raise ConformanceFailure(msg)


# The session


@check
def a_closed_session(target: Target) -> None:
    """Catches runs on memory that was released."""
    v = tf.Variable(1.0)
    y = v + 1.0
    sess = session(target)
    sess.run(v.initializer)
    sess.run(y)
    sess.close()
    sess.close()
    for fetches in (y, v, v.initializer):
        with refused(RuntimeError, "closed Session"):
            sess.run(fetches)
    with started(target) as other:
        same(other.run(y), 2.0, "another session")


@check
def an_error_survives_its_session(target: Target) -> None:
    """Catches errors whose text needs what was released since."""
    by = tf.placeholder(tf.int32, [])
    y = tf.floordiv(1, by, name="guilty")
    with session(target) as sess:
        error = _raised(sess, {"y": y, "by": by}, {"by": 0})
    require("guilty" in str(error), f"the text of an error after its session closed: {error}")
    require(error.error_code == tf.errors.INVALID_ARGUMENT, "its code is not INVALID_ARGUMENT")

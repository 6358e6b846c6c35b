"""POLYGRAPH_LOG says what was planned, compiled and found again."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest

import polygraph as tf
from polygraph.core.runtime.logs import TOPICS, VARIABLE, logger

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANNED = (
    "polygraph plan: 1 steps of 1 operations in _ ms; feeds: x:0 f32[2]; updates 0 variables; "
    "last stage"
)


@pytest.fixture(autouse=True)
def _quiet_afterwards() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    for topic in TOPICS:
        found = logger(topic)
        for handler in list(found.handlers):
            found.removeHandler(handler)
        found.setLevel(logging.NOTSET)
        found.propagate = True


def _run_twice() -> None:
    x = tf.placeholder(tf.float32, [None], name="x")
    y = tf.square(x, name="y")
    with tf.Session(backend="numpy") as sess:
        sess.run(y, {x: [1.0, 2.0]})
        sess.run(y, {x: [3.0, 4.0]})


def _lines(text: str) -> list[str]:
    return [re.sub(r"[0-9.]+ ms", "_ ms", line) for line in text.splitlines()]


def test_every_topic(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(VARIABLE, "plan, compile,cache")
    _run_twice()
    lines = [re.sub(r"[0-9a-f]{12}", "KEY", line) for line in _lines(capsys.readouterr().err)]
    assert lines == [
        "polygraph cache: plan miss: (y:0, x:0, (2,))",
        PLANNED,
        "polygraph cache: executable miss: KEY",
        "polygraph compile: KEY: 1 steps, tier instant, passes _ ms, compiler _ ms",
        "polygraph cache: plan hit: (y:0, x:0, (2,))",
    ]


def test_a_second_session_does_not_print_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "plan")
    tf.Session().close()
    _run_twice()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_a_stage_waits_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "plan")
    count = tf.placeholder(tf.int32, [], name="count")
    with tf.Session(backend="numpy") as sess:
        sess.run(tf.fill([count + 1], 0.5, name="filled"), {count: 2})
    first, second = capsys.readouterr().err.splitlines()
    assert "the next stage waits for the value of 'filled/dims:0' (test_logs.py:" in first
    assert second.endswith("last stage")


def test_equal_programs_share_an_executable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "cache")
    x = tf.placeholder(tf.float32, [2])
    with tf.Session(backend="numpy") as sess:
        for _ in range(2):
            sess.run(tf.sin(x), {x: [1.0, 2.0]})
    kinds = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert kinds == ["plan miss", "executable miss", "plan miss", "executable hit"]


def test_nothing_is_logged_unasked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    _run_twice()
    assert not capsys.readouterr().err


def test_an_unknown_topic_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "plans")
    with pytest.warns(RuntimeWarning, match=r"names 'plans', which is no topic; there are plan"):
        tf.Session().close()

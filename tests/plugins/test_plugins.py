"""Plugins of the group ``polygraph.plugins``: loading, refusing, and setting aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.cli.listing import describe_plugin
from polygraph.core.ground.hooks import plugin_manager
from polygraph.core.runtime.plugins import load_plugins
from polygraph.plugin import REGISTRY, hookimpl, register_plugin, unregister_plugin
from tests.plugins.seen import watching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugins.conftest import Site

GROUP = "polygraph.plugins"
HEAD = "from polygraph.plugin import REGISTRY, composite, hookimpl\n"


def add_three(backend: str = "numpy") -> float:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        with tf.Session(backend=backend) as sess:
            return float(sess.run(x + 3.0, {x: 1}))


def status_of(name: str) -> Any:
    (found,) = [status for status in tf.plugin_statuses() if status.name == name]
    return found


# name of the kind, the module's source, words of the reason
REFUSED = {
    "ImportError": ("import nowhere_at_all", "No module named 'nowhere_at_all'"),
    "exception": ("1 / 0", "ZeroDivisionError"),
    "SystemExit": ("raise SystemExit(3)", "SystemExit: 3"),
    "no Exception": ("raise GeneratorExit('here')", "GeneratorExit: here"),
    "old contract": (HEAD + "polygraph_contract = (0,)", "fake-dist is too old"),
    "new contract": (HEAD + "polygraph_contract = (9,)", "polygraph-framework is too old"),
    "odd contract": (HEAD + "polygraph_contract = 2", "no tuple of whole numbers"),
    "misspelt hook": (
        HEAD + "@hookimpl\ndef polygraph_pases():\n    return []",
        "there is no hook polygraph_pases; is it polygraph_passes?",
    ),
    "unknown hook": (HEAD + "@hookimpl\ndef on_run():\n    pass", "there is no hook on_run; there"),
    "no mark": ("def polygraph_passes():\n    return []", "polygraph_passes has no mark"),
    "wrong arguments": (HEAD + "@hookimpl\ndef polygraph_passes(graph):\n    pass", "{'graph'}"),
    "wrapper": (
        HEAD + "@hookimpl(wrapper=True)\ndef polygraph_passes():\n    return (yield)",
        "is a wrapper",
    ),
    "name of another op": (
        HEAD + "import polygraph as tf\n"
        "@composite('T[...] -> T[...]', T=(tf.float32,))\ndef add(x):\n    return x",
        "an op named 'add' exists already",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str, install: Site) -> None:
    source, reason = REFUSED[kind]
    ours = HEAD + "@hookimpl\ndef polygraph_session_planned():\n    pass\n"
    install(
        "fake-dist", {GROUP: {"fake": "fake_plugin", "whole": "whole_plugin"}},
        {"fake_plugin": source, "whole_plugin": ours},
    )  # fmt: skip
    with pytest.warns(RuntimeWarning, match="plugin fake@fake-dist is set aside"):
        assert add_three() == 4
    assert add_three() == 4
    status = status_of("fake")
    assert status.status == "broken"
    assert reason in status.reason
    assert status.fix
    assert status_of("whole").status == "loaded"
    with pytest.raises((tf.errors.BrokenPluginError, tf.errors.ContractError)) as caught:
        tf.use("fake")
    assert reason in str(caught.value)


def test_ops_of_a_broken_plugin_do_not_stay(install: Site) -> None:
    source = (
        HEAD + "import polygraph as tf\n"
        "@composite('T[...] -> T[...]', T=(tf.float32,))\ndef half_there(x):\n    return x\n1 / 0"
    )
    install("fake-dist", {GROUP: {"fake": "fake_plugin"}}, {"fake_plugin": source})
    with pytest.raises(tf.errors.BrokenPluginError):
        tf.use("fake")
    assert "half_there" not in REGISTRY


def test_classes_are_instantiated(install: Site) -> None:
    source = (
        HEAD + "class Plugin:\n    @hookimpl\n    def polygraph_passes(self):\n        return []\n"
    )
    broken = "class Broken:\n    def __init__(self):\n        raise KeyError('home')\n"
    leaves = "class Leaves:\n    def __init__(self):\n        raise SystemExit(3)\n"
    install(
        "fake-dist",
        {GROUP: {
            "fake": "fake_plugin:Plugin",
            "broken": "fake_plugin:Broken",
            "leaves": "fake_plugin:Leaves",
        }},
        {"fake_plugin": source + broken + leaves},
    )  # fmt: skip
    tf.use("fake")
    assert status_of("fake").hooks == ("polygraph_passes",)
    assert "KeyError when it was made: 'home'" in status_of("broken").reason
    assert "SystemExit when it was made: 3" in status_of("leaves").reason


WHOLE = HEAD + "@hookimpl\ndef polygraph_session_planned():\n    pass\n"


def test_two_of_one_name(install: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    install("fake-dist", {GROUP: {"fake": "fake_plugin"}}, {"fake_plugin": WHOLE})
    install("other-dist", {GROUP: {"fake": "other_plugin"}}, {"other_plugin": WHOLE})
    with pytest.raises(ValueError, match=r"fake-dist and other-dist: write fake@fake-dist or "):
        tf.use("fake")
    statuses = [status for status in tf.plugin_statuses() if status.name == "fake"]
    assert [status.status for status in statuses] == ["broken"] * 2
    assert "fake-dist and other-dist bring plugins of one name" in statuses[0].reason
    tf.use("fake@other-dist")
    assert plugin_manager().has_plugin("fake@other-dist")
    install("third-dist", {}, {})
    monkeypatch.setenv("POLYGRAPH_PLUGINS", "fake@fake-dist")
    load_plugins()
    assert [s.status for s in tf.plugin_statuses() if s.name == "fake"] == ["loaded", "off"]


@pytest.mark.parametrize(
    ("wanted", "loaded"),
    [(None, {"one", "two"}), ("none", set()), ("two", {"two"}), ("one, two", {"one", "two"})],
)
def test_environment_variable(
    wanted: str | None, loaded: set[str], install: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(
        "fake-dist", {GROUP: {"one": "plugin_one", "two": "plugin_two"}},
        {"plugin_one": WHOLE, "plugin_two": WHOLE},
    )  # fmt: skip
    if wanted is not None:
        monkeypatch.setenv("POLYGRAPH_PLUGINS", wanted)
    assert add_three() == 4
    statuses = [status for status in tf.plugin_statuses() if status.distribution == "fake-dist"]
    assert {status.name for status in statuses if status.status == "loaded"} == loaded
    assert {status.status for status in statuses if status.name not in loaded} <= {"off"}
    tf.use("one")
    assert status_of("one").status == "loaded"


def test_unknown_names_are_told(install: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    install("fake-dist", {GROUP: {"fake": "fake_plugin"}}, {"fake_plugin": WHOLE})
    monkeypatch.setenv("POLYGRAPH_PLUGINS", "fkae")
    with pytest.warns(RuntimeWarning, match=r"there is no plugin 'fkae'.*is it 'fake'"):
        add_three()
    with pytest.raises(ValueError, match=r"there is no plugin 'nothing'; installed: .*fake"):
        tf.use("nothing")


def test_plugins_are_listed(install: Site) -> None:
    sources = {"fake_plugin": WHOLE, "bad_plugin": "1 / 0"}
    install("fake-dist", {GROUP: {"fake": "fake_plugin", "bad": "bad_plugin"}}, sources)
    assert describe_plugin("fake@fake-dist") == (
        "fake         loaded   fake-dist 1.0\n    hooks: polygraph_session_planned\n"
    )
    text = describe_plugin("bad@fake-dist")
    assert text.startswith("bad          broken   fake-dist 1.0\n    plugin 'bad' of fake-dist")
    assert "    to fix: reinstall or uninstall fake-dist" in text
    with pytest.raises(ValueError, match="there is no plugin 'worse@fake-dist'"):
        describe_plugin("worse@fake-dist")


LOWERS = HEAD + "@hookimpl\ndef polygraph_lowerings():\n    return {REGISTRY['add']: %s}\n"


def test_plugins_are_tried_when_they_are_listed(install: Site) -> None:
    names = {"wrong": "wrong_plugin", "raises": "raises_plugin"}
    sources = {
        "wrong_plugin": LOWERS % "lambda x, y: x - y",
        "raises_plugin": HEAD + "@hookimpl\ndef polygraph_lowerings():\n    1 / 0\n",
    }
    install("fake-dist", {GROUP: names}, sources)
    text = describe_plugin("wrong@fake-dist")
    assert text.startswith("wrong        broken   fake-dist 1.0\n")
    assert "with it, the backend 'numpy' is broken: 1 2 3 + 4 5 6 gave the fetch [-3.0" in text
    install.look_afresh()
    with pytest.warns(RuntimeWarning, match="raises@fake-dist is set aside"):
        assert "ZeroDivisionError" in describe_plugin("raises@fake-dist")


# Plugins that fail after they were loaded


class _Broken:
    """Base of plugins that fail."""

    words = ""


class PassesRaise(_Broken):
    words = "polygraph_passes raised: ZeroDivisionError"

    @hookimpl
    def polygraph_passes(self) -> list[Any]:
        raise ZeroDivisionError


class PassesOfNoFunctions(_Broken):
    words = "3 is no function"

    @hookimpl
    def polygraph_passes(self) -> list[Any]:
        return [3]


class PassesAreNone(_Broken):
    words = "polygraph_passes gave no sequence"

    @hookimpl
    def polygraph_passes(self) -> Any:
        return 3


class PassRaises(_Broken):
    words = "its pass <lambda> failed: ZeroDivisionError"

    @hookimpl
    def polygraph_passes(self) -> list[Any]:
        return [lambda _program, _backend: 1 / 0]


class PassGivesNothing(_Broken):
    words = "it gave None, which is no Program"

    @hookimpl
    def polygraph_passes(self) -> list[Any]:
        return [lambda _program, _backend: None]


class PassBreaksTheProgram(_Broken):
    words = "a result of type f32"

    @hookimpl
    def polygraph_passes(self) -> list[Any]:
        return [lambda p, _: p.with_block(p.block.replace(steps=()))]


class PassTakesAFetch(_Broken):
    words = "it changed what the Program takes or gives"

    @hookimpl
    def polygraph_passes(self) -> list[Any]:
        return [lambda p, _: p.with_block(p.block.replace(results=()))]


class LoweringsRaise(_Broken):
    words = "polygraph_lowerings raised: ZeroDivisionError"

    @hookimpl
    def polygraph_lowerings(self) -> Any:
        raise ZeroDivisionError


class LoweringsOfNames(_Broken):
    words = "'add' is no op"

    @hookimpl
    def polygraph_lowerings(self) -> Any:
        return {"add": np.add}


class LoweringsAreNoMapping(_Broken):
    words = "is no mapping from ops to functions"

    @hookimpl
    def polygraph_lowerings(self) -> Any:
        return [np.add]


class LoweringIsNoFunction(_Broken):
    words = "the lowering of add is 3"

    @hookimpl
    def polygraph_lowerings(self) -> Any:
        return {REGISTRY["add"]: 3}


class LoweringOfControlFlow(_Broken):
    words = "cond cannot be replaced"

    @hookimpl
    def polygraph_lowerings(self) -> Any:
        return {REGISTRY["cond"]: np.add}


class MakesEveryBackend(_Broken):
    words = "polygraph_make_backend raised: ZeroDivisionError"

    @hookimpl
    def polygraph_make_backend(self) -> Any:
        raise ZeroDivisionError


class ObserverRaises(_Broken):
    words = "polygraph_session_run_started raised: ZeroDivisionError"

    @hookimpl
    def polygraph_session_run_started(self) -> None:
        raise ZeroDivisionError


class CompiledRaises(_Broken):
    words = "polygraph_session_compiled raised: ZeroDivisionError"

    @hookimpl
    def polygraph_session_compiled(self) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize("kind", _Broken.__subclasses__(), ids=lambda kind: kind.__name__)
def test_set_aside(kind: type[_Broken]) -> None:
    plugin = kind()
    register_plugin(plugin)
    try:
        with watching() as seen, pytest.warns(RuntimeWarning) as caught:
            assert add_three() == 4
    finally:
        unregister_plugin(plugin)
    assert len(caught) == 1
    assert kind.words in str(caught[0].message)
    assert f"plugin {kind.__name__}" in str(caught[0].message)
    assert seen.events == ["started", "planned", "compiled", "ended"]


def test_an_observer_that_raised_is_not_called_again() -> None:
    calls = []

    class Plugin:
        @hookimpl
        def polygraph_session_run_ended(self) -> None:
            calls.append(1)
            raise RuntimeError

    plugin = Plugin()
    register_plugin(plugin)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        with tf.Session(backend="numpy") as sess:
            with pytest.warns(RuntimeWarning, match="set aside"):
                assert sess.run(-x, {x: 1}) == -1
            assert sess.run(-x, {x: 2}) == -2
    unregister_plugin(plugin)
    assert calls == [1]


def test_ctrl_c_in_an_observer_passes_through() -> None:
    class Plugin:
        @hookimpl
        def polygraph_session_run_started(self) -> None:
            raise KeyboardInterrupt

    plugin = Plugin()
    register_plugin(plugin)
    try:
        with pytest.raises(KeyboardInterrupt):
            add_three()
    finally:
        unregister_plugin(plugin)


def test_events_and_errors_of_runs() -> None:
    with watching() as seen, tf.Graph().as_default():
        x = tf.placeholder(tf.int32, [])
        y = tf.gather([1, 2, 3], x)
        with tf.Session(backend="numpy") as sess:
            assert sess.run(y, {x: 1}) == 2
            assert sess.run(y, {x: 2}) == 3
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                sess.run(y, {x: 7})
    assert seen.events[:6] == ["started", "planned", "compiled", "ended", "started", "ended"]
    assert seen.errors == [None, None, caught.value]


def test_sessions_keep_the_hooks_that_they_were_made_with() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        with tf.Session(backend="numpy") as before, watching() as seen:
            before.run(-x, {x: 1})
            assert seen.events == []
            with tf.Session(backend="numpy") as after:
                after.run(-x, {x: 1})
    assert seen.events == ["started", "planned", "compiled", "ended"]


@pytest.fixture
def _two_of_one_op() -> Iterator[None]:
    class One:
        @hookimpl
        def polygraph_lowerings(self) -> Any:
            return {REGISTRY["add"]: lambda x, y: x - y}

    plugins = [One(), One()]
    for plugin, name in zip(plugins, ("one@first-dist", "one@second-dist"), strict=True):
        register_plugin(plugin, name)
    yield
    for plugin in plugins:
        unregister_plugin(plugin)


@pytest.mark.usefixtures("_two_of_one_op")
def test_two_lowerings_of_one_op() -> None:
    with pytest.warns(RuntimeWarning, match="one@second-dist brings a lowering of add too"):
        assert add_three() == -2

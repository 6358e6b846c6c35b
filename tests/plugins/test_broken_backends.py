"""A broken backend is shown with reason and fix, is an error for who asks, and for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.cli.listing import describe_backend
from polygraph.core.runtime import discovery, entry_points, probing
from tests.plugins.broken_backends import KINDS, WHOLE, Kind

if TYPE_CHECKING:
    from types import MethodType

    from tests.plugins.conftest import Site

GROUP = "polygraph.backends"
FAKE = {GROUP: {"fake": "fake_backend:SPEC"}}


def doubled(backend: str) -> list[float]:
    """What a backend makes of the double of a feed."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [3])
        y = x + x
        with tf.Session(backend=backend) as sess:
            found: list[float] = sess.run(y, {x: np.array([1, 2, 3], np.float32)}).tolist()
            return found


@pytest.fixture
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry_points, "IMPORT_LIMIT", 0.3)
    monkeypatch.setattr(probing, "PROBE_LIMIT", 0.3)


def test_a_whole_one_works(install: Site) -> None:
    install("fake-dist", FAKE, {"fake_backend": WHOLE})
    assert doubled("fake") == [2, 4, 6]
    assert doubled("fake@fake-dist:cpu") == doubled("fake@Fake_Dist") == [2, 4, 6]
    (status,) = probing.probe_backends("fake")
    assert (status.status, status.devices, status.tier) == ("ready", ("cpu:0",), "fake")
    assert "fake         ready    fake-dist 1.0\n    devices: cpu:0; tier: fake\n" in (
        describe_backend("fake")
    )


def test_enough_kinds() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) > 25


def asked_for(kind: Kind) -> Any:
    """What a session of a broken backend raises."""
    with pytest.raises((RuntimeError, ValueError, tf.errors.OpError)) as caught:
        doubled("fake")
    assert type(caught.value).__name__ == kind.error
    return caught.value


@pytest.mark.usefixtures("_short_limits")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.replace(" ", "-"))
def test_broken(kind: Kind, install: Site) -> None:
    assert kind.old in WHOLE
    broken = WHOLE.replace(kind.old, kind.new, 1)
    install("fake-dist", FAKE, {"fake_backend": broken})

    listed = {status.name: status for status in tf.backend_statuses()}
    assert listed["fake"].status == ("ready" if kind.probed else kind.status)
    (status,) = tf.probe_backends("fake")
    assert status.status == kind.status
    assert kind.reason in status.reason
    assert kind.fix in status.fix
    assert status.fix
    text = describe_backend("fake")
    assert f"fake         {kind.status}" in text
    assert f"    to fix: {status.fix}\n" in text

    assert listed["numpy"].status == "ready"
    assert "fake" in tf.list_backends()
    assert doubled("numpy") == [2, 4, 6]
    if kind.error:
        assert kind.reason in str(asked_for(kind))


def test_slow_import_is_reported(install: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "SLOW_IMPORT", 0.0)
    install("fake-dist", FAKE, {"fake_backend": WHOLE})
    (status,) = [found for found in tf.backend_statuses() if found.name == "fake"]
    assert status.status == "ready"
    assert "the import of its spec took" in status.reason
    assert "imports no engine" in status.fix
    assert doubled("fake") == [2, 4, 6]


@pytest.mark.usefixtures("_short_limits")
def test_hang_at_import_is_waited_for_once(install: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # The thread that hangs keeps the module's lock: the module's name is this test's own.
    source = "import time\ntime.sleep(1)\n" + WHOLE
    install("fake-dist", {GROUP: {"fake": "hanging_backend:SPEC"}}, {"hanging_backend": source})
    waited: list[str] = []
    original = entry_points.call_within

    def counted(seconds: float, function: MethodType) -> Any:
        waited.append(function.__self__.name)
        return original(seconds, function)

    monkeypatch.setattr(entry_points, "call_within", counted)
    for _ in range(3):
        with pytest.raises(tf.errors.BrokenPluginError, match=r"has not ended after 0\.3 s"):
            doubled("fake")
    (status,) = tf.probe_backends("fake")
    assert (status.status, status.spec) == ("broken", None)
    assert "report it to the authors of fake-dist" in status.fix
    assert doubled("numpy") == [2, 4, 6]
    # Other plugins of the environment are imported too.
    assert waited.count("fake") == 1


REQUIRES = """Requires-Dist: polygraph-framework
Requires-Dist: no-such-engine-cpu[all]>=2.1,<3 ; python_version > "3"
Requires-Dist: another_engine
Requires-Dist: no-such-tests; extra == "test"
"""


def test_what_is_missing_is_named_as_its_distribution_does(install: Site) -> None:
    source = WHOLE.replace("    contract", '    requires=("no_such",),\n    contract', 1)
    install("fake-dist", FAKE, {"fake_backend": source})
    with (install.folder / "fake_dist-1.0.dist-info" / "METADATA").open("a") as metadata:
        metadata.write(REQUIRES)
    line = "pip install 'no-such-engine-cpu[all]>=2.1,<3' 'another_engine'"
    (status,) = tf.probe_backends("fake")
    assert (status.status, status.reason) == ("missing", "no_such not installed")
    assert status.fix == line
    with pytest.raises(tf.errors.BackendNotFoundError) as caught:
        doubled("fake")
    assert line in str(caught.value)


def test_leftover_of_an_uninstalled_one(install: Site) -> None:
    install("fake-dist", {GROUP: {"fake": "fake_gone:SPEC"}}, {})
    (status,) = tf.probe_backends("fake")
    assert status.status == "broken"
    assert "No module named 'fake_gone'" in status.reason
    assert "reinstall or uninstall fake-dist" in status.fix


def test_malformed_entry_point(install: Site) -> None:
    install("fake-dist", {GROUP: {"fake": "fake backend, SPEC"}}, {"fake_backend": WHOLE})
    (status,) = tf.probe_backends("fake")
    assert status.status == "broken"
    assert doubled("numpy") == [2, 4, 6]


def test_distribution_without_metadata(install: Site) -> None:
    install("fake-dist", FAKE, {"fake_backend": WHOLE}, metadata=False)
    (status,) = tf.probe_backends("fake")
    assert (status.status, status.distribution) == ("ready", "an unknown distribution")
    assert doubled("fake") == [2, 4, 6]


def test_two_of_one_name(install: Site) -> None:
    install("fake-dist", FAKE, {"fake_backend": WHOLE})
    install("other-dist", {GROUP: {"fake": "other_backend:SPEC"}}, {"other_backend": WHOLE})
    statuses = tf.probe_backends("fake")
    assert [status.status for status in statuses] == ["broken", "broken"]
    assert "other-dist brings" in statuses[0].reason
    assert statuses[0].fix == "write fake@fake-dist"
    with pytest.raises(tf.errors.BackendNotFoundError, match="fake-dist and other-dist: write "):
        doubled("fake")
    assert doubled("fake@other-dist") == [2, 4, 6]


def test_names_in_the_box_are_taken(install: Site) -> None:
    install("fake-dist", {GROUP: {"numpy": "fake_backend:SPEC"}},
            {"fake_backend": WHOLE.replace('name="fake"', 'name="numpy"')})  # fmt: skip
    assert doubled("numpy") == [2, 4, 6]
    statuses = {status.distribution: status for status in tf.probe_backends("numpy")}
    assert statuses["polygraph-framework"].status == "ready"
    assert statuses["fake-dist"].fix == "write numpy@fake-dist"
    with tf.Graph().as_default(), tf.Session(backend="numpy@fake-dist") as sess:
        assert sess.backend.tier == "fake"


@pytest.mark.parametrize(
    "place",
    [
        ("import numpy as np\n", "import numpy as np\nraise KeyboardInterrupt\n"),
        ("    primitives =", "    raise KeyboardInterrupt\n    primitives ="),
        ("self.program = program", "raise KeyboardInterrupt"),
        ("        program = self.program", "        raise KeyboardInterrupt"),
    ],
    ids=["import", "make", "compile", "run"],
)
def test_ctrl_c_passes_through(install: Site, place: tuple[str, str]) -> None:
    install("fake-dist", FAKE, {"fake_backend": WHOLE.replace(*place, 1)})
    with pytest.raises(KeyboardInterrupt):
        doubled("fake")
    with pytest.raises(KeyboardInterrupt):
        tf.probe_backends("fake")


def test_out_of_memory_is_said_in_tf1s_words(install: Site) -> None:
    broken = WHOLE.replace("        program = self.program", "        raise MemoryError('full')")
    install("fake-dist", FAKE, {"fake_backend": broken})
    with pytest.raises(tf.errors.ResourceExhaustedError, match="'fake' failed when running"):
        doubled("fake")


def test_a_user_s_mistake_stays_a_value_error(install: Site) -> None:
    broken = WHOLE.replace("    primitives =", "    raise ValueError(device)\n    primitives =")
    install("fake-dist", FAKE, {"fake_backend": broken})
    with pytest.raises(ValueError, match="gpu:7") as caught:
        doubled("fake:gpu:7")
    assert caught.value.__notes__ == ["raised by fake_backend:make of backend fake@fake-dist"]

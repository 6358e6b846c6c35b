"""What ends or holds the process that tries it is said to, and the rest of the listing stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from polygraph.cli import apart
from polygraph.cli.apart import describe_backends
from polygraph.core.ground.errors import BackendNotFoundError
from tests.plugins.broken_backends import WHOLE

if TYPE_CHECKING:
    from tests.plugins.conftest import Site

BACKENDS = {"polygraph.backends": {"fake": "fake_backend:SPEC"}}
_TOP = "import numpy as np\n"
_RUN = "        program = self.program\n"

# What is changed in a whole backend, and what is said of it.
ENDS = {
    "exit at import": (_TOP, f"{_TOP}import os; os._exit(3)\n", "exit status 3"),
    "crash at import": (_TOP, f"{_TOP}import os, signal; os.kill(os.getpid(), 11)\n", "SIGSEGV"),
    "last words": (
        _TOP, f"{_TOP}import os; os.write(2, b'one\\ntwo\\n'); os._exit(1)\n", "exit status 1: two"
    ),
    "crash at run": (_RUN, f"        import os; os.kill(os.getpid(), 6)\n{_RUN}", "SIGABRT"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ENDS)
def test_the_process_ends(kind: str, install: Site) -> None:
    old, new, end = ENDS[kind]
    install("fake-dist", BACKENDS, {"fake_backend": WHOLE.replace(old, new, 1)})
    assert describe_backends(["fake", "numpy:cpu"]).startswith(
        "fake         broken   fake-dist 1.0\n"
        f"    it ended the process that tried it: {end}\n"
        "    to fix: report it to the authors of fake-dist, or uninstall it\n"
        "numpy        ready    polygraph-framework"
    )


def test_the_process_is_held(install: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LIMIT", 2.0)
    source = f"import time; time.sleep(60)\n{WHOLE}"
    install("fake-dist", BACKENDS, {"fake_backend": source})
    assert "it held the process that tried it for more than 2 s" in describe_backends(["fake"])


def test_a_whole_one(install: Site) -> None:
    source = f"print('loading')\n{WHOLE}"
    install("fake-dist", BACKENDS, {"fake_backend": source})
    expected = "fake         ready    fake-dist 1.0\n    devices: cpu:0; tier: fake\n"
    assert describe_backends(["fake@Fake_Dist:cpu"]) == expected
    with pytest.raises(BackendNotFoundError, match="no backend 'fake' from other-dist"):
        describe_backends(["fake", "fake@other-dist"])


def test_all_backends_and_plugins(install: Site) -> None:
    plugins = {"ends": "ending_plugin", "fine": "fine_plugin"}
    hook = "from polygraph.plugin import hookimpl\n@hookimpl\ndef polygraph_passes(): return []\n"
    install(
        "fake-dist",
        {**BACKENDS, "polygraph.plugins": plugins},
        {"fake_backend": WHOLE, "ending_plugin": "import os; os._exit(4)", "fine_plugin": hook},
    )
    backends, _, brought = describe_backends().partition("\nplugins:\n")
    assert "fake         ready    fake-dist 1.0\n" in backends
    assert "numpy        ready    polygraph-framework" in backends
    assert "ends         broken   fake-dist 1.0\n    it ended the process" in brought
    assert "fine         loaded   fake-dist 1.0\n    hooks: polygraph_passes\n" in brought

"""Trying each backend and each plugin in a process of its own.

A stranger's code may end the process that imports it, or hold it for ever. `polygraph backends`
says so of it, and of all others what it would say without it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from polygraph.cli.listing import describe_backend, describe_broken, describe_plugin
from polygraph.core.runtime import discovery, plugins
from polygraph.core.runtime.entry_points import Offer, offers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LIMIT = 180.0
"""Seconds after which a process is ended; the limits of what it tries are shorter."""

_AT_ONCE = 2
"""Processes at a time: each may import an engine."""

_CODE = "import sys; from polygraph.cli.apart import main; main(*sys.argv[1:])"

_DESCRIBE = {discovery.GROUP: describe_backend, plugins.GROUP: describe_plugin}


def main(group: str, name: str) -> None:
    """What the process does: describe one backend or plugin on its standard output."""
    logging.captureWarnings(capture=True)
    with contextlib.redirect_stdout(sys.stderr):
        text = _DESCRIBE[group](name)
    sys.stdout.write(text)


def describe_backends(names: Sequence[str] = ()) -> str:
    """A few lines for each backend, and for each plugin.

    Args:
      names: the backends to describe, ``name[@distribution][:device]``; all, and the plugins, by
        default.

    Raises:
      BackendNotFoundError: there is none of a name.
    """
    backends = list(_asked_for(names)) if names else [_as_it_is(o) for o in offers(discovery.GROUP)]
    brought = [] if names else [_as_it_is(offer) for offer in offers(plugins.GROUP)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        texts = list(pool.map(lambda pair: _described(*pair), [*backends, *brought]))
    text = "".join(texts[: len(backends)])
    return text + ("\nplugins:\n" + "".join(texts[len(backends) :]) if brought else "")


def _as_it_is(offer: Offer) -> tuple[Offer, str]:
    return offer, offer.label


def _asked_for(names: Sequence[str]) -> Iterator[tuple[Offer, str]]:
    for asked in map(discovery.BackendName.parse, names):
        found = [
            offer for offer in offers(discovery.GROUP) if asked.fits(offer.name, offer.distribution)
        ]
        if not found:
            raise discovery.not_found(asked)
        device = f":{asked.device}" if asked.device else ""
        yield from ((offer, f"{offer.label}{device}") for offer in found)


def _described(offer: Offer, name: str) -> str:
    group = offer.entry.group
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    if group == discovery.GROUP:
        # What is said of a backend is its own doing.
        environment[plugins.VARIABLE] = "none"
    try:
        done = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-P", "-c", _CODE, group, name],
            env=environment, capture_output=True, encoding="utf-8", check=False, timeout=LIMIT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        reason = f"it held the process that tried it for more than {LIMIT:g} s"
    else:
        if not done.returncode:
            return done.stdout
        reason = f"it ended the process that tried it: {_end(done)}"
    return describe_broken(offer.name, offer.distribution, offer.version, reason)


def _end(done: subprocess.CompletedProcess[str]) -> str:
    """How a process ended, and the last that it said."""
    code = done.returncode
    end = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    said = done.stderr.strip().rpartition("\n")[2]
    return f"{end}: {said}" if said else end

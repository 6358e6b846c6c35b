"""The line that installs what a backend lacks, from its own distribution's metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polygraph.core.ground.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib import metadata

    from polygraph.core.ground.backend import BackendSpec
else:
    metadata = Deferred("importlib.metadata")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What a requirement begins with."""


def install_hint(spec: BackendSpec, distribution: str) -> str:
    """What to run so that the backend of ``distribution`` has its engine.

    That is the distribution with the extra that the spec names; else what its metadata requires
    and is not there; else the modules that the spec requires, taken for names of distributions.
    """
    if spec.extra is not None:
        return f"pip install '{distribution}[{spec.extra}]'"
    missing = [f"'{requirement}'" for requirement in _unmet(distribution)]
    return f"pip install {' '.join(missing or spec.requires)}"


def _unmet(distribution: str) -> Iterator[str]:
    """The requirements of a distribution that are not installed, in any version."""
    try:
        requirements = metadata.requires(distribution) or ()
    except metadata.PackageNotFoundError:
        return
    for requirement in requirements:
        wanted, _, condition = requirement.partition(";")
        name = _NAME.match(wanted)
        if name is None or "extra" in condition:
            continue
        try:
            metadata.distribution(name[0])
        except metadata.PackageNotFoundError:
            yield wanted.strip()

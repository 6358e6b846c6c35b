"""Which version of an engine is installed."""

from __future__ import annotations

import importlib.metadata


def module_version(module: str) -> str:
    """The version of the distribution that brings ``module``, empty where none does.

    Most are called as their module is; for the others all distributions are looked through.
    """
    try:
        return importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        top = module.partition(".")[0]
        found = importlib.metadata.packages_distributions().get(top, [])
        return importlib.metadata.version(found[0]) if found else ""

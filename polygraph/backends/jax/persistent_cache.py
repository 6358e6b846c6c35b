"""XLA's executables kept on disk between processes, unless the user arranged that already."""

from __future__ import annotations

import functools
from typing import Any

import jax

from polygraph.core.ground.cache_dir import user_cache_dir

_SHORTEST_SECONDS = 0.1
"""Executables that compile faster than this are not worth a file."""


@functools.cache
def use_persistent_cache() -> None:
    """Give JAX a folder for compiled executables, once in a process.

    It is the one setting of JAX's that polygraph makes for the whole process (with the least
    compile time that is worth keeping, which means nothing without a folder), and only where the
    user has chosen no folder. `POLYGRAPH_CACHE_DIR` moves the folder or turns it off.
    """
    config: Any = jax.config
    if config.jax_compilation_cache_dir is not None:
        return
    folder = user_cache_dir("jax")
    if folder is not None:
        config.update("jax_compilation_cache_dir", str(folder))
        config.update("jax_persistent_cache_min_compile_time_secs", _SHORTEST_SECONDS)

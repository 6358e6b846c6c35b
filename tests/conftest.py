"""Settings of the whole suite, made before polygraph or an engine is imported."""

from __future__ import annotations

import os

# Programs are verified after every pass here, so that a pass that breaks one is named.
os.environ.setdefault("POLYGRAPH_VERIFY", "each")
# What is installed beside polygraph must not change what is tested here.
os.environ.setdefault("POLYGRAPH_PLUGINS", "none")
# The engines' thread pools would fight over the cores.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
# Compiled programs of the tests do not belong in the user's cache.
os.environ.setdefault("POLYGRAPH_CACHE_DIR", "")

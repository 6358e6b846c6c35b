"""Sphinx's settings. Build with `sphinx-build -W -b html docs build/docs`."""

from __future__ import annotations

import sys
from pathlib import Path

import polygraph

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "polygraph"
author = "the polygraph authors"
version = release = polygraph.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "generated"]
exclude_patterns = ["_ext"]
source_suffix = {".md": "markdown"}

html_theme = "alabaster"
html_title = "polygraph"
html_theme_options = {
    "description": "TensorFlow 1's programming model on any engine",
    "fixed_sidebar": True,
    "page_width": "1080px",
}
html_show_sourcelink = False

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_rtype = False
# Names in single back quotes are code, as in the docstrings' plain text.
default_role = "code"
# `Attributes:` sections name types that several classes have; nothing in them is a link.
suppress_warnings = ["ref.python"]

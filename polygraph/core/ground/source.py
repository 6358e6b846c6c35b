"""Which line of the user's program built an operation.

Capturing happens for every operation of a graph, so it keeps a code object and an offset, and
works out the line number and its text only when somebody asks.
"""

from __future__ import annotations

import contextlib
import functools
import linecache
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType

# `pathlib` takes long to import, and the text must end in a separator.
PACKAGE = os.path.join(__file__.rsplit(os.sep, 3)[0], "")  # noqa: PTH118
"""The folder of polygraph itself, as it begins the file names of our own code objects."""

# Standard modules whose frames stand between the user's `with` or decorated call and our code.
_GLUE = frozenset({contextlib.__file__, functools.__file__})

# By file name, whether a frame of that file is passed over.
_ours: dict[str, bool] = dict.fromkeys(_GLUE, True)


class Frame:
    """A place in the user's program.

    Args:
        code: the code object that was running.
        offset: the instruction's offset in it, in bytes.
    """

    __slots__ = ("_code", "_offset")

    def __init__(self, code: CodeType, offset: int) -> None:
        """Stand for the instruction at `offset` of `code`."""
        self._code = code
        self._offset = offset

    @property
    def filename(self) -> str:
        """The file, as Python knows it: a path, or a name such as `<stdin>`."""
        return self._code.co_filename

    @property
    def lineno(self) -> int:
        """The line, counted from 1."""
        for start, end, line in self._code.co_lines():
            if start <= self._offset < end and line is not None:
                return line
        return self._code.co_firstlineno

    @property
    def function(self) -> str:
        """The function's name, `<module>` outside any."""
        return self._code.co_name

    @property
    def text(self) -> str:
        """The line of source, stripped; empty where the source is not to be had."""
        return linecache.getline(self.filename, self.lineno).strip()

    def describe(self) -> str:
        """Return the place as an entry of a traceback: file, line, function, and the source."""
        place = f'File "{self.filename}", line {self.lineno}, in {self.function}'
        return f"{place}\n    {self.text}" if self.text else place

    def __str__(self) -> str:
        return f"{os.path.basename(self.filename)}:{self.lineno}"  # noqa: PTH119 - it may be no path

    def __repr__(self) -> str:
        return f"<Frame {self.filename}:{self.lineno} in {self.function}>"


def capture() -> Frame:
    """Return the innermost place in the call stack that lies outside polygraph.

    Where everything on the stack is polygraph's own, the outermost place is returned.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - `inspect` reads source files, a thousand times slower
    while _ours_or_learn(frame.f_code.co_filename):
        outer = frame.f_back
        if outer is None:
            break
        frame = outer
    return Frame(frame.f_code, frame.f_lasti)


def _ours_or_learn(filename: str) -> bool:
    known = _ours.get(filename)
    if known is None:
        known = _ours[filename] = filename.startswith(PACKAGE)
    return known

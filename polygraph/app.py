"""`tf.app`: the way a program starts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["run"]


def run(
    main: Callable[[Sequence[str]], object] | None = None, argv: Sequence[str] | None = None
) -> NoReturn:
    """Call ``main`` with the command line and leave the program with what it gives.

    Args:
      main: by default the program's own function of that name.
      argv: by default `sys.argv`.

    Raises:
      SystemExit: always, with the result of ``main``.
    """
    main = main or sys.modules["__main__"].main
    sys.exit(main(list(argv or sys.argv)))  # type: ignore[arg-type]

"""The commands, each a parser and a function of its arguments."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

import polygraph
from polygraph.cli.apart import describe_backends
from polygraph.cli.conformance import run_conformance
from polygraph.cli.fuzz import add_arguments as add_fuzz_arguments
from polygraph.cli.new_backend import add_new_backend_arguments
from polygraph.cli.refusals import REFUSALS, refuse
from polygraph.cli.script import run_script, scripts_own
from polygraph.cli.show import show_script
from polygraph.core.ground.errors import BackendNotFoundError
from polygraph.core.runtime.discovery import ENVIRONMENT_VARIABLE, make_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and not hasattr(options, "arguments"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    status: int = options.command(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polygraph", description="TensorFlow 1's programming model on any engine."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {polygraph.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a TensorFlow 1 program, unmodified")
    _add_script(run)
    run.set_defaults(command=_run)
    show = commands.add_parser(
        "show", help="run a program and print its graph and the Programs that it compiled"
    )
    _add_script(show)
    show.set_defaults(command=_show)
    backends = commands.add_parser("backends", help="list backends, and what is missing")
    backends.add_argument("names", nargs="*", help="those to list; all, and plugins, by default")
    backends.set_defaults(command=_backends)
    _add_conformance(commands.add_parser("conformance", help="check what a backend promises"))
    add_fuzz_arguments(commands.add_parser("fuzz", help="compare two backends on random graphs"))
    add_new_backend_arguments(
        commands.add_parser("new-backend", help="write the package of a new backend, which works")
    )
    return parser


def _add_conformance(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="name[@distribution][:device] of the backend")
    parser.add_argument("--level", type=int, help="only levels up to this one, of 0 to 4")
    parser.add_argument("--subset", choices=("full", "ci"), default="full")
    parser.add_argument("--html", help="write the report there, as one page")
    parser.add_argument("--json", help="write the report there, as data")
    parser.set_defaults(command=run_conformance)


def _add_script(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backend", help="name[@distribution][:device] for its sessions")
    parser.add_argument("script", help="a Python file that imports tensorflow")
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        help="arguments of the script; --backend among them is the script's own only after --",
    )


def _take_backend(options: argparse.Namespace) -> None:
    """Honour ``--backend`` also where it stands behind the script, as in the documentation."""
    rest: list[str] = list(options.arguments)
    if options.backend is None:
        options.backend = _pop_backend(rest)
    if "--" in rest:
        rest.remove("--")
    options.arguments = rest
    if options.backend is not None:
        make_backend(options.backend, {}).close()
        os.environ[ENVIRONMENT_VARIABLE] = options.backend


def _pop_backend(rest: list[str]) -> str | None:
    """Take ``--backend NAME`` or ``--backend=NAME`` out of what stands before any ``--``."""
    end = rest.index("--") if "--" in rest else len(rest)
    for position, argument in enumerate(rest[:end]):
        option, equals, name = argument.partition("=")
        if option == "--backend" and (equals or position + 1 < end):
            found = name if equals else rest[position + 1]
            del rest[position : position + (1 if equals else 2)]
            return found
    return None


def _with_script(options: argparse.Namespace, run: Callable[[], object]) -> int:
    """Run the script; the exit status. Its errors are shown as Python shows them."""
    try:
        _take_backend(options)
    except REFUSALS as error:
        return refuse(error)
    if not os.path.isfile(options.script):  # noqa: PTH113 - the path is the user's, as typed
        return refuse(f"there is no file {options.script!r}")
    try:
        run()
    except Exception as error:  # noqa: BLE001 - the script's, whatever it is
        error.__traceback__ = scripts_own(error.__traceback__, options.script)
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _run(options: argparse.Namespace) -> int:
    return _with_script(options, lambda: run_script(options.script, options.arguments))


def _show(options: argparse.Namespace) -> int:
    return _with_script(options, lambda: show_script(options.script, options.arguments, sys.stdout))


def _backends(options: argparse.Namespace) -> int:
    try:
        text = describe_backends(options.names)
    except BackendNotFoundError as error:
        return refuse(error)
    sys.stdout.write(text)
    return 0

"""The command line, from its own parsers."""

from __future__ import annotations

import argparse

from polygraph.cli.main import _parser  # the parser itself, not what it does


def commands(_: str) -> str:
    """A section for each command: what it says of itself with ``--help``."""
    parser = _parser()
    return "\n\n".join(
        f"## `polygraph {name}`\n\n{helps[name]}.\n\n```text\n{_help(command)}\n```"
        for helps, choices in _subcommands(parser)
        for name, command in choices.items()
    )


def _subcommands(
    parser: argparse.ArgumentParser,
) -> list[tuple[dict[str, str], dict[str, argparse.ArgumentParser]]]:
    return [
        ({item.dest: _sentence(item.help) for item in action._get_subactions()}, action.choices)  # noqa: SLF001
        for action in parser._actions  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    ]


def _sentence(text: str | None) -> str:
    return text[0].upper() + text[1:] if text else ""


def _help(command: argparse.ArgumentParser) -> str:
    command.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=90)
    return command.format_help().strip()

"""What most commands of the command line have."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from bascule.cli.command import Command
from bascule.cli.paths import Places

AddParser: TypeAlias = Callable[..., argparse.ArgumentParser]
"""A subparsers' `add_parser`, whose own type argparse keeps to itself."""


class _Unmade:
    """A command that is not called: it takes whatever its parser would, and makes nothing of it."""

    def __getattr__(self, _: str) -> "_Unmade":
        return self

    def __call__(self, *_: object, **__: object) -> "_Unmade":
        return self


def only(word: str, add_parser: AddParser) -> AddParser:
    """Return an `add_parser` that makes the parser of this command and of no other: there are eighty."""
    unmade: Any = _Unmade()

    def added(name: str, **about: Any) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = add_parser(name, **about) if name == word else unmade
        return parser

    return added


def add(add_parser: AddParser, name: str, command: str, summary: str) -> argparse.ArgumentParser:
    """Add a command, which a function of `cli.commands` does."""
    added = add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False)
    added.set_defaults(command=Command(command))
    return added


def add_json(command: argparse.ArgumentParser) -> None:
    """Let it print for programs."""
    command.add_argument("--json", action="store_true", help="print one JSON object a line")


def add_socket(command: argparse.ArgumentParser, places: Places) -> None:
    """Let it ask another Bascule."""
    command.add_argument(
        "--socket", metavar="PATH", type=Path, default=places.socket, help="the control socket (default: %(default)s)"
    )

"""Commands are found by their names, and only the one that is called is loaded."""

import argparse
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bascule.cli.arguments import parser
from bascule.cli.command import Command
from bascule.cli.paths import default_places


def commands(of: argparse.ArgumentParser) -> Iterator[Command]:
    """Yield the command of every line that the parser takes."""
    found = of.get_default("command")
    if found is not None:
        yield found
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from commands(inner)


@pytest.mark.parametrize("command", sorted(set(commands(parser(default_places(0, {}))))), ids=lambda command: command.name)
def test_each_is_there(command: Command) -> None:
    """A name that is misspelt would be found when somebody needs it."""
    assert callable(command.found())


def test_others_are_not_loaded() -> None:
    """Nobody waits for what `configure`, `demo` or a process with an event loop need."""
    program = "import sys, bascule.cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"asyncio", "prompt_toolkit", "bascule.config.load", "bascule.cli.demo"} & set(loaded)


def subcommands(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each first word."""
    return {
        word: inner
        for action in of._actions
        if isinstance(action, argparse._SubParsersAction)
        for word, inner in action.choices.items()
    }


def test_the_parser_of_one_command_is_that_of_all() -> None:
    """Whoever calls it reads the same help; a word that is none gets all of them offered, and `configure` takes all."""
    places = default_places(0, {})
    whole = subcommands(parser(places))
    for word, of_all in whole.items():
        alone = subcommands(parser(places, word))
        assert len(alone) == (len(whole) if word == "configure" else 1)
        assert alone[word].format_help() == of_all.format_help()
        assert set(commands(alone[word])) == set(commands(of_all))
    assert subcommands(parser(places, "hosts")).keys() == subcommands(parser(places, "--help")).keys() == whole.keys()

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
    """Nobody waits for what `configure` or `demo` need."""
    program = "import sys, bascule.cli.arguments; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"prompt_toolkit", "bascule.config.load", "bascule.cli.demo"} & set(loaded)

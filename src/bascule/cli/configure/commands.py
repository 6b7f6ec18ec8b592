"""What may be said in the editor: its own words, and commands of the command line that mean the same here."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Takes(StrEnum):
    """What stands behind a command, for completion."""

    NOTHING = "nothing"
    STATEMENT = "a statement that may be set"
    PRESENT = "a path to something that is there"
    BLOCK = "a path to a block"
    REVISIONS = "numbers of revisions"
    OPTIONS = "options"
    COMMAND = "a command"


@dataclass(frozen=True, slots=True)
class Command:
    """One of them."""

    usage: str
    help: str
    takes: Takes = Takes.NOTHING
    plain: bool = False
    """It is the command of this name of the command line."""
    options: tuple[str, ...] = ()


_DEPLOY: Final = ("--seconds", "--message", "--commit", "--ignore-health")

COMMANDS: Final = MappingProxyType(
    {
        "show": Command("show [PATH]", "print the working copy, or a part of it", Takes.PRESENT),
        "edit": Command("edit PATH", "go into a block, so that paths begin there", Takes.BLOCK),
        "up": Command("up [N]", "go one block out, or N"),
        "top": Command("top", "go out of all blocks"),
        "exit": Command("exit", "go back to where the last edit was said; at the top level, leave"),
        "set": Command("set STATEMENT", "put a statement into the working copy", Takes.STATEMENT),
        "delete": Command("delete PATH", "take a statement, a block or an option out of it", Takes.PRESENT),
        "compare": Command("compare [N [M]]", "what it changes over revision N; or M over N", Takes.REVISIONS, plain=True),
        "check": Command("check", "what is wrong or doubtful with it", plain=True),
        "deploy": Command(
            "deploy [--seconds T] [-m TEXT] [--commit]",
            "put it into effect until it is committed, or the time is over (60 s)",
            Takes.OPTIONS,
            plain=True,
            options=(*_DEPLOY, "--rebase"),
        ),
        "commit": Command("commit", "keep what is deployed as the next revision", plain=True),
        "cancel": Command("cancel", "take back what is deployed", plain=True),
        "rollback": Command(
            "rollback N [--seconds T]", "deploy a revision again", Takes.REVISIONS, plain=True, options=_DEPLOY
        ),
        "revisions": Command("revisions [N]", "what was committed, when and by whom", Takes.REVISIONS, plain=True),
        "status": Command("status", "how it goes, and what waits for its commit", plain=True),
        "load": Command("load FILE", "put a file in the place of the working copy", plain=True),
        "discard": Command("discard", "forget the working copy", plain=True),
        "run": Command("run COMMAND", "any other command: run show hosts", Takes.COMMAND),
        "help": Command("help [COMMAND]", "this list; ? behind a word says what may follow it", Takes.COMMAND),
    }
)
"""In the order in which they are told."""

ALIASES: Final = MappingProxyType({"quit": "exit", "diff": "compare", "?": "help"})


def meant(word: str) -> tuple[str, ...]:
    """Return the commands that a word may mean: itself, or those that it begins."""
    if word in COMMANDS or word in ALIASES:
        return (ALIASES.get(word, word),)
    return tuple(name for name in COMMANDS if word and name.startswith(word))

"""A command by its name: what it needs is loaded when it is called, so that no command waits for what the others need."""

from argparse import Namespace
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from bascule.cli.session import Session


class _Runs(Protocol):
    def __call__(self, arguments: Namespace, session: Session, /) -> int: ...


@dataclass(frozen=True, slots=True, order=True)
class Command:
    """A function of a module of `bascule.cli.commands`, as `module.function`."""

    name: str

    def __call__(self, arguments: Namespace, session: Session) -> int:
        """Do what the command line says, and return the exit code. Raises what the command raises."""
        return self.found()(arguments, session)

    def found(self) -> _Runs:
        """Return the function. Raises AttributeError or ImportError where there is none of that name."""
        module, _, name = self.name.partition(".")
        return cast("_Runs", getattr(import_module(f"bascule.cli.commands.{module}"), name))

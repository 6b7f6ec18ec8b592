"""Keeps passwords of logins, addresses of webhooks, communities of SNMP: they must be sent, so they are kept plain."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final, Protocol

from bascule.store.database import Database

MOST: Final = 10_000
"""That are kept; of more, those go that were written longest ago."""


class Secrets(Protocol):
    """Keeps them by labels, which say nothing of them. A label has one secret for ever: old revisions find theirs again."""

    def secret(self, label: str) -> str:
        """Return what is kept under a label; empty where nothing is. Never blocks."""
        ...

    def label(self, secret: str) -> str:
        """Return the label of a secret that is kept, or another that is free. Never blocks."""
        ...

    def keep(self, secrets: Mapping[str, str]) -> None:
        """Keep these by their labels. Blocking: call it from a thread. Raises MachineError."""
        ...

    def read_again(self) -> None:
        """Have those at hand be what is kept. Blocking: call it from a thread. Raises MachineError."""
        ...


class DatabaseSecrets:
    """Keeps them in the file, which its owner alone can read, and at hand. `draw` draws labels of 8 hex digits."""

    def __init__(self, database: Database, *, draw: Callable[[], str]) -> None:
        self._database = database
        self._draw = draw
        self._known: dict[str, str] = {}
        self._one_at_a_time = Lock()
        self.read_again()

    def __repr__(self) -> str:
        """Return nothing that is a secret."""
        return f"DatabaseSecrets({len(self._known)})"

    def secret(self, label: str) -> str:
        """Look at what is at hand."""
        return self._known.get(label, "")

    def label(self, secret: str) -> str:
        """Look for the secret first."""
        known = next((label for label, kept in self._known.items() if kept == secret), "")
        while not known or self._known.get(known, secret) != secret:
            known = self._draw()
        return known

    def keep(self, secrets: Mapping[str, str]) -> None:
        """Add rows for those that are new."""
        with self._one_at_a_time:
            new = {label: secret for label, secret in secrets.items() if label not in self._known}
            if not new:
                return
            known = dict([*self._known.items(), *new.items()][-MOST:])
            with self._database.transaction() as change:
                for row in new.items():
                    change.execute("INSERT INTO secrets (label, secret) VALUES (?, ?)", row)
                change.execute("DELETE FROM secrets WHERE number <= (SELECT max(number) FROM secrets) - ?", (MOST,))
            self._known = known

    def read_again(self) -> None:
        """Read all rows."""
        with self._one_at_a_time:
            self._known = dict(self._database.read("SELECT label, secret FROM secrets ORDER BY number"))

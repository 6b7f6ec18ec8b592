"""Working copies that are forgotten with the test."""

from collections.abc import Sequence

from bascule.store.copies import WorkingCopy


class MemoryCopies:
    """Keeps them in memory."""

    def __init__(self) -> None:
        self._copies: dict[str, WorkingCopy] = {}

    def copy(self, account: str) -> WorkingCopy | None:
        """Return the account's."""
        return self._copies.get(account)

    def every(self) -> Sequence[WorkingCopy]:
        """Return all, by account."""
        return [self._copies[account] for account in sorted(self._copies)]

    def keep(self, copy: WorkingCopy) -> None:
        """Keep this."""
        self._copies[copy.account] = copy

    def drop(self, account: str) -> None:
        """Keep none."""
        self._copies.pop(account, None)

"""Tells the service manager how it goes: sd_notify(3), without its library."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

_LONGEST: Final = 200
"""Characters of a status; `systemctl status` shows one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceManager:
    """Whoever started us and wants to know; without an address nobody does, and telling him does nothing."""

    address: str = ""
    """A path, or a name of the abstract kind behind an @ (NOTIFY_SOCKET)."""
    door: int | None = None
    """A socket of the starter's that leads to him, in the place of the address (BASCULE_NOTIFY)."""
    patience: float = 0
    """Seconds within which he must hear of us again (WATCHDOG_USEC); 0 where he has no such wish."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Return the one whom the environment names."""
        patience = environment.get("WATCHDOG_USEC", "")
        return cls(
            address=environment.get("NOTIFY_SOCKET", ""),
            door=int(door) if (door := environment.get("BASCULE_NOTIFY", "")) else None,
            patience=int(patience) / 1e6 if patience.isascii() and patience.isdigit() else 0,
        )

    def ready(self) -> None:
        """Say that the start is over."""
        self._tell("READY=1")

    def alive(self, status: str) -> None:
        """Say that we are alive, and in one line how it goes."""
        line = "".join(letter if letter.isprintable() else " " for letter in status)[:_LONGEST]
        self._tell(f"WATCHDOG=1\nSTATUS={line}")

    def stopping(self) -> None:
        """Say that we end."""
        self._tell("STOPPING=1")

    def _tell(self, words: str) -> None:
        if self.door is not None:
            with suppress(OSError):  # one that is full means a starter that stands still
                os.write(self.door, words.encode())
            return
        if not self.address:
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.settimeout(1)  # he may be slow, and is no reason to stand still
            door.sendto(words.encode(), name)

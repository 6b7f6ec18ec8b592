"""Where the admin server's certificate comes from: files that the text names, or one of our own in the state folder."""

import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from bascule.config.model import KeyFiles
from bascule.engines.admin.keys import RENEWED, FlawedKeysError, KeyPair, key_pair, self_signed
from bascule.system.errors import MachineError
from bascule.system.files import read_whole, write_whole
from bascule.system.web_orders import LONGEST_FILE

FILE: Final = "admin.pem"
"""Our own certificate and its key: one file, so that they are always of one making."""


class KeyStore:
    """Reads certificates, and keeps our own for a machine."""

    def __init__(
        self, state: Path, *, now: Callable[[], datetime], host_name: Callable[[], str] = socket.gethostname
    ) -> None:
        self._file = state / FILE
        self._now = now
        self._host_name = host_name

    def named(self, files: KeyFiles) -> KeyPair:
        """Return what the text names. Raises FlawedKeysError, with the file's name."""
        try:
            certificate, key = (_content(path) for path in (files.certificate, files.key))
            return key_pair(certificate, key)
        except FlawedKeysError as error:
            raise FlawedKeysError(f"{files.certificate} and {files.key} cannot be used: {error}") from error

    def own(self, names: Sequence[str]) -> KeyPair:
        """Return our own certificate; made, and kept, where there is none that lasts. Raises MachineError.

        `names` are the machine's addresses, and its name where the text gives it one. They count when it is made: what
        administrators have compared once does not change with an address.
        """
        kept = self._kept()
        if kept is not None and kept.ends - self._now() > RENEWED:
            return kept
        known = [name for name in (*names[:1], self._host_name(), *names[1:]) if name]
        made = self_signed(known or ["localhost"], self._now())
        write_whole(self._file, made.certificate + made.key)
        return made

    def _kept(self) -> KeyPair | None:
        """Return what was made before; None where that is nothing usable."""
        data = read_whole(self._file, 2 * LONGEST_FILE)
        if data is None:
            return None
        try:
            return key_pair(data, data)
        except FlawedKeysError:
            return None


def _content(path: str) -> bytes:
    try:
        found = read_whole(Path(path), LONGEST_FILE)
    except MachineError as error:
        raise FlawedKeysError(f"{path}: {error.cause}") from error
    if found is None:
        raise FlawedKeysError(f"there is no file {path}")
    return found

"""A terminal, and somebody who types into it and reads."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from bed.command import BedError

_ESCAPES: Final = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78])")


class Terminal:
    """What a program shows on 160 columns and 50 lines, without colours and cursor movements."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._raw = b""
        self._read = 0
        """Up to here of the plain text somebody has read."""

    def type(self, text: str) -> None:
        """Press keys: Tab and Enter are `t` and `r` behind a backslash, Ctrl-C is character 3 and Ctrl-D 4."""
        os.write(self._master, text.encode())

    def wait_for(self, text: str, *, within: float = 15.0) -> str:
        """Return what came up to this text since the last time; raises BedError, with what came, where it does not come."""
        until = time.monotonic() + within
        while True:
            shown = self.text
            at = shown.find(text, self._read)
            if at >= 0:
                found, self._read = shown[self._read : at + len(text)], at + len(text)
                return found
            if time.monotonic() > until or not self._more(until - time.monotonic()):
                raise BedError(f"{text!r} did not come; what came is:\n{shown[self._read :]}")

    @property
    def text(self) -> str:
        """Return everything that was shown so far."""
        return _ESCAPES.sub("", self._raw.decode(errors="replace")).replace("\r", "")

    def _more(self, within: float) -> bool:
        """Read what comes next; tell whether the program has its end of the line open still."""
        if not select.select([self._master], [], [], max(0.0, within))[0]:
            return True
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # the program has ended (EIO of a pty)
            return False
        self._raw += piece
        return bool(piece)

    def drain(self, process: "subprocess.Popen[Any]", *, within: float = 15.0) -> int:
        """Read until a program ends, and return its exit code."""
        until = time.monotonic() + within
        while self._more(0.1) and time.monotonic() < until:
            pass
        return process.wait(max(0.1, until - time.monotonic()))


@contextmanager
def terminal(argv: Sequence[str], **options: Any) -> Iterator[tuple[Terminal, "subprocess.Popen[bytes]"]]:
    """Run a program in a terminal of its own; it is killed where it has not ended."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "PROMPT_TOOLKIT_NO_CPR": "1"}
    process = subprocess.Popen(
        argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment, **options
    )
    os.close(slave)
    try:
        yield Terminal(master), process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)

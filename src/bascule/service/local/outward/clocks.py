"""Whether this machine's clock is right: what the kernel says of it, and what time servers that the text names say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from bascule.herald.wire import ClockSeen
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal

FAR: Final = 1.0
"""Seconds beyond what the network may have caused by which a clock is wrong."""

_MILLISECONDS: Final = 1000


class Clocks:
    """Remembers what was said last; `synchronised` asks the kernel, None where it does not tell."""

    def __init__(self, journal: Journal, synchronised: Callable[[], bool | None]) -> None:
        self._journal = journal
        self._synchronised = synchronised
        self._servers: Sequence[str] = ()
        self._seen: Mapping[str, ClockSeen] = {}
        self._wrong = ""

    def follow(self, servers: Sequence[str]) -> None:
        """Go by these servers from now on."""
        self._servers = servers
        self._seen = {host: seen for host, seen in self._seen.items() if host in servers}

    def heard(self, seen: ClockSeen) -> None:
        """Take what one says; an event says when the clock goes wrong, and when it is right again."""
        if seen.host not in self._servers:
            return
        self._seen = {**self._seen, seen.host: seen}
        wrong = self._offset()
        if bool(wrong) != bool(self._wrong):
            words = wrong or "this machine's clock is right again"
            grade = Grade.WARNING if wrong else Grade.INFO
            self._journal.note(EventKind.CLOCK, words, grade=grade, state="wrong" if wrong else "right")
        self._wrong = wrong

    def findings(self) -> Iterator[str]:
        """Yield what is wrong with the clock; nothing where no server is named."""
        if not self._servers:
            return
        if self._wrong:
            yield self._wrong
        elif self._synchronised() is False:
            now = "".join(f"; {shown(seen)}, says {host}" for host, seen in self._seen.items() if not seen.fault)
            yield f"nobody keeps this machine's clock right (the kernel says so): start systemd-timesyncd or chrony{now}"
        for host, seen in self._seen.items():
            if seen.fault:
                yield f"time server {host}: {seen.fault}"

    def _offset(self) -> str:
        """Return by how much the clock is wrong, if most servers that answer say so."""
        answers = [seen for seen in self._seen.values() if not seen.fault]
        far = [seen for seen in answers if abs(seen.offset) > FAR + seen.within]
        if not far or 2 * len(far) <= len(answers):
            return ""
        worst = max(far, key=lambda seen: abs(seen.offset))
        return f"this machine's clock is wrong: {shown(worst)}, says time server {worst.host}"


def shown(seen: ClockSeen) -> str:
    """Return an offset in words."""
    seconds = abs(seen.offset)
    size = f"{seconds:.1f} s" if seconds >= FAR else f"{seconds * _MILLISECONDS:.0f} ms"
    return f"it is {size} {'behind' if seen.offset > 0 else 'ahead'}"

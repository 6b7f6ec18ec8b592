"""What Exchange thinks of itself, as a page shows it: virtual directories by server, and who meets whom. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bascule.service.affinity import AffinityReport, BondRow
from bascule.service.exchange_health import ExchangeServerRow

SOON: Final = 30
"""Days before its end from which on a certificate needs an eye."""
UNEVEN: Final = 1.5
"""Times its due, from which on a host has far too much."""
MOST_SHOWN: Final = 25
"""Split clients of one bond on a page."""

_MAILBOX: Final = "test mailbox"


@dataclass(frozen=True, slots=True)
class Cell:
    """One virtual directory of one server."""

    state: str
    """Empty where it was not asked for."""
    words: str = ""
    """Why it is not well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The certificate of one server."""

    print: str
    """The first digits of its SHA-256."""
    days: int
    """Until it ends; negative where it has."""
    names: tuple[str, ...]

    @property
    def state(self) -> str:
        """Return how it is."""
        return "expired" if self.days < 0 else "expires soon" if self.days < SOON else "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The servers of one table at one port, as one check asks them."""

    table: str
    port: int
    servers: tuple[ExchangeServerRow, ...]
    vdirs: tuple[tuple[str, tuple[Cell, ...]], ...]
    """By virtual directory a cell for each server."""
    certificates: tuple[Certificate | None, ...]
    """Of each server."""
    said: tuple[tuple[str, tuple[str, ...]], ...]
    """By server what is wrong with it, or to be done, besides what its cells and pictures before this one say."""


def pictures(servers: Iterable[ExchangeServerRow], now: datetime) -> Sequence[Picture]:
    """Return what belongs together: the servers of one table at one port, of each check that asks them there."""
    found: dict[tuple[str, int, int], list[ExchangeServerRow]] = defaultdict(list)
    asked: Counter[tuple[str, int, str]] = Counter()
    for server in servers:
        key = server.table, server.port, server.address
        found[server.table, server.port, asked[key]].append(server)
        asked[key] += 1
    told: set[tuple[str, str]] = set()
    return [_picture(tuple(each), now, told) for each in found.values()]


def _picture(servers: tuple[ExchangeServerRow, ...], now: datetime, told: set[tuple[str, str]]) -> Picture:
    """Return one; `told` has what was said of a server by those before it, and is not said again."""
    vdirs = dict.fromkeys(row.vdir for server in servers for row in server.vdirs)
    said = {server.host: [each for each in _words(server) if (server.host, each) not in told] for server in servers}
    told |= {(host, each) for host, words in said.items() for each in words}
    return Picture(
        table=servers[0].table,
        port=servers[0].port,
        servers=servers,
        vdirs=tuple((vdir, tuple(_cell(server, vdir) for server in servers)) for vdir in vdirs),
        certificates=tuple(_certificate(server, now) for server in servers),
        said=tuple((host, tuple(dict.fromkeys(words))) for host, words in said.items() if words),
    )


def _cell(server: ExchangeServerRow, vdir: str) -> Cell:
    return next((Cell(row.state, row.words) for row in server.vdirs if row.vdir == vdir), Cell(""))


def _certificate(server: ExchangeServerRow, now: datetime) -> Certificate | None:
    seen = server.certificate
    if seen is None:
        return None
    return Certificate(print=seen.fingerprint[:8], days=(seen.until - now).days, names=seen.names)


def _words(server: ExchangeServerRow) -> Iterator[str]:
    """Yield what is wrong with a server besides what its cells say."""
    cells = {f"{row.vdir}: {row.words}" for row in server.vdirs}
    if not server.checked and not server.reason:
        yield "not checked yet"
    yield from (words for words in (server.reason, *server.warnings, server.advice) if words and words not in cells)


def mailboxes(findings: Iterable[str]) -> Sequence[str]:
    """Return what is said of test mailboxes."""
    return [each for each in findings if _MAILBOX in each]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """Services on which a client has one host."""

    row: BondRow
    members: tuple[str, ...]
    """Empty where its name says it."""
    uneven: bool
    more: int
    """Split clients that are not shown."""


def bonds(report: AffinityReport) -> Sequence[Bond]:
    """Return the bonds of a report."""
    return [_bond(row) for row in report.bonds]


def _bond(row: BondRow) -> Bond:
    return Bond(
        row=row,
        members=() if row.name.endswith(f" {row.relays[0]}") else row.relays,
        uneven=bool(row.sessions) and row.unevenness > UNEVEN,
        more=row.split_total - min(len(row.split), MOST_SHOWN),
    )

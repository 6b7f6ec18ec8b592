"""`show exchange`: virtual directories by server, as Exchange itself thinks of them."""

from argparse import Namespace
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.text import Text

from bascule.cli.screen import BAD, DOUBTFUL, GOOD, QUIET, styled
from bascule.cli.session import Session
from bascule.service.exchange_health import ExchangeServerRow, ShowExchange, VdirState
from bascule.service.failures import ExitCode

_STYLES: Final = {"up": GOOD, "down": BAD, VdirState.WELL: GOOD, VdirState.WARNED: DOUBTFUL, VdirState.ILL: BAD}


def show_exchange(arguments: Namespace, session: Session) -> int:
    """Print a picture for each table and port and what is asked there, and below it what is wrong and what to look at."""
    servers = session.connect(arguments.socket).call(ShowExchange()).servers
    if arguments.json:
        for server in servers:
            session.screen.json(server)
        return ExitCode.FINE
    if not servers:
        session.screen.say(styled("no table is checked by `check exchange`", QUIET))
    for together in _pictures(servers):
        session.screen.table(
            [f"<{together[0].table}> port {together[0].port}", *(server.host for server in together)],
            [[name, *cells] for name, cells in _picture(together, session.now())],
        )
        for line in dict.fromkeys(f"{server.host}: {words}" for server in together for words in _words(server)):
            session.screen.say(line)
    return ExitCode.FINE


def _pictures(servers: Iterable[ExchangeServerRow]) -> Iterable[Sequence[ExchangeServerRow]]:
    """Return what belongs into one picture: the servers of one table at one port, of each check that asks them there."""
    found: dict[tuple[str, int, int], list[ExchangeServerRow]] = defaultdict(list)
    asked: Counter[tuple[str, int, str]] = Counter()
    for server in servers:
        found[server.table, server.port, asked[server.table, server.port, server.host]].append(server)
        asked[server.table, server.port, server.host] += 1
    return found.values()


def _picture(servers: Sequence[ExchangeServerRow], now: datetime) -> Iterator[tuple[str, Sequence[Text]]]:
    vdirs = dict.fromkeys(row.vdir for server in servers for row in server.vdirs)
    for vdir in vdirs:
        states = [next((row.state for row in server.vdirs if row.vdir == vdir), "") for server in servers]
        yield vdir, [styled(state, _STYLES.get(state, "")) for state in states]
    yield "server", [styled(server.status, _STYLES.get(server.status, DOUBTFUL)) for server in servers]
    yield "certificate", [_certificate(server, now) for server in servers]


def _certificate(server: ExchangeServerRow, now: datetime) -> Text:
    if server.certificate is None:
        return styled("", QUIET)
    until = server.certificate.until
    days = (until - now).days
    left = f"{days} days" if days >= 0 else "expired"
    return styled(f"{server.certificate.fingerprint[:8]}, {left}", QUIET if days >= _SOON else DOUBTFUL)


_SOON: Final = 30
"""Days."""


def _words(server: ExchangeServerRow) -> Iterator[str]:
    """Yield what is wrong with a server, each thing once."""
    if server.reason:
        yield server.reason
    elif not server.checked:
        yield "not checked yet"
    yield from server.warnings
    if server.advice:
        yield server.advice

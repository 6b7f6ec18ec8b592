"""`show exchange`: virtual directories by server, as Exchange itself thinks of them."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from rich.text import Text

from bascule.cli.screen import BAD, DOUBTFUL, GOOD, QUIET, styled
from bascule.cli.session import Session
from bascule.service.exchange_health import ExchangeServerRow, ShowExchange, VdirState
from bascule.service.failures import ExitCode

_STYLES: Final = {"up": GOOD, "down": BAD, VdirState.WELL: GOOD, VdirState.WARNED: DOUBTFUL, VdirState.ILL: BAD}


def show_exchange(arguments: Namespace, session: Session) -> int:
    """Print a picture for each table and port, and below it what is wrong and what to look at."""
    servers = session.connect(arguments.socket).call(ShowExchange()).servers
    if arguments.json:
        for server in servers:
            session.screen.json(server)
        return ExitCode.FINE
    if not servers:
        session.screen.say(styled("no table is checked by `check exchange`", QUIET))
    for (table, port), found in groupby(servers, key=lambda server: (server.table, server.port)):
        together = list(found)
        session.screen.table(
            [f"<{table}> port {port}", *(server.host for server in together)],
            [[name, *cells] for name, cells in _picture(together, session.now())],
        )
        for server in together:
            for words in _words(server):
                session.screen.say(f"{server.host}: {words}")
    return ExitCode.FINE


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

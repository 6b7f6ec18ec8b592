"""What the demo shows: a live table on a terminal, and plain lines of what changed in a pipe."""

from collections.abc import Mapping
from ipaddress import IPv4Address
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bascule.cli.demo.scenery import SERVERS, SERVICES
from bascule.cli.demo.traffic import Round

_COLOURS: Final = dict(zip(SERVERS, ("cyan", "magenta", "yellow"), strict=True))


class Screen:
    """Prints lines, and keeps the latest round in view."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._shown: Mapping[IPv4Address, str] = {}

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print a line of the story."""
        self._console.print(Text(line), soft_wrap=True)

    def glimpse(self, seen: Round) -> None:
        """Show a round that the next one replaces: in a pipe, where nothing can be replaced, not at all."""
        if self._live is not None:
            self._live.update(_table(seen), refresh=True)

    def show(self, seen: Round) -> None:
        """Show which server each client met on each service; in a pipe only the clients for which that changed."""
        self.glimpse(seen)
        if self._live is not None:
            return
        lines = {client: _line(met) for client, met in seen.servers.items()}
        for client, line in lines.items():
            if line != self._shown.get(client):
                self.say(f"  {client}  {line}")
        self._shown = lines


def _line(met: Mapping[str, str]) -> str:
    """Return what one client met: `EX1 on all 7 services`."""
    relays: dict[str, list[str]] = {}
    for service in SERVICES:
        relays.setdefault(met.get(service.relay, "no server"), []).append(service.relay)
    if len(relays) == 1:
        return f"{next(iter(relays))} on all {len(SERVICES)} services"
    return "; ".join(f"{server} on {', '.join(names)}" for server, names in sorted(relays.items()))


def _table(seen: Round) -> Table:
    table = Table("client", *(service.relay for service in SERVICES))
    for client, met in seen.servers.items():
        servers = (met.get(service.relay, "-") for service in SERVICES)
        table.add_row(str(client), *(Text(server, style=_COLOURS.get(server, "red")) for server in servers))
    return table

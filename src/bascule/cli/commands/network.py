"""`show interfaces`, `show routes`: what the machine has, and whose it is."""

from argparse import Namespace
from typing import Final

from rich.text import Text

from bascule.cli.screen import BAD, DOUBTFUL, GOOD, styled
from bascule.cli.session import Session
from bascule.cli.wording import size
from bascule.service.failures import ExitCode
from bascule.service.network import AddressRow, InterfaceRow, ShowInterfaces, ShowRoutes, TrafficRow

_STYLES: Final = {"up": GOOD, "down": DOUBTFUL, "no carrier": BAD, "missing": BAD}


def show_interfaces(arguments: Namespace, session: Session) -> int:
    """Print each interface with its addresses, one a line, and its traffic."""
    rows = session.connect(arguments.socket).call(ShowInterfaces()).interfaces
    if arguments.json:
        for row in rows:
            session.screen.json(row)
        return ExitCode.FINE
    lines: list[tuple[Text | str, ...]] = []
    for row in rows:
        first, *others = [_address(each) for each in row.addresses] or [Text("")]
        lines.append(
            (
                row.name,
                styled(row.state, _STYLES.get(row.state, "")),
                first,
                " ".join(row.zones),
                "" if row.mtu is None else str(row.mtu),
                _traffic(row.received),
                _traffic(row.sent),
                _troubles(row),
                row.description,
            )
        )
        lines += [("", "", other, "", "", "", "", "", "") for other in others]
    headings = ("Interface", "State", "Addresses", "Zones", "MTU", "Received", "Sent", "Lost", "Description")
    session.screen.table(headings, lines)
    return ExitCode.FINE


def show_routes(arguments: Namespace, session: Session) -> int:
    """Print each route of the main table."""
    rows = session.connect(arguments.socket).call(ShowRoutes()).routes
    if arguments.json:
        for row in rows:
            session.screen.json(row)
        return ExitCode.FINE
    session.screen.table(
        ("Destination", "Gateway", "Interface", "Metric", "By", "Router"),
        [
            (
                f"{row.destination} (IPv6)" if row.destination == "default" and row.version == 6 else row.destination,  # noqa: PLR2004
                row.gateway or row.kind,
                row.interface,
                str(row.metric),
                row.by,
                row.router,
            )
            for row in rows
        ],
    )
    return ExitCode.FINE


def _address(row: AddressRow) -> Text:
    said = [word for word, holds in (("virtual", row.virtual), ("by Bascule", row.ours)) if holds]
    text = Text(f"{row.address} ({', '.join(said)})" if said else row.address)
    if row.state:
        text.append(f" {row.state}", style=BAD if row.state in ("duplicate", "missing") else DOUBTFUL)
    return text


def _traffic(row: TrafficRow | None) -> str:
    return "" if row is None else size(row.bytes)


def _troubles(row: InterfaceRow) -> str:
    """Return how many packets were lost either way; empty where none was."""
    lost = sum(way.errors + way.dropped for way in (row.received, row.sent) if way is not None)
    return str(lost) if lost else ""

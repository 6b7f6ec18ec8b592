"""The picture of what is balanced: clients, the addresses they connect to, services, hosts; each box leads to its page.

All of it is pure: rows in, boxes and lines out, in the units of an SVG that is `WIDTH` wide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from bascule.service.results import HostRow, RelayRow, Relays
from bascule.web.figures import address_of, relay_key, server_key, server_status
from bascule.web.wording import count

WIDTH: Final = 980
MOST: Final = 24
"""Boxes of a column; what is more is told in one box."""

_HEIGHT: Final = 46
_GAP: Final = 12
_COLUMNS: Final = ((0, 130), (212, 190), (486, 200), (770, 210))
"""Left edge and width of clients, addresses, services and hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box with two lines of words."""

    x: int
    y: int
    width: int
    height: int
    title: str
    detail: str
    href: str
    status: str = ""
    status_key: str = ""
    """Under which key its status follows, and below its detail; empty where it does not."""
    detail_key: str = ""

    @property
    def middle(self) -> int:
        """Return where lines meet it."""
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Line:
    """From the right edge of a box to the left edge of another."""

    start: Box
    end: Box

    @property
    def path(self) -> str:
        """Return its curve, as an SVG has it."""
        left, right = self.start.x + self.start.width, self.end.x
        bend = (left + right) // 2
        return f"M{left} {self.start.middle}C{bend} {self.start.middle} {bend} {self.end.middle} {right} {self.end.middle}"

    @property
    def status(self) -> str:
        """Return what becomes of clients on this way: the state of where it leads."""
        return self.end.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What to draw."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    height: int
    left_out: int = 0
    """Services that are not drawn."""


def picture(relays: Relays) -> Picture:
    """Return the picture."""
    shown = relays.relays[:MOST]
    hosts = _by_server(shown)
    addresses = dict.fromkeys(address_of(listen) for relay in shown for listen in relay.listens)
    rows = max(1, *(min(MOST, len(each)) for each in (addresses, shown, hosts)))
    height = rows * (_HEIGHT + _GAP) - _GAP
    (clients,) = _column(
        0, [_Words("Clients", f"{count(relays.sessions)} sessions", "/network/sessions", "", "sessions")], height
    )
    places = dict(zip(addresses, _column(1, [_place(each) for each in addresses], height), strict=False))
    relayed = {relay.name: box for relay, box in zip(shown, _column(2, [*map(_service, shown)], height), strict=True)}
    served = dict(zip(hosts, _column(3, [_host(server, rows_) for server, rows_ in hosts.items()], height), strict=False))
    lines = [Line(clients, place) for place in places.values()]
    for relay in shown:
        box = relayed[relay.name]
        known = dict.fromkeys(address_of(listen) for listen in relay.listens)
        lines += [Line(places[address], box) for address in known if address in places]
        reached = dict.fromkeys(address_of(host.address) for host in _hosts(relay))
        lines += [Line(box, served[server]) for server in reached if server in served]
    boxes = (clients, *places.values(), *relayed.values(), *served.values())
    return Picture(boxes=boxes, lines=tuple(lines), height=height, left_out=relays.total - len(shown))


@dataclass(frozen=True, slots=True)
class _Words:
    """What a box says, wherever it stands."""

    title: str
    detail: str
    href: str
    status: str
    key: str
    """Under which its detail follows."""
    status_key: str = ""


def _place(address: str) -> _Words:
    return _Words(address, "listens", "/network/interfaces", "", "")


def _service(relay: RelayRow) -> _Words:
    detail = f"{count(relay.sessions)} sessions"
    href = f"/network/load-balancer#{quote(relay.name)}"
    return _Words(relay.name, detail, href, relay.status, relay_key(relay.name, "carried"), relay_key(relay.name, "status"))


def _host(server: str, rows: Sequence[HostRow]) -> _Words:
    name = rows[0].name
    href = f"/network/load-balancer?host={quote(server)}"
    return _Words(name, "" if name == server else server, href, server_status(rows), "", server_key(server, "status"))


def _column(number: int, words: Sequence[_Words], height: int) -> Sequence[Box]:
    """Return a column's boxes, which stand in the middle of the height together."""
    x, width = _COLUMNS[number]
    used = words[:MOST]
    top = (height - (len(used) * (_HEIGHT + _GAP) - _GAP)) // 2
    return [
        Box(
            x=x,
            y=top + index * (_HEIGHT + _GAP),
            width=width,
            height=_HEIGHT,
            title=each.title,
            detail=each.detail,
            href=each.href,
            status=each.status,
            status_key=each.status_key,
            detail_key=each.key,
        )
        for index, each in enumerate(used)
    ]


def _by_server(relays: Sequence[RelayRow]) -> Mapping[str, Sequence[HostRow]]:
    found: dict[str, list[HostRow]] = {}
    for relay in relays:
        for row in _hosts(relay):
            found.setdefault(address_of(row.address), []).append(row)
    return found


def _hosts(relay: RelayRow) -> Iterator[HostRow]:
    return (host for table in relay.tables for host in table.hosts)

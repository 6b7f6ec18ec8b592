"""The picture of what is balanced: who leads where, and that it stays one with very many."""

from bascule.service.results import HostRow, HostStatus, RelayRow, Relays, RelayStatus, TableRow
from bascule.web.figures import stated
from bascule.web.picture import MOST, Box, picture


def host(number: int, port: int, status: HostStatus = HostStatus.UP) -> HostRow:
    """Return a host's row."""
    return HostRow(id=number, name=f"EX{number}", address=f"10.2.0.{number}:{port}", weight=1, status=status)


def relay(name: str, port: int, *hosts: HostRow, listens: tuple[str, ...] = ("10.2.0.50:443",)) -> RelayRow:
    """Return a relay's row."""
    table = TableRow(id=1, name=f"exchange:{port}", mode="source-hash", check="check tcp", hosts=hosts)
    return RelayRow(
        id=1,
        name=name,
        listens=listens,
        engine="kernel",
        status=RelayStatus.ACTIVE,
        tables=(table,),
        session_timeout=2400,
        sessions=3,
    )


def titled(boxes: tuple[Box, ...], title: str) -> Box:
    """Return the box of that title."""
    (found,) = (box for box in boxes if box.title == title)
    return found


def test_a_server_is_one_box_whatever_its_ports() -> None:
    """It is degraded where one service finds it up and another does not."""
    drawn = picture(Relays(relays=(relay("HTTPS", 443, host(1, 443)), relay("IMAPS", 993, host(1, 993, HostStatus.DOWN)))))
    server = titled(drawn.boxes, "EX1")
    assert (server.detail, server.status, server.status_key) == ("10.2.0.1", "degraded", "server/10.2.0.1/status")
    assert {(line.start.title, line.end.title) for line in drawn.lines} == {
        ("Clients", "10.2.0.50"),
        ("10.2.0.50", "HTTPS"),
        ("10.2.0.50", "IMAPS"),
        ("HTTPS", "EX1"),
        ("IMAPS", "EX1"),
    }


def test_addresses_of_both_versions_and_of_redirects_are_told_apart() -> None:
    """Ports and transports are no part of them."""
    listens = ("10.2.0.50:443", "10.2.0.50:6005-59530", "[2001:db8::50]:443", "10.2.0.51/udp", "2001:db8::51")
    drawn = picture(Relays(relays=(relay("HTTPS", 443, host(1, 443), listens=listens),)))
    places = [box.title for box in drawn.boxes if box.detail == "listens"]
    assert places == ["10.2.0.50", "2001:db8::50", "10.2.0.51", "2001:db8::51"]


def test_hosts_on_all_ports_are_servers_of_their_own() -> None:
    """As those of a relay are that listens on a range: the address alone tells them apart."""
    places = ("10.2.0.1", "10.2.0.2", "2001:db8::1", "10.2.0.3/udp")
    hosts = [
        HostRow(id=n, name=f"EX{n}", address=place, weight=1, status=HostStatus.UP) for n, place in enumerate(places, 1)
    ]
    relays = Relays(relays=(relay("RPC", 0, *hosts), relay("HTTPS", 443, host(1, 443, HostStatus.DOWN))))
    drawn = picture(relays)
    assert [(box.title, box.detail) for box in drawn.boxes if box.title.startswith("EX")] == [
        ("EX1", "10.2.0.1"),
        ("EX2", "10.2.0.2"),
        ("EX3", "2001:db8::1"),
        ("EX4", "10.2.0.3"),
    ]
    known = stated(relays)
    assert {box.status_key: known[box.status_key] for box in drawn.boxes if box.title.startswith("EX")} == {
        "server/10.2.0.1/status": "degraded",
        "server/10.2.0.2/status": "up",
        "server/2001:db8::1/status": "up",
        "server/10.2.0.3/status": "up",
    }


def test_no_box_lies_on_another_and_none_outside() -> None:
    """However many there are: the rest is told."""
    relays = tuple(relay(f"R{n}", n, *(host(h, n) for h in range(1, 17))) for n in range(1, 301))
    drawn = picture(Relays(relays=relays[:MOST], total=300))
    assert drawn.left_out == 300 - MOST
    places = {(box.x, box.y) for box in drawn.boxes}
    assert len(places) == len(drawn.boxes)
    assert all(0 <= box.y <= box.y + box.height <= drawn.height for box in drawn.boxes)


def test_nothing_to_draw_is_a_picture_too() -> None:
    """Of clients alone."""
    assert [box.title for box in picture(Relays()).boxes] == ["Clients"]

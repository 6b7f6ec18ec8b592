"""A pipe gets plain lines of what changed; a terminal gets a table."""

import io
from ipaddress import IPv4Address

from rich.console import Console

from bascule.cli.demo.scenery import SERVICES
from bascule.cli.demo.screen import Screen
from bascule.cli.demo.traffic import Round, Visit

ONE, TWO = IPv4Address("127.0.0.101"), IPv4Address("127.0.0.102")


def seen(**servers: str) -> Round:
    """Return a round in which each client met one server on every service; empty fails on all."""
    clients = {"one": ONE, "two": TWO}
    return Round(
        tuple(
            Visit(client=clients[name], relay=service.relay, server=server, failure="" if server else "refused")
            for name, server in servers.items()
            for service in SERVICES
        )
    )


def test_a_pipe_gets_only_what_changed() -> None:
    """A client's line comes once, and again when it meets another server."""
    out = io.StringIO()
    with Screen(Console(file=out, width=200)) as screen:
        screen.show(seen(one="EX1", two="EX2"))
        screen.glimpse(seen(one="EX2", two="EX2"))
        screen.show(seen(one="EX1", two="EX3"))
        screen.show(seen(one="", two="EX3"))
    assert out.getvalue().splitlines() == [
        "  127.0.0.101  EX1 on all 7 services",
        "  127.0.0.102  EX2 on all 7 services",
        "  127.0.0.102  EX3 on all 7 services",
        "  127.0.0.101  no server on all 7 services",
    ]


def test_a_split_client_is_plain_to_see() -> None:
    """Each server is named with the services it took."""
    out = io.StringIO()
    visits = tuple(
        Visit(client=ONE, relay=service.relay, server="EX2" if service.relay == "RPCABS" else "EX1") for service in SERVICES
    )
    with Screen(Console(file=out, width=200)) as screen:
        screen.show(Round(visits))
    assert out.getvalue() == "  127.0.0.101  EX1 on HTTPS, IMAP, POP3, SMTP, RPCLS, RPCCAS; EX2 on RPCABS\n"


def test_a_terminal_gets_a_table() -> None:
    """Clients are rows, services columns."""
    out = io.StringIO()
    with Screen(Console(file=out, width=120, force_terminal=True, color_system=None)) as screen:
        screen.show(seen(one="EX1", two="EX2"))
    text = out.getvalue()
    assert all(service.relay in text for service in SERVICES)
    assert "127.0.0.101" in text
    assert "\x1b[?25h" in text, "the cursor is shown again"

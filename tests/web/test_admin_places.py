"""Whoever looks at the pages while they move finds them again."""

from ipaddress import ip_address

import pytest

from bascule.config.model import HttpServer
from bascule.service.request import Origin
from bascule.web.admin_places import Move, Written, move, written

EVERY = (Written("", 4, 4433), Written("", 6, 4433))
ORIGIN = Origin(source="10.1.0.9", to="10.2.0.10", port=4433)
SAME_NAME = Move(urls=("https://lb.example.com:4434",), stays=True)


def _at(address: str, port: int) -> Written:
    return Written(address, 6 if ":" in address else 4, port)


@pytest.mark.parametrize("places", [EVERY, (_at("10.2.0.10", 4433),), ()])
def test_who_is_right_is_sent_nowhere(places: tuple[Written, ...]) -> None:
    """By a name or an address; and nobody is, where there is no place to go to."""
    assert move(places, ORIGIN, "lb.example.com") is None


@pytest.mark.parametrize(
    ("places", "host", "found"),
    [
        ((Written("", 4, 4434),), "lb.example.com", SAME_NAME),
        ((_at("10.2.0.10", 4434),), "lb.example.com", SAME_NAME),
        ((Written("", 4, 443),), "10.2.0.10", Move(urls=("https://10.2.0.10",), stays=True)),
        ((_at("10.2.0.50", 4433),), "lb.example.com", Move(urls=("https://10.2.0.50:4433",), stays=False)),
        (
            (_at("fd00::5", 443), _at("10.2.0.50", 443)),
            "10.2.0.10",
            Move(urls=("https://10.2.0.50", "https://[fd00::5]"), stays=False),
        ),
    ],
)
def test_the_likeliest_place_comes_first(places: tuple[Written, ...], host: str, found: Move) -> None:
    """What the browser knows goes before what it has never seen; he stays logged in where the host is the same."""
    assert move(places, ORIGIN, host) == found


def test_every_ipv6_address_is_none_of_ipv4() -> None:
    """By the name that works now there may be a way to it."""
    assert move((Written("", 6, 4433),), ORIGIN, "lb.example.com") == Move(
        urls=("https://lb.example.com:4433",), stays=True
    )


def test_a_text_says_where() -> None:
    """One address, or every one of both versions."""
    assert written(HttpServer(port=4433)) == EVERY
    assert written(HttpServer(address=ip_address("fd00::5"))) == (_at("fd00::5", 443),)

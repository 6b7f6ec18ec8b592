"""How clients are spread, as they see it: fallbacks, affinity groups, and hosts of few sessions, in both engines."""

import socket
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from bed.clients import greeted
from bed.layout import VIP, Layout
from bed.site import Site, site
from bed.wait import until

pytestmark = pytest.mark.kernel

_TIMING = "interval 500ms; timeout 400ms; fall 1; rise 1"
_PORTS = (135, 59532, 59533, 443)


def _text(statements: str) -> str:
    return f"""
interface eth0 {{
	address 10.80.0.2/16
	address {VIP}/16 virtual
}}
load-balancer {{
	{_TIMING}
	table <exchange> {{ 10.80.2.1 name "EX1"; 10.80.2.2 name "EX2"; key 7f3a91c2 }}
	table <sorry> {{ 10.80.2.3 name "EX3" }}
{statements}
}}
"""


def _relay(name: str, port: int, *statements: str, mode: str = "source-hash") -> str:
    lines = "\n".join(f"\t\t{each}" for each in statements)
    head = f'\trelay "{name}" {{\n\t\tlisten on {VIP} port {port}\n\t\tforward to <exchange> check tcp mode {mode}'
    return f"{head}\n{lines}\n\t}}\n"


def _met(place: Site, client: str, port: int) -> str:
    with greeted(place.net["client1"], client, VIP, port) as (_, name):
        return name


def _only(place: Site, port: int, host: str) -> bool:
    return {_met(place, client, port) for client in place.clients} == {host}


@pytest.mark.parametrize("engine", ["kernel", "proxy"])
def test_the_sorry_server_comes_last_and_goes_first(engine: str, open_directory: Path) -> None:
    """While a host of the first table lives nobody meets the other; afterwards everybody returns."""
    relay = _relay("HTTPS", 443, "forward to <sorry> check tcp mode source-hash", f"engine {engine}")
    with site(_text(relay), Layout(arms=1, servers=3), open_directory, ports=(443,)) as place:
        place.balancer.wait_hosts(EX1="up", EX2="up", EX3="up")
        assert {_met(place, client, 443) for client in place.clients} == {"EX1", "EX2"}
        with place.server("EX1").refusing(443):
            place.balancer.wait_hosts(EX1="down")
            assert {_met(place, client, 443) for client in place.clients} == {"EX2"}
            with place.server("EX2").refusing(443):
                place.balancer.wait_hosts(EX2="down")
                assert {_met(place, client, 443) for client in place.clients} == {"EX3"}
        place.balancer.wait_hosts(EX1="up", EX2="up")
        assert {_met(place, client, 443) for client in place.clients} == {"EX1", "EX2"}


@pytest.mark.parametrize("engine", ["kernel", "proxy"])
def test_a_group_moves_together(engine: str, open_directory: Path) -> None:
    """One closed port takes the host out of all services of the group, and no other; torn apart, all are served."""
    group = [_relay(f"R{port}", port, 'affinity "outlook"', f"engine {engine}") for port in _PORTS[:3]]
    alone = _relay("HTTPS", 443, f"engine {engine}")
    with site(_text("".join([*group, alone])), Layout(arms=1), open_directory, ports=_PORTS) as place:
        place.balancer.wait_hosts(EX1="up", EX2="up")
        for client in place.clients:
            assert len({_met(place, client, port) for port in _PORTS}) == 1
        with place.server("EX1").refusing(59532):
            place.balancer.wait_hosts("R59532", EX1="down")
            for port in _PORTS[:3]:
                until(partial(_only, place, port, "EX2"), what=f"port {port} left EX1")
            assert {_met(place, client, 443) for client in place.clients} == {"EX1", "EX2"}
            with place.server("EX2").refusing(135):
                place.balancer.wait_hosts("R135", EX2="down")
                until(lambda: _met(place, place.clients[0], 135) == "EX1", what="port 135 is served by EX1")
                assert _met(place, place.clients[0], 59532) == "EX2"


def test_loadbalance_spreads_one_client_over_services(open_directory: Path) -> None:
    """The service is part of the hash: one client meets both hosts, and the same one on one service."""
    relays = "".join(_relay(f"R{port}", port, mode="loadbalance") for port in _PORTS)
    with site(_text(relays), Layout(arms=1), open_directory, ports=_PORTS) as place:
        place.balancer.wait_hosts(EX1="up", EX2="up")
        first = {(client, port): _met(place, client, port) for client in place.clients for port in _PORTS}
        assert first == {(client, port): _met(place, client, port) for client, port in first}
        split = [client for client in place.clients if len({first[client, port] for port in _PORTS}) == 2]
        assert len(split) > len(place.clients) / 2


def test_least_states_fills_the_emptier_host(open_directory: Path) -> None:
    """EX1 holds 40 sessions more; most of the next clients go to EX2 until both are level, and then to either."""
    with ExitStack() as stack:
        place = stack.enter_context(
            site(_text(_relay("HTTPS", 443, mode="least-states")), Layout(arms=1), open_directory, ports=(443,))
        )
        place.balancer.wait_hosts(EX1="up", EX2="up")
        held: dict[str, list[socket.socket]] = {"EX1": [], "EX2": []}

        def connect() -> str:
            conversation, name = stack.enter_context(greeted(place.net["client1"], place.clients[0], VIP, 443))
            held[name].append(conversation)
            return name

        for _ in range(80):
            connect()
        for conversation in held.pop("EX2"):
            conversation.close()
        held["EX2"] = []

        def level() -> bool:
            connect()
            return abs(len(held["EX1"]) - len(held["EX2"])) <= 4

        assert not level()
        until(level, within=20, what="EX2 has as many", every=0.05)
        assert Counter(connect() for _ in range(40)).keys() == {"EX1", "EX2"}

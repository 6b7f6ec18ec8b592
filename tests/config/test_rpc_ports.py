"""Where `check rpc` has the RPC services be."""

import pytest

from bascule.config.load import load
from bascule.config.model import RpcCheck, RpcPorts
from bascule.config.rpc_ports import rpc_ports

CLIENT_ACCESS = 'relay "RPCCAS" { listen on port 59532; forward to <exchange> check tcp; affinity "outlook" }'
ADDRESS_BOOK = 'relay "RPCABS" { listen on port 59533; forward to <exchange> check tcp; affinity "outlook" }'
BOTH = [(service, port, port) for service in ("emsmdb", "nspi") for port in (59532, 59533)]


def ports(check: str, *others: str, listen: str = "port 135", affinity: str = 'affinity "outlook"') -> list[RpcPorts]:
    """Return the ports of a relay's check, beside other relays."""
    relay = f'relay "RPCLS" {{\nlisten on {listen}\nforward to <exchange> {check}\n{affinity}\n}}'
    text = "\n".join(["load-balancer {", "table <exchange> { 10.80.2.1 }", relay, *others, "}"])
    loaded = load(text)
    assert loaded.configuration is not None, loaded.diagnostics
    balancer = loaded.configuration.load_balancer
    checked = balancer.relays[0].forward.check
    assert isinstance(checked, RpcCheck)
    return list(rpc_ports(balancer, balancer.relays[0], checked))


def test_both_services_may_be_at_any_port_of_the_group() -> None:
    """Nothing but a check of its own tells which relay is for which service."""
    assert ports("check rpc", CLIENT_ACCESS, ADDRESS_BOOK) == BOTH


def test_a_member_that_checks_for_a_service_is_for_that_one() -> None:
    """Then it is known which port each must have."""
    members = (
        CLIENT_ACCESS.replace("check tcp", 'check rpc "emsmdb"'),
        ADDRESS_BOOK.replace("check tcp", 'check rpc "nspi"'),
    )
    assert ports("check rpc", *members) == [("emsmdb", 59532, 59532), ("nspi", 59533, 59533)]
    assert ports('check rpc "nspi"', *members) == [("nspi", 59533, 59533)]


def test_one_service_must_be_at_the_relays_own_port() -> None:
    """Whatever the group has; a port that is written counts more."""
    assert ports('check rpc "nspi"', CLIENT_ACCESS, listen="port 59533") == [("nspi", 59533, 59533)]
    assert ports('check rpc "nspi" port 6001', CLIENT_ACCESS, listen="port 59533") == [("nspi", 6001, 6001)]


def test_a_range_of_ports_takes_any_of_them() -> None:
    """As where no static ports are set."""
    dynamic = 'redirect "RPC" { listen on port 6005:59530; forward to <exchange> check icmp; affinity "outlook" }'
    assert ports("check rpc", dynamic) == [("emsmdb", 6005, 59530), ("nspi", 6005, 59530)]


@pytest.mark.parametrize(
    "other",
    [
        CLIENT_ACCESS.replace('affinity "outlook"', 'affinity "other"'),
        CLIENT_ACCESS.replace('affinity "outlook"', ""),
        CLIENT_ACCESS.replace("{ listen", "{ disable; listen"),
        CLIENT_ACCESS.replace("59532", "443"),
        CLIENT_ACCESS.replace("check tcp", "check imap"),
        CLIENT_ACCESS.replace("check tcp", 'check https "/owa"'),
        CLIENT_ACCESS.replace("check tcp", "port 6001 check tcp"),
        CLIENT_ACCESS.replace("relay", "redirect").replace("on port", "on udp port"),
    ],
    ids=["another group", "no group", "disabled", "low port", "mail", "web", "another port of the hosts", "UDP"],
)
def test_other_relays_say_nothing_of_rpc(other: str) -> None:
    """They carry no RPC, or not at the port that the mapper names."""
    assert ports("check rpc", other) == []


def test_without_a_group_nothing_tells() -> None:
    """Relays of no group have nothing in common."""
    alone = CLIENT_ACCESS.replace('affinity "outlook"', "")
    assert ports("check rpc", alone, affinity="") == []


def test_the_mappers_own_port_is_no_services() -> None:
    """Also where it is not 135."""
    assert ports("check rpc mapper 10135", ADDRESS_BOOK, listen="port 10135") == [
        ("emsmdb", 59533, 59533),
        ("nspi", 59533, 59533),
    ]

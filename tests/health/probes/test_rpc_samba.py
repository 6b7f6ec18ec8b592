"""The probe asks Samba's endpoint mapper, which is real and knows no Exchange."""

import asyncio
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from bascule.config.model import RpcCheck
from bascule.health.outcome import Outcome
from bascule.plan.model import Endpoint
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.probing import ask_once
from bed.servers import samba

pytestmark = [pytest.mark.kernel, pytest.mark.daemons]

LSARPC = "12345778-1234-abcd-ef00-0123456789ab v0.0"


def asked(client: Node, server: Node, check: RpcCheck) -> Outcome:
    """Probe a server once from a client's namespace, over IPv4."""
    with client.entered():
        return asyncio.run(ask_once(Endpoint(ip_address(server.ip), 59532), check, within=10))


def test_samba_says_where_its_own_services_are_and_that_exchange_is_not(
    lab: Callable[[Layout], NetLab], open_directory: Path
) -> None:
    """Each of Exchange's services is said not to be registered; lsarpc is found, and takes a bind."""
    net = lab(Layout(arms=1, servers=1))
    client, server = net["client1"], net["srv1"]
    samba.start(server, "EX1", open_directory / "samba")
    server.wait_listening(135, within=30.0)
    both = asked(client, server, RpcCheck())
    assert not both.up
    assert both.reason == (
        "EMSMDB is not registered with the endpoint mapper (is the service Microsoft Exchange RPC Client Access running?)"
        "; NSPI is not registered with the endpoint mapper (is the service Microsoft Exchange Address Book running?)"
    )
    found = asked(client, server, RpcCheck(service=LSARPC))
    assert found.up, found.reason
    assert found.reason.startswith(f"{LSARPC} at port 491")
    other = asked(client, server, RpcCheck(service="12345778-1234-abcd-ef00-0123456789ab v9.0"))
    assert not other.up

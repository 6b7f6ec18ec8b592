"""The bed's servers answer as themselves, and their logs tell who came."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bed import clients, endpoint_mapper, exchange
from bed.certificates import Authority
from bed.layout import Layout
from bed.netlab import NetLab
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.daemons]


def test_each_server_serves_everything_and_logs_its_clients(lab: Callable[[Layout], NetLab], open_directory: Path) -> None:
    """Each client is in the logs of the server it asked, for every service, and in no other's."""
    net = lab(Layout(arms=1, clients=2, servers=2))
    authority = Authority(open_directory)
    servers = exchange.start_all(net.named("srv"), authority, open_directory)
    for node, server in zip(net.named("client"), servers, strict=True):
        clients.curl(node, node.ip, server.node.ip, authority.certificate)
        clients.rpc(node, node.ip, server.node.ip)
    for node, server in zip(net.named("client"), servers, strict=True):
        for service in server.logs:
            until(lambda: server.clients(service), what=f"the log of {service}")  # noqa: B023 - called here and now
            assert server.clients(service) == {node.ip}, (server.name, service)


def test_the_endpoint_mapper_knows_its_own_interfaces_and_not_those_of_exchange(
    lab: Callable[[Layout], NetLab], open_directory: Path
) -> None:
    """Samba says where lsarpc is, and that EMSMDB is not registered."""
    net = lab(Layout(arms=1, servers=1))
    client, server = net["client1"], net["srv1"]
    exchange.start_all([server], Authority(open_directory), open_directory)
    with client.entered():
        status, port = endpoint_mapper.ask(endpoint_mapper.LSARPC, client=client.ip, server=server.ip)
        assert (status, port >= 49152) == (0, True)
        assert endpoint_mapper.ask(endpoint_mapper.EMSMDB, client=client.ip, server=server.ip) == (
            endpoint_mapper.NOT_REGISTERED,
            0,
        )

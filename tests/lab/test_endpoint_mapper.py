"""An implementation that is not ours asks the endpoint mapper, and gets the ports that are served."""

import asyncio
from ipaddress import IPv4Address

import pytest
from impacket.dcerpc.v5 import epm, transport
from impacket.dcerpc.v5.rpcrt import DCERPCException
from impacket.uuid import uuidtup_to_bin

from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.dcerpc.mapping import MAXIMUM_FLOORS, floors, tower
from bascule.dcerpc.packets import NDR, Syntax
from bascule.lab.faults import RpcFault, ServiceFault
from bascule.lab.server import SimulatedExchange

CLIENT_ACCESS = ("a4f1db00-ca47-1067-b31f-00dd010662da", "0.81")
ADDRESS_BOOK = ("f5cc5a18-4264-101a-8c59-08002b2f8426", "56.0")


def ask(server: SimulatedExchange, interface: tuple[str, str]) -> str:
    """Return the string binding that impacket makes of the mapper's answer."""
    dce = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{server.address}[{server.ports.mapper}]").get_dce_rpc()
    dce.connect()
    try:
        return str(epm.hept_map(str(server.address), uuidtup_to_bin(interface), protocol="ncacn_ip_tcp", dce=dce))
    finally:
        dce.disconnect()


async def test_impacket_maps_both_services(server: SimulatedExchange) -> None:
    """RPC Client Access and Address Book are named with the server's address and their own ports."""
    found = [await asyncio.to_thread(ask, server, interface) for interface in (CLIENT_ACCESS, ADDRESS_BOOK)]
    ports = (server.ports.client_access, server.ports.address_book)
    assert found == [f"ncacn_ip_tcp:127.0.0.11[{port}]" for port in ports]


@pytest.mark.parametrize(
    "interface",
    [
        ("12345778-1234-abcd-ef00-0123456789ac", "1.0"),
        (CLIENT_ACCESS[0], "1.0"),
        (CLIENT_ACCESS[0], "0.82"),
    ],
)
async def test_what_is_not_served_is_not_registered(server: SimulatedExchange, interface: tuple[str, str]) -> None:
    """Another interface, another major version and a newer minor one have no endpoint."""
    with pytest.raises(DCERPCException, match="0x16c9a0d6"):
        await asyncio.to_thread(ask, server, interface)


async def test_a_mapper_can_be_wrong(server: SimulatedExchange) -> None:
    """It names other ports, then nothing, then hangs, and is well again with the next connection."""
    assert server.ports.client_access
    server.machine.rpc_fault = RpcFault.WRONG_PORT
    said = await asyncio.to_thread(ask, server, CLIENT_ACCESS)
    assert said == f"ncacn_ip_tcp:127.0.0.11[{server.ports.client_access - 1000}]"
    server.machine.rpc_fault = RpcFault.NOT_REGISTERED
    with pytest.raises(DCERPCException, match="0x16c9a0d6"):
        await asyncio.to_thread(ask, server, ADDRESS_BOOK)
    server.machine.rpc_fault = None
    server.machine.faults["mapper"] = ServiceFault.HANGS
    reader, writer = await asyncio.open_connection(str(server.address), server.ports.mapper)
    writer.write(bytes(100))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.read(1)
    writer.transport.abort()
    server.machine.faults.clear()
    assert await asyncio.to_thread(ask, server, CLIENT_ACCESS)


async def test_a_service_that_is_stopped_is_registered_no_more(server: SimulatedExchange) -> None:
    """Its port is closed, the other is named as ever; started again, it is back at its port."""
    port = server.ports.address_book
    await server.stop(["address_book"])
    with pytest.raises(DCERPCException, match="0x16c9a0d6"):
        await asyncio.to_thread(ask, server, ADDRESS_BOOK)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(str(server.address), port)
    assert await asyncio.to_thread(ask, server, CLIENT_ACCESS)
    await server.start(["address_book"])
    assert await asyncio.to_thread(ask, server, ADDRESS_BOOK) == f"ncacn_ip_tcp:127.0.0.11[{port}]"


def test_tower_reads_as_it_was_written() -> None:
    """Five floors: interface, NDR, connection-oriented RPC, TCP port and address."""
    written = floors(tower(NSPI, IPv4Address("10.80.2.1"), 59533))
    assert [floor.protocol[0] for floor in written] == [0x0D, 0x0D, 0x0B, 0x07, 0x09]
    assert Syntax.unpack(written[0].protocol[1:] + written[0].address) == NSPI
    assert Syntax.unpack(written[1].protocol[1:] + written[1].address) == NDR
    assert written[3].address == (59533).to_bytes(2, "big")
    assert written[4].address == IPv4Address("10.80.2.1").packed


@pytest.mark.parametrize("length", range(75))
def test_a_tower_that_is_cut_short_is_refused(length: int) -> None:
    """No prefix of a tower is a tower."""
    whole = tower(EMSMDB, IPv4Address("10.80.2.1"), 59532)
    assert len(whole) == 75
    with pytest.raises(Exception, match=r"cut short"):
        floors(whole[:length])


def test_a_tower_may_not_be_endless() -> None:
    """The floors that are read are bounded."""
    with pytest.raises(ValueError, match="floors"):
        floors((MAXIMUM_FLOORS + 1).to_bytes(2, "little") + bytes(4) * (MAXIMUM_FLOORS + 1))

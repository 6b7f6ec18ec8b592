"""Each RPC endpoint serves its own interface, tells who it is, and refuses the rest in the protocol's words."""

import asyncio
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from impacket.dcerpc.v5 import mgmt, transport
from impacket.dcerpc.v5.rpcrt import DCERPCException
from impacket.uuid import uuidtup_to_bin

from bascule.dcerpc.interfaces import EMSMDB
from bascule.dcerpc.packets import Packet, PacketType
from bascule.lab.exchange_rpc import management
from bascule.lab.rpc_server import Association, Interface
from bascule.lab.server import SimulatedExchange

CLIENT_ACCESS = ("a4f1db00-ca47-1067-b31f-00dd010662da", "0.81")
ADDRESS_BOOK = ("f5cc5a18-4264-101a-8c59-08002b2f8426", "56.0")


@contextmanager
def connected(server: SimulatedExchange, port: int | None) -> Iterator[Any]:
    """Give impacket's client, connected to an endpoint."""
    dce = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{server.address}[{port}]").get_dce_rpc()
    dce.connect()
    try:
        yield dce
    finally:
        dce.disconnect()


async def test_endpoints_take_their_own_interface(server: SimulatedExchange) -> None:
    """A bind to the interface of the port is accepted."""

    def bind() -> None:
        for interface, port in (
            (CLIENT_ACCESS, server.ports.client_access),
            (ADDRESS_BOOK, server.ports.address_book),
        ):
            with connected(server, port) as dce:
                dce.bind(uuidtup_to_bin(interface))

    await asyncio.to_thread(bind)


async def test_endpoints_refuse_each_others_interface(server: SimulatedExchange) -> None:
    """A bind to the other service's interface is refused: its port tells the two apart."""

    def bind(interface: tuple[str, str], port: int | None) -> None:
        with connected(server, port) as dce:
            dce.bind(uuidtup_to_bin(interface))

    for interface, port in ((ADDRESS_BOOK, server.ports.client_access), (CLIENT_ACCESS, server.ports.address_book)):
        with pytest.raises(DCERPCException, match="abstract_syntax_not_supported"):
            await asyncio.to_thread(bind, interface, port)


@pytest.mark.parametrize(
    ("service", "principal"),
    [
        ("client_access", "exchangeMDB/EX1.lab.local"),
        ("address_book", "exchangeAB/EX1.lab.local"),
        ("mapper", "host/EX1.lab.local"),
    ],
)
async def test_every_endpoint_says_who_it_is(server: SimulatedExchange, service: str, principal: str) -> None:
    """The management interface answers with the principal name."""

    def ask() -> bytes:
        with connected(server, getattr(server.ports, service)) as dce:
            dce.bind(mgmt.MSRPC_UUID_MGMT)
            name: bytes = b"".join(mgmt.hinq_princ_name(dce, 0, 256)["princ_name"])
            return name

    assert (await asyncio.to_thread(ask)).rstrip(b"\0").decode() == principal


async def test_an_operation_that_is_not_there_faults(server: SimulatedExchange) -> None:
    """A call of EMSMDB meets a fault, not a silence: nothing behind the bind is simulated."""

    def call() -> None:
        with connected(server, server.ports.client_access) as dce:
            dce.bind(uuidtup_to_bin(CLIENT_ACCESS))
            dce.call(10, b"")
            dce.recv()

    with pytest.raises(DCERPCException, match="nca_s_op_rng_error"):
        await asyncio.to_thread(call)


async def test_authentication_is_refused_not_ignored(server: SimulatedExchange) -> None:
    """A bind with NTLM gets a bind_nak: a client must not believe that it was authenticated."""

    def bind() -> None:
        with connected(server, server.ports.client_access) as dce:
            dce.set_credentials("user", "password", "LAB")
            dce.set_auth_level(2)
            dce.bind(uuidtup_to_bin(CLIENT_ACCESS))

    with pytest.raises(DCERPCException, match=r"nak|[Aa]uthentication|reject"):
        await asyncio.to_thread(bind)


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("<BBBBIHHI", 5, 0, 11, 3, 0x10, 0xFFFF, 0, 1),  # longer than any packet may be
        struct.pack("<BBBBIHHI", 5, 0, 11, 3, 0x10, 8, 0, 1),  # shorter than its own header
        struct.pack("<BBBBIHHI", 5, 0, 11, 1, 0x10, 16, 0, 1),  # a first fragment, with more to come
        struct.pack("<BBBBIHHI", 5, 0, 11, 3, 0x00, 16, 0, 1),  # big-endian
        struct.pack("<BBBBIHHI", 5, 0, 11, 3, 0x10, 16, 0, 1),  # a bind without a body
    ],
)
async def test_what_is_no_packet_ends_its_own_connection_only(server: SimulatedExchange, bytes_sent: bytes) -> None:
    """A client that speaks something else is hung up on; the next one is served."""
    assert server.ports.client_access
    for _ in range(2):
        reader, writer = await asyncio.open_connection(str(server.address), server.ports.client_access)
        writer.write(bytes_sent)
        assert await reader.read() == b""
        writer.transport.abort()


@given(kind=st.sampled_from(PacketType), body=st.binary(max_size=200), flags=st.integers(0, 255))
def test_no_packet_breaks_an_association(kind: PacketType, body: bytes, flags: int) -> None:
    """Every packet is answered, or refused with the two errors that the listener expects."""
    association = Association((Interface(syntax=EMSMDB), management("exchangeMDB/EX1")), port=59532)
    try:
        answer = association.answer(Packet(kind=kind, call=7, body=body, flags=flags))
    except (ValueError, struct.error):
        return
    assert answer.call == 7

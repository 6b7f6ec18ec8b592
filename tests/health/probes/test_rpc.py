import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any, Final
from uuid import UUID

import pytest

from bascule.config.model import RpcCheck, RpcPorts
from bascule.dcerpc.interfaces import EMSMDB, NSPI
from bascule.dcerpc.mapping import tower
from bascule.dcerpc.packets import Packet, PacketType, Status, Syntax
from bascule.health.outcome import Outcome
from bascule.lab.certificate import make_certificate
from bascule.lab.faults import RpcFault, ServiceFault
from bascule.lab.release import RELEASES
from bascule.lab.rpc_server import Fault
from bascule.lab.server import Ports, SimulatedExchange
from bascule.plan.model import Endpoint
from bed.loopback import Loopback, Script, closes, drips, floods, resets, says, silent
from bed.probing import ask_once
from bed.rpc import HERE, accepted, after_bind, answers, maps, over, response, serves
from bed.servers import impacket_rpc

STRANGER: Final = IPv4Address("192.0.2.7")
CLIENT_ACCESS: Final = ("a4f1db00-ca47-1067-b31f-00dd010662da", "0.81")
ADDRESS_BOOK: Final = ("f5cc5a18-4264-101a-8c59-08002b2f8426", "56.0")
TO_MOVE_EMSMDB: Final = (
    r"set TCP/IP Port (REG_DWORD) in HKLM\SYSTEM\CurrentControlSet\services\MSExchangeRPC\ParametersSystem to {} "
    "and restart Microsoft Exchange RPC Client Access"
)
TO_MOVE_NSPI: Final = (
    r"set RpcTcpPort (REG_SZ) in HKLM\SYSTEM\CurrentControlSet\services\MSExchangeAB\Parameters to {} "
    "and restart Microsoft Exchange Address Book"
)


def expecting(*ports: int) -> tuple[RpcPorts, ...]:
    """Return that both services may be at any of some ports."""
    return tuple(RpcPorts(service, port, port) for service in ("emsmdb", "nspi") for port in ports)


async def asked(mapper: int, *ports: int, within: float = 2.0, **of_check: Any) -> Outcome:
    """Probe a host on loopback whose mapper is at a port."""
    check = RpcCheck(mapper=mapper, ports=expecting(*ports), **of_check)
    return await ask_once(Endpoint(HERE, 59532), check, within=within)


@pytest.fixture
async def exchange() -> AsyncIterator[SimulatedExchange]:
    """Run a simulated server with its RPC services on free ports."""
    certificate = make_certificate("EX1.lab.local", HERE, now=datetime.now(UTC))
    ports = Ports(client_access=0, address_book=0, mapper=0)
    server = SimulatedExchange(name="EX1", address=HERE, ports=ports, certificate=certificate, release=RELEASES["2010"])
    await server.start()
    yield server
    await server.stop()


def ports_of(server: SimulatedExchange) -> tuple[int, int, int]:
    """Return the ports of mapper, RPC Client Access and Address Book."""
    found = server.ports.mapper, server.ports.client_access, server.ports.address_book
    assert None not in found
    return found  # type: ignore[return-value]


# --- what is right, and what is not ------------------------------------------------------------------------------------


async def test_both_services_where_clients_reach_them_are_up(exchange: SimulatedExchange) -> None:
    """The reason tells where they are; for one service of a host likewise."""
    mapper, cas, abs_ = ports_of(exchange)
    outcome = await asked(mapper, cas, abs_)
    assert (outcome.up, outcome.reason) == (True, f"EMSMDB at port {cas}, NSPI at port {abs_}")
    outcome = await asked(mapper)
    assert (outcome.up, outcome.reason) == (True, f"EMSMDB at port {cas}, NSPI at port {abs_}")
    outcome = await asked(mapper, abs_, service="nspi")
    assert (outcome.up, outcome.reason) == (True, f"NSPI at port {abs_}")
    dynamic = RpcCheck(mapper=mapper, service="nspi", ports=(RpcPorts("nspi", 1024, 65535),))
    assert (await ask_once(Endpoint(HERE, 1), dynamic)).up


async def test_another_port_is_told_with_the_registry_value_that_mends_it(exchange: SimulatedExchange) -> None:
    """Each service has its own, and the port that is left for it where the other has one already."""
    mapper, cas, abs_ = ports_of(exchange)
    exchange.machine.rpc_fault = RpcFault.WRONG_PORT
    outcome = await asked(mapper, cas, abs_)
    either = f"{cas} or {abs_}"
    assert not outcome.up
    assert outcome.reason == (
        f"EMSMDB is at port {cas - 1000}, not {either}: {TO_MOVE_EMSMDB.format(either)}; "
        f"NSPI is at port {abs_ - 1000}, not {either}: {TO_MOVE_NSPI.format(either)}"
    )
    exchange.machine.rpc_fault = None
    outcome = await asked(mapper, cas, 59533)
    assert (outcome.up, outcome.reason) == (False, f"NSPI is at port {abs_}, not 59533: {TO_MOVE_NSPI.format(59533)}")


async def test_a_range_that_is_missed_is_told(exchange: SimulatedExchange) -> None:
    """As where clients come through a range, and the service has a static port beyond it."""
    mapper, cas, _ = ports_of(exchange)
    check = RpcCheck(mapper=mapper, service="emsmdb", ports=(RpcPorts("emsmdb", 6005, 6010),))
    outcome = await ask_once(Endpoint(HERE, 1), check)
    assert outcome.reason.startswith(f"EMSMDB is at port {cas}, not one of 6005-6010: set TCP/IP Port")


async def test_a_service_that_is_not_registered(exchange: SimulatedExchange) -> None:
    """Is down, with the name under which Windows shows it."""
    mapper, cas, abs_ = ports_of(exchange)
    exchange.machine.rpc_fault = RpcFault.NOT_REGISTERED
    outcome = await asked(mapper, cas, abs_)
    assert not outcome.up
    assert outcome.reason == (
        "EMSMDB is not registered with the endpoint mapper (is the service Microsoft Exchange RPC Client Access running?); "
        "NSPI is not registered with the endpoint mapper (is the service Microsoft Exchange Address Book running?)"
    )


async def test_a_mapper_that_hangs(exchange: SimulatedExchange) -> None:
    """Is down once the time is over."""
    mapper, cas, abs_ = ports_of(exchange)
    exchange.machine.faults["mapper"] = ServiceFault.HANGS
    outcome = await asked(mapper, cas, abs_, within=0.3)
    assert (outcome.up, outcome.ours) == (False, False)
    assert outcome.reason == f"no answer of the endpoint mapper at port {mapper} within 0.3 s"


async def test_any_interface_can_be_asked_for_by_its_uuid(loopback: Loopback) -> None:
    """Without advice, for it is not known what mends it."""
    netlogon = Syntax(UUID("12345678-1234-abcd-ef00-01234567cffb"), 1, 0)
    endpoint = await loopback.serve(serves(netlogon))
    mapper = await loopback.serve(maps({netlogon: [tower(netlogon, HERE, endpoint.port)]}))
    check = RpcCheck(service=str(netlogon), mapper=mapper.port)
    outcome = await ask_once(Endpoint(HERE, 1), check)
    assert (outcome.up, outcome.reason) == (True, f"{netlogon} at port {endpoint.port}")
    moved = RpcCheck(service=str(netlogon), mapper=mapper.port, ports=(RpcPorts(str(netlogon), 7, 7),))
    assert (await ask_once(Endpoint(HERE, 1), moved)).reason == f"{netlogon} is at port {endpoint.port}, not 7"


# --- mappers that answer oddly -----------------------------------------------------------------------------------------


async def single(loopback: Loopback, towers: Sequence[bytes], *ports: int) -> Outcome:
    """Probe EMSMDB of a host whose mapper answers with these towers."""
    mapper = await loopback.serve(maps({EMSMDB: towers}))
    return await asked(mapper.port, *ports, service="emsmdb")


async def test_three_towers_of_which_one_is_meant(loopback: Loopback) -> None:
    """Other protocols, other interfaces and other addresses of the same port are no other places."""
    port = (await loopback.serve(serves(EMSMDB))).port
    towers = [
        over(b"\x0f", EMSMDB, b"\\pipe\\x\0"),
        tower(NSPI, HERE, 1),
        tower(EMSMDB, STRANGER, 1),
        tower(EMSMDB, HERE, port),
    ]
    outcome = await single(loopback, towers, port)
    assert (outcome.up, outcome.reason) == (True, f"EMSMDB at port {port}")


async def test_three_towers_of_which_clients_reach_one(loopback: Loopback) -> None:
    """It is up, and told where else clients may be sent."""
    port = (await loopback.serve(serves(EMSMDB))).port
    outcome = await single(loopback, [tower(EMSMDB, HERE, each) for each in (7, port, 9)], port)
    assert (outcome.up, outcome.reason) == (
        True,
        f"EMSMDB at port {port} (the mapper names 7 and 9, too, which no relay has)",
    )


async def test_another_hosts_address_is_never_called(loopback: Loopback) -> None:
    """Clients go to the address that they asked, and so does the probe; the address is told."""
    port = (await loopback.serve(serves(EMSMDB))).port
    outcome = await single(loopback, [tower(EMSMDB, IPv4Address("127.0.0.2"), port)], port)
    assert (outcome.up, outcome.reason) == (True, f"EMSMDB at port {port} (the mapper names it at 127.0.0.2)")
    elsewhere = (await loopback.serve(serves(EMSMDB), address="127.0.0.2")).port
    outcome = await single(loopback, [tower(EMSMDB, IPv4Address("127.0.0.2"), elsewhere)], elsewhere)
    assert (outcome.up, outcome.reason) == (False, f"EMSMDB at port {elsewhere}: connection refused")


async def test_a_fault_is_told(loopback: Loopback) -> None:
    """With its number and, where it is known, its meaning."""

    def fails(_arguments: bytes) -> bytes:
        raise Fault(Status.ACCESS_DENIED)

    mapper = (await loopback.serve(answers(fails))).port
    outcome = await asked(mapper)
    reason = f"endpoint mapper at port {mapper}: fault 0x00000005 (access denied)"
    assert (outcome.up, outcome.reason) == (False, reason)


async def test_an_endpoint_that_is_no_mapper(loopback: Loopback) -> None:
    """As where `mapper` names the port of a service."""
    port = (await loopback.serve(serves(EMSMDB))).port
    outcome = await asked(port)
    reason = f"endpoint mapper at port {port}: bind refused (it does not serve this interface)"
    assert (outcome.up, outcome.reason) == (False, reason)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (serves(NSPI), "EMSMDB at port {}: bind refused (it does not serve this interface)"),
        (silent, "no answer of EMSMDB at port {} within 0.5 s"),
        (closes, "EMSMDB at port {}: connection "),
        (resets, "EMSMDB at port {}: connection reset"),
        (says(b"220 mail.lab.local ESMTP"), "EMSMDB at port {}: no DCE/RPC packet of version 5"),
        (
            says(Packet(kind=PacketType.BIND_NAK, call=1, body=bytes((2, 0))).pack()),
            "EMSMDB at port {}: bind refused (local limit exceeded)",
        ),
    ],
    ids=["another service", "silent", "closes", "resets", "SMTP", "refuses"],
)
async def test_a_service_that_is_registered_must_answer(loopback: Loopback, script: Script, reason: str) -> None:
    """A mapper that remembers a dead service does not make it live."""
    port = (await loopback.serve(script)).port
    mapper = await loopback.serve(maps({EMSMDB: [tower(EMSMDB, HERE, port)]}))
    outcome = await asked(mapper.port, port, service="emsmdb", within=0.5)
    assert (outcome.up, outcome.ours) == (False, False)
    assert outcome.reason.startswith(reason.format(port))


async def test_a_host_of_ipv6(loopback: Loopback) -> None:
    """Towers have no word for its address: whatever they say there is not odd."""
    service = await loopback.serve(serves(EMSMDB), address="::1")
    mapper = await loopback.serve(maps({EMSMDB: [tower(EMSMDB, STRANGER, service.port)]}), address="::1")
    outcome = await ask_once(mapper, RpcCheck(service="emsmdb", mapper=mapper.port))
    assert (outcome.up, outcome.reason) == (True, f"EMSMDB at port {service.port}")


# --- hostile mappers ---------------------------------------------------------------------------------------------------

LYING: Final = bytes(20) + (2**31).to_bytes(4, "little") * 4


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (closes, "connection "),
        (resets, "connection reset"),
        (says(b"\x05"), None),
        (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "no DCE/RPC packet of version 5"),
        (says(accepted(2)), "2 results of a bind to 1"),
        (says(b"\x05\0\x0c\x03\x10\0\0\0\xff\xff\0\0\1\0\0\0"), "a packet of 65535 bytes"),
        (says(b"\x05\0\x0c\x03\0\0\0\0\0\x20\0\0\0\0\0\1"), "a packet that is not little-endian"),
        (after_bind(response(b"x" * 1000, flags=0)), "fragments out of order"),
        (after_bind(response(b"", flags=1) + response(b"", flags=0) * 20), "an answer of more than 16 fragments"),
        (after_bind(response(b"x" * 5000, flags=1) + response(b"x" * 5000, flags=0) * 20), "an answer of more than 32768"),
        (after_bind(response(b"", call=9)), "an answer to another call"),
        (after_bind(response(LYING)), "2147483648 towers, where 8 were asked for"),
        (after_bind(response(LYING[:32] + bytes((8, 0, 0, 0)))), "a packet that is cut short"),
        (after_bind(response(bytes(20) + b"\1\0\0\0\x08" + bytes(7) + b"\1\0\0\0\1\0\0\0" + b"\xff" * 8)), "cut short"),
        (floods(response(b"x" * 5000)), "a packet of type 2 in answer to a bind"),
        (floods(b"\0" * 65536), "no DCE/RPC packet of version 5"),
        (after_bind(response(b"", flags=0), endless=True), "fragments out of order"),
        (drips(accepted(), 0.01), "no answer of the endpoint mapper"),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
async def test_hostile_mappers_cost_little(loopback: Loopback, script: Script, reason: str | None) -> None:
    """Lengths that lie and fragments without end are down at once or in time, with a reason in one line."""
    outcome = await asked((await loopback.serve(script)).port, within=0.5)
    assert (outcome.up, outcome.ours, outcome.seconds < 1.5) == (False, False, True)
    assert outcome.reason.isprintable()
    assert reason is None or reason in outcome.reason


async def test_a_service_of_many_ports_is_tried_at_few(loopback: Loopback) -> None:
    """A mapper cannot have us knock at every port of the host."""
    called: list[int] = []

    async def counts(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append(writer.get_extra_info("sockname")[1])

    ports = [(await loopback.serve(counts)).port for _ in range(6)]
    outcome = await single(loopback, [tower(EMSMDB, HERE, port) for port in ports])
    assert not outcome.up
    assert called == ports[:3]


# --- servers that others wrote -----------------------------------------------------------------------------------------


async def test_impackets_servers_are_up() -> None:
    """Mapper and services, byte for byte by impacket; what is wrong with them is found likewise."""
    with ExitStack() as stack:
        cas, abs_ = (stack.enter_context(impacket_rpc.service(each)) for each in (CLIENT_ACCESS, ADDRESS_BOOK))
        towers = {
            CLIENT_ACCESS: [
                impacket_rpc.pipe(CLIENT_ACCESS, r"\pipe\emsmdb"),
                impacket_rpc.tower(CLIENT_ACCESS, cas),
                impacket_rpc.tower(CLIENT_ACCESS, cas, address="10.80.2.1"),
            ],
            ADDRESS_BOOK: [impacket_rpc.tower(ADDRESS_BOOK, abs_)],
        }
        mapper = stack.enter_context(impacket_rpc.mapper(towers))
        outcome = await asked(mapper, cas, abs_)
        assert (outcome.up, outcome.reason) == (True, f"EMSMDB at port {cas}, NSPI at port {abs_}")
        outcome = await asked(mapper, cas, 59533)
        assert outcome.reason.startswith(f"NSPI is at port {abs_}, not 59533: set RpcTcpPort")
        outcome = await asked(mapper, service="12345778-1234-abcd-ef00-0123456789ac v1.0")
        assert outcome.reason == "12345778-1234-abcd-ef00-0123456789ac v1.0 is not registered with the endpoint mapper"
        swapped = stack.enter_context(impacket_rpc.mapper({CLIENT_ACCESS: [impacket_rpc.tower(CLIENT_ACCESS, abs_)]}))
        outcome = await asked(swapped, abs_, service="emsmdb")
        assert outcome.reason == f"EMSMDB at port {abs_}: bind refused (it does not serve this interface)"

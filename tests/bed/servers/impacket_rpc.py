"""An endpoint mapper and RPC services on loopback whose every byte impacket writes."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import IPv4Address
from typing import Any, Final, TypeAlias

from impacket.dcerpc.v5 import epm
from impacket.dcerpc.v5.rpcrt import DCERPCServer
from impacket.uuid import uuidtup_to_bin

Interface: TypeAlias = tuple[str, str]
"""UUID and version."""

MAPPER: Final = ("e1af8308-5d1f-11c9-91a4-08002b14a0fa", "3.0")
_MAP: Final = 3
_NOT_REGISTERED: Final = 0x16C9A0D6


def tower(interface: Interface, port: int, *, address: str = "127.0.0.1") -> bytes:
    """Return a tower over TCP."""
    served = epm.EPMRPCInterface()
    wanted = uuidtup_to_bin(interface)
    served["InterfaceUUID"] = wanted[:16]
    served["MajorVersion"], served["MinorVersion"] = (int.from_bytes(wanted[at : at + 2], "little") for at in (16, 18))
    syntax = epm.EPMRPCDataRepresentation()
    syntax["DataRepUuid"] = uuidtup_to_bin(("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0"))[:16]
    syntax["MajorVersion"], syntax["MinorVersion"] = 2, 0
    protocol = epm.EPMProtocolIdentifier()
    protocol["ProtIdentifier"] = epm.FLOOR_RPCV5_IDENTIFIER
    at, host = epm.EPMPortAddr(), epm.EPMHostAddr()
    at["IpPort"], host["Ip4addr"] = port, IPv4Address(address).packed
    floors = (served, syntax, protocol, at, host)
    made = epm.EPMTower()
    made["NumberOfFloors"] = len(floors)
    made["Floors"] = b"".join(floor.getData() for floor in floors)
    return bytes(made.getData())


def pipe(interface: Interface, name: str) -> bytes:
    """Return a tower over a named pipe, which no TCP client can use."""
    over_tcp = epm.EPMTower(tower(interface, 1))
    floor = epm.EPMPipeName()
    floor["PipeName"] = name.encode() + b"\0"
    made = epm.EPMTower()
    floors = [*over_tcp["Floors"][:3], floor]
    made["NumberOfFloors"] = len(floors)
    made["Floors"] = b"".join(each.getData() for each in floors)
    return bytes(made.getData())


def _answer(towers: Mapping[Interface, Sequence[bytes]], request: bytes) -> bytes:
    """Return what `ept_map` answers to a request."""
    asked = epm.ept_map(request)
    floors = epm.EPMTower(b"".join(asked["map_tower"]["tower_octet_string"]))["Floors"]
    wanted = bytes(floors[0].getData())[3:19]
    found = next((each for interface, each in towers.items() if uuidtup_to_bin(interface)[:16] == wanted), ())
    answer = epm.ept_mapResponse()
    answer["entry_handle"] = epm.ept_lookup_handle_t()
    answer["num_towers"] = len(found)
    for each in found:
        entry = epm.twr_p_t()
        entry["tower_length"], entry["tower_octet_string"] = len(each), each
        answer["ITowers"].append(entry)
    answer["status"] = 0 if found else _NOT_REGISTERED
    return bytes(answer.getData())


@contextmanager
def mapper(towers: Mapping[Interface, Sequence[bytes]]) -> Iterator[int]:
    """Serve an endpoint mapper that knows these, and give its port."""
    with _serving(MAPPER, {_MAP: lambda request: _answer(towers, request)}) as port:
        yield port


@contextmanager
def service(interface: Interface) -> Iterator[int]:
    """Serve an interface without operations, and give its port."""
    with _serving(interface, {}) as port:
        yield port


@contextmanager
def _serving(interface: Interface, operations: Mapping[int, Any]) -> Iterator[int]:
    """Serve one client at a time in a thread."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        thread = threading.Thread(target=_serve, args=(listener, interface, operations))
        thread.start()
        stack.callback(thread.join)
        stack.callback(listener.shutdown, socket.SHUT_RDWR)
        yield listener.getsockname()[1]


def _serve(listener: socket.socket, interface: Interface, operations: Mapping[int, Any]) -> None:
    with suppress(OSError):  # what `accept` raises once the test is over
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                server = DCERPCServer(connection)
                server.addCallbacks(interface, "", operations)
                with suppress(OSError):
                    while (data := server.recv()) is not None:
                        answer = server.processRequest(data)
                        if answer is not None:
                            server.send(answer)

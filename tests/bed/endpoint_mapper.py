"""A client of the RPC endpoint mapper, on impacket; it names itself by the object that it asks for."""

import socket
import struct
from ipaddress import IPv4Address
from typing import Any, Final
from uuid import UUID

from impacket.dcerpc.v5 import epm, lsat
from impacket.dcerpc.v5.transport import TCPTransport
from impacket.uuid import uuidtup_to_bin

PORT: Final = 135
LSARPC: Final[bytes] = lsat.MSRPC_UUID_LSAT
"""An interface that Samba's endpoint mapper knows."""
EMSMDB: Final[bytes] = uuidtup_to_bin(("a4f1db00-ca47-1067-b31f-00dd010662da", "0.81"))
"""RPC Client Access of Exchange, which Samba does not have: [MS-OXCRPC] 1.9."""
NOT_REGISTERED: Final = 0x16C9A0D6
"""`ept_s_not_registered`, [C706] appendix E."""

_NDR: Final[bytes] = uuidtup_to_bin(("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0"))


def object_of(address: str) -> UUID:
    """Return the object by which a client at an IPv4 address names itself in the server's log."""
    return UUID(int=int(IPv4Address(address)))


def address_of(object_name: str) -> str:
    """Return the address of the client that asked for an object: the reverse of `object_of`."""
    return str(IPv4Address(UUID(object_name).int & 0xFFFFFFFF))


class _FromAddress(TCPTransport):  # type: ignore[misc] # impacket has no types
    """A connection from one of this machine's addresses."""

    def __init__(self, client: str, server: str) -> None:
        super().__init__(server, PORT)
        self._ends = client, server

    def connect(self) -> int:
        client, server = self._ends
        self._TCPTransport__socket = socket.create_connection((server, PORT), timeout=10, source_address=(client, 0))
        return 1


def ask(interface: bytes, *, client: str, server: str) -> tuple[int, int]:
    """Ask the endpoint mapper at `server` where an interface is; return its status (0 is found) and the TCP port."""
    connection = _FromAddress(client, server).get_dce_rpc()
    connection.connect()
    try:
        connection.bind(epm.MSRPC_UUID_PORTMAP)
        reply = connection.request(_question(interface, client), checkError=False)
        status = int(reply["status"])
        return status, 0 if status else _port(b"".join(reply["ITowers"][0]["Data"]["tower_octet_string"]))
    finally:
        connection.disconnect()


def _question(interface: bytes, client: str) -> Any:
    """Return an `ept_map` request: [C706] appendix O, and appendix L for the tower's floors."""
    wanted = epm.EPMRPCInterface()
    wanted["InterfaceUUID"] = interface[:16]
    wanted["MajorVersion"], wanted["MinorVersion"] = struct.unpack("<HH", interface[16:20])
    syntax = epm.EPMRPCDataRepresentation()
    syntax["DataRepUuid"], syntax["MajorVersion"], syntax["MinorVersion"] = _NDR[:16], 2, 0
    protocol = epm.EPMProtocolIdentifier()
    protocol["ProtIdentifier"] = epm.FLOOR_RPCV5_IDENTIFIER
    port, host = epm.EPMPortAddr(), epm.EPMHostAddr()
    port["IpPort"], host["Ip4addr"] = 0, bytes(4)
    floors = (wanted, syntax, protocol, port, host)
    tower = epm.EPMTower()
    tower["NumberOfFloors"] = len(floors)
    tower["Floors"] = b"".join(floor.getData() for floor in floors)
    request = epm.ept_map()
    request["obj"] = object_of(client).bytes_le
    request["max_towers"] = 1
    request["map_tower"]["tower_length"] = len(tower)
    request["map_tower"]["tower_octet_string"] = tower.getData()
    return request


def _port(tower: bytes) -> int:
    return int(epm.EPMPortAddr(epm.EPMTower(tower)["Floors"][3].getData())["IpPort"])

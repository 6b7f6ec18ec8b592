"""The RPC interfaces of an Exchange 2010 server, as far as a client that only looks can tell.

Every endpoint also serves the interface by which an RPC server is asked for its principal name, as it does on Windows.
Source: [MS-OXCRPC] 1.9 (EMSMDB), [MS-OXNSPI] 1.9 (NSPI); C706, appendix Q (management).
"""

from struct import Struct
from typing import Final
from uuid import UUID

from bascule.lab.dcerpc import Status, Syntax, align
from bascule.lab.rpc_server import Fault, Interface

EMSMDB: Final = Syntax(UUID("a4f1db00-ca47-1067-b31f-00dd010662da"), 0, 81)
"""RPC Client Access: Outlook's mailbox sessions."""

NSPI: Final = Syntax(UUID("f5cc5a18-4264-101a-8c59-08002b2f8426"), 56, 0)
"""The Address Book service."""

MANAGEMENT: Final = Syntax(UUID("afa8bd80-7d8a-11c9-bef4-08002b102989"), 1, 0)
INQUIRE_PRINCIPAL_NAME: Final = 4

_ARGUMENTS: Final = Struct("<II")
_STRING_HEAD: Final = Struct("<III")


def management(principal: str) -> Interface:
    """Return the management interface of a server with this principal name: `exchangeMDB/EX1.lab.local`."""
    name = principal.encode("ascii") + b"\0"

    def inquire(arguments: bytes) -> bytes:
        _, size = _ARGUMENTS.unpack_from(arguments)
        if size < len(name):
            raise Fault(Status.INVALID_BOUND)
        return align(_STRING_HEAD.pack(size, 0, len(name)) + name) + bytes(4)

    return Interface(syntax=MANAGEMENT, operations={INQUIRE_PRINCIPAL_NAME: inquire})

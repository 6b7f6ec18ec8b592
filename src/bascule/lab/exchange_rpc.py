"""What every RPC endpoint of a simulated Exchange 2010 server also serves, as on Windows: who the server is.

Source: C706, appendix Q (the management interface).
"""

from struct import Struct
from typing import Final
from uuid import UUID

from bascule.dcerpc.packets import Status, Syntax, align
from bascule.lab.rpc_server import Fault, Interface

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

"""What a client asks a simulated server over RPC: where a service is, and who the server is."""

from struct import Struct

from bascule.dcerpc.client import call
from bascule.dcerpc.mapping import MAP, question, registrations
from bascule.dcerpc.packets import Syntax
from bascule.lab.exchange_rpc import INQUIRE_PRINCIPAL_NAME
from bascule.lab.wire import Wire

_LONG = Struct("<I")
_LONGS = Struct("<III")
_LONGEST_NAME = 256


async def principal_name(wire: Wire, index: int) -> str:
    """Ask the management interface, bound under an index, who the server is: `exchangeMDB/EX1.lab.local`."""
    results = await call(wire, index, INQUIRE_PRINCIPAL_NAME, bytes(4) + _LONG.pack(_LONGEST_NAME))
    _, _, length = _LONGS.unpack_from(results)
    return results[_LONGS.size : _LONGS.size + length].rstrip(b"\0").decode("ascii")


async def mapped_port(wire: Wire, index: int, interface: Syntax) -> int:
    """Ask the endpoint mapper, bound under an index, for an interface's port. Raises ValueError where it knows none."""
    found = registrations(await call(wire, index, MAP, question(interface)), interface)
    if not found:
        raise ValueError("the endpoint mapper knows no port")
    return found[0].port

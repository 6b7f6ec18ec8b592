"""The `interface` block: addresses and routes."""

from collections.abc import Hashable, Mapping
from typing import Any, Final

from bascule.config.kinds.addresses import ADDRESS as ADDRESS_KIND
from bascule.config.kinds.addresses import INTERFACE_ADDRESS, NETWORK
from bascule.config.kinds.numbers import integer
from bascule.config.kinds.texts import identifier, text
from bascule.config.model import Address, InterfaceAddress, Network
from bascule.config.schema.clause import Clause, Value, by_values

INTERFACE: Final = Value("interface", identifier("INTERFACE", "an interface's name, such as eth0", 15))
ADDRESS: Final[Value[InterfaceAddress]] = Value("address", INTERFACE_ADDRESS)
DESTINATION: Final[Value[Network]] = Value("destination", NETWORK)
GATEWAY: Final[Value[Address]] = Value("gateway", ADDRESS_KIND)
DEFAULT_GATEWAY: Final[Value[Address]] = Value("gateway", ADDRESS_KIND, optional=True)
MTU: Final = Value("mtu", integer(576, 65535))
DESCRIPTION: Final = Value("description", text("a text in quotes"))


def _destination(values: Mapping[str, Any]) -> Hashable:
    """Tell routes apart by where they lead: there is one default route of each IP version."""
    if DESTINATION.name in values:
        return str(values[DESTINATION.name])
    gateway: Address | None = values.get(DEFAULT_GATEWAY.name)
    return None if gateway is None else gateway.version


INTERFACES: Final = Clause(
    word="interface",
    parts=(INTERFACE,),
    many=True,
    identity=by_values,
    help="a network interface and what it shall have",
    block=(
        Clause(
            word="address",
            many=True,
            identity=by_values,
            help="an address of this machine",
            choices=(
                Clause(word="dhcp", help="whatever a DHCP client gives; it counts as named here, and is never taken"),
                Clause(
                    parts=(ADDRESS,),
                    help="this one, which the machine gets where it has it not",
                    options=(
                        Clause(word="virtual", help="it moves with the cluster"),
                        Clause(word="unmanaged", help="somebody else, such as keepalived, gives and takes it"),
                    ),
                ),
            ),
        ),
        Clause(
            word="route",
            many=True,
            identity=_destination,
            help="where packets leave to",
            choices=(
                Clause(word="default", parts=(DEFAULT_GATEWAY,), help="everything that no other route takes"),
                Clause(parts=(DESTINATION, GATEWAY), help="one network"),
            ),
        ),
        Clause(word="mtu", parts=(MTU,), default="as it is", help="the longest packet, in bytes"),
        Clause(word="description", parts=(DESCRIPTION,), help="what people call it"),
    ),
)

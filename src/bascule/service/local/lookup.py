"""Which hosts and relays an operator means by a name."""

from collections.abc import Collection, Mapping

from bascule.config.model import Address
from bascule.config.wording import nearest
from bascule.plan.explain import called
from bascule.plan.model import Plan
from bascule.plan.orders import Orders
from bascule.service.failures import NotFound, OperationFailed


def hosts_named(plan: Plan, orders: Orders, name: str, relay: str) -> Mapping[Address, str]:
    """Return the hosts of that name or address, in one relay or ("") in any: address and label.

    A host of both IP versions is two of one name, and a name with several addresses is several. Hosts that only an order
    still knows are found too, so that it can be taken back. Raises OperationFailed, with the nearest name, where there is
    none.
    """
    _known_relay(plan, orders, relay)
    known = {
        (host.endpoint.address, host.label) for each in plan.relays for host in each.pool.hosts if relay in {"", each.name}
    } | {(order.host, order.name) for order in orders if relay in {"", order.relay}}
    found = {address: label for address, label in sorted(known, key=str) if called(label, address, name)}
    if not found:
        lacking = f"relay {relay} has no" if relay else "no table has a"
        words = {word for address, label in known for word in (label, str(address))}
        raise OperationFailed(NotFound(message=f"{lacking} host {name}{_hint(name, words)}"))
    return found


def _known_relay(plan: Plan, orders: Orders, relay: str) -> None:
    names = {each.name for each in plan.relays} | {order.relay for order in orders}
    if relay and relay not in names:
        raise OperationFailed(NotFound(message=f"there is no relay {relay}{_hint(relay, names)}"))


def _hint(name: str, known: Collection[str]) -> str:
    spelt = {word.lower(): word for word in sorted(known)}
    near = nearest(name, spelt)
    return f" (did you mean {spelt[near]}?)" if near else ""

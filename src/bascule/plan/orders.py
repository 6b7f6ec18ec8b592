"""What administrators have ordered of hosts while everything runs: drained, disabled, a check overridden. Pure values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bascule.config.model import Address


class Duty(StrEnum):
    """What a host has to do, by an administrator's word."""

    SERVES = "enabled"
    """What its check says decides."""
    DRAINED = "drained"
    """It takes no new clients; those it has may stay to their end."""
    DISABLED = "disabled"
    """It has no clients, and its checks do not count."""
    FORCED_UP = "forced up"
    FORCED_DOWN = "forced down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order that stands."""

    host: Address
    name: str
    """What people call the host."""
    relay: str = ""
    """The one relay it is about; empty is every relay."""
    duty: Duty
    by: str
    """Who gave it."""
    since: datetime
    until: datetime | None = None
    """When it ends by itself; of a drain, when the sessions that are left end. None is never."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Orders:
    """Every order that stands, by host and relay. What is said of one relay counts before what is said of all."""

    standing: Mapping[tuple[Address, str], Order] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Order]:
        return iter(self.standing.values())

    def of(self, host: Address, relay: str) -> Order | None:
        """Return the order that counts for a host of a relay; None where its check decides."""
        order = self.standing.get((host, relay)) or self.standing.get((host, ""))
        return None if order is None or order.duty is Duty.SERVES else order

    def duty(self, host: Address, relay: str) -> Duty:
        """Return what a host of a relay has to do."""
        order = self.of(host, relay)
        return Duty.SERVES if order is None else order.duty

    def after(self, order: Order) -> "Orders":
        """Return the orders after one more: about every relay it replaces all others about that host.

        That a host serves one relay is kept only where something else is said of it everywhere.
        """
        left = {
            place: other
            for place, other in self.standing.items()
            if place[0] != order.host or (order.relay and place[1] != order.relay)
        }
        if order.duty is not Duty.SERVES or (order.host, "") in left:
            left[order.host, order.relay] = order
        return Orders(left)

    def without(self, order: Order) -> "Orders":
        """Return the orders after one has ended by itself."""
        left = {place: other for place, other in self.standing.items() if other != order}
        return Orders(
            {place: other for place, other in left.items() if other.duty is not Duty.SERVES or (place[0], "") in left}
        )

    def instead(self, order: Order, other: Order) -> "Orders":
        """Return the orders with another in the place of one, of the same host and relay."""
        return Orders({place: other if each == order else each for place, each in self.standing.items()})

    def due(self, now: datetime) -> list[Order]:
        """Return the orders whose time has come."""
        return [order for order in self if order.until is not None and order.until <= now]

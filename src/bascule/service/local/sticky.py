"""Clients whose host is remembered: listed with names, forgotten by hand, and watched lest there be too many."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Final

from bascule.config.model import Address
from bascule.engines.nftables.remembered import Remembered
from bascule.engines.nftables.rules.sticky import STICKY_SIZE, remembering
from bascule.plan.model import Plan
from bascule.service.failures import NotFound, OperationFailed
from bascule.service.local.naming import Names
from bascule.service.operations import ForgetSticky, ShowSticky
from bascule.service.results import Forgotten, Sticky
from bascule.service.sticky import StickyRow
from bascule.system.nft import Nft

_CROWDED: Final = 0.8
"""The share of a map from which on it is said that it fills up."""


class StickyClients:
    """The remembered clients of a running plan."""

    def __init__(self, nft: Nft) -> None:
        self._remembered = Remembered(nft)

    async def listed(self, plan: Plan, request: ShowSticky) -> Sticky:
        """Return the clients that were asked for. Raises OperationFailed for names of nobody, MachineError."""
        _known(plan, request.relay)
        client = None if request.client is None else _address(request.client)
        names = Names(plan)
        found = [each for each in await self._remembered.clients(plan, request.relay) if client in (None, each.address)]
        rows = []
        for each in found[: request.limit]:
            owner = names.owner(each.mark)
            rows.append(
                StickyRow(
                    client=str(each.address),
                    relay=owner.relay if owner else "",
                    host=owner.host if owner else "",
                    address=str(owner.endpoint.address) if owner else "",
                    remaining=each.remaining,
                )
            )
        return Sticky(clients=tuple(rows), total=len(found))

    async def forget(self, plan: Plan, request: ForgetSticky) -> Forgotten:
        """Forget one client or all. Raises OperationFailed where neither is said or nobody is meant, MachineError."""
        if request.all == (request.client is not None):
            raise OperationFailed(NotFound(message="name a client, or say --all"))
        _known(plan, request.relay)
        client = None if request.client is None else _address(request.client)
        count = await self._remembered.forget(plan, request.relay, client)
        if client is not None and not count:
            raise OperationFailed(NotFound(message=f"no host is remembered for {client}"))
        return Forgotten(clients=count)

    async def crowds(self, plan: Plan) -> Sequence[str]:
        """Return a sentence for each service that remembers so many clients that soon it can remember no more."""
        return [*_crowds(await self._remembered.fill(plan))] if remembering(plan) else []


def _crowds(fill: Mapping[str, int]) -> Iterator[str]:
    for name, count in fill.items():
        if count >= _CROWDED * STICKY_SIZE:
            service = name.removeprefix("m_sticky_").rpartition(".")[0]
            yield (
                f"sticky-address of {service} remembers {count} clients of {STICKY_SIZE} at most: further ones are spread "
                "without being remembered; a shorter timeout helps"
            )


def _known(plan: Plan, relay: str | None) -> None:
    if relay is not None and relay not in {part.name for part in remembering(plan)}:
        raise OperationFailed(NotFound(message=f"no relay or redirect {relay} has a sticky-address"))


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise OperationFailed(NotFound(message=f"{text} is no IP address")) from None

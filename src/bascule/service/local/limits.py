"""What limits do to one client: how near it is to them, and where it was refused within the last hour."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bascule.config.model import Address, EngineName
from bascule.engines.nftables.rules.limits import HITS
from bascule.engines.nftables.ruleset import FAMILY, TABLE
from bascule.plan.model import Plan
from bascule.service.sessions import SessionRow
from bascule.system.nft import Nft


async def limits_of(nft: Nft, plan: Plan, client: Address, living: Sequence[SessionRow]) -> Sequence[str]:
    """Return a sentence for each limit that a client has come near to or met. Raises MachineError."""
    words = [*_fill(plan, client, living)]
    if any(relay.limits and relay.version == client.version for relay in plan.of(EngineName.KERNEL)):
        words += _hits(plan, client, await nft.named("set", FAMILY, TABLE, f"s_limited{client.version}"))
    return words


def _fill(plan: Plan, client: Address, living: Sequence[SessionRow]) -> Iterator[str]:
    """Yield how many sessions the client has where they are counted."""
    counts = Counter(row.relay for row in living)
    limits = {
        relay.name: relay.limits.source_sessions
        for relay in plan.relays
        if relay.version == client.version and relay.limits.source_sessions is not None
    }
    for relay, most in limits.items():
        if counts[relay]:
            yield f"{relay}: {counts[relay]} of {most} sessions (max source sessions)"


def _hits(plan: Plan, client: Address, entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the client was refused, and how long ago it was last."""
    for item in entry.get("elem", ()):
        element = item["elem"]
        source, listen, port = (str(part) for part in element["val"]["concat"])
        if source == str(client):
            ago = HITS - int(element["expires"])
            yield f"{_service(plan, listen, int(port))}: refused by a limit, the last time {max(0, ago)} s ago"


def _service(plan: Plan, listen: str, port: int) -> str:
    """Return the relay that listens at a place; the place itself where none does any more."""
    found = (
        relay.name for relay in plan.relays for end in relay.listens if str(end.address) == listen and port in end.ports
    )
    return next(found, f"{listen} port {port}")

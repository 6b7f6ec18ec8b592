"""What a deployment changes for routers: which packets leave by which gateways. Pure."""

from collections.abc import Iterator, Sequence

from bascule.config.model import Network
from bascule.plan.model import Gateway, RouterPlan


def effects_of_routers(before: Sequence[RouterPlan], after: Sequence[RouterPlan]) -> Iterator[str]:
    """Yield a sentence for each thing that changes; which gateways are up is not asked."""
    old, new = ({router.name: router for router in routers} for routers in (before, after))
    for name, router in old.items():
        if name not in new:
            yield f"router {name} is gone: it leads packets for {_far(router.destinations)} nowhere any more"
    for name, router in new.items():
        yield from _changed(old[name], router) if name in old else _came(router)


def _came(router: RouterPlan) -> Iterator[str]:
    if router.gateways:
        yield f"router {router.name} is new: packets for {_far(router.destinations)} leave by {_ways(router.gateways)}"
    else:
        yield f"router {router.name} is new, and has no gateway in a network of this machine: it makes no route"


def _changed(old: RouterPlan, new: RouterPlan) -> Iterator[str]:
    if lost := [each for each in old.destinations if each not in new.destinations]:
        yield f"router {new.name} leads packets for {_far(lost)} nowhere any more"
    if led := [each for each in new.destinations if each not in old.destinations]:
        yield f"router {new.name} leads packets for {_far(led)} as well"
    if _places(old) != _places(new):
        yield f"packets of router {new.name} leave by {_ways(new.gateways)}"
    elif old.gateways != new.gateways:
        yield f"router {new.name}: its gateways are called, or checked, otherwise"


def _places(router: RouterPlan) -> Sequence[tuple[object, str]]:
    return [(gateway.address, gateway.interface) for gateway in router.gateways]


def _ways(gateways: Sequence[Gateway]) -> str:
    """Return the gateways in their order."""
    if not gateways:
        return "none: none is in a network of this machine"
    first, *others = map(str, gateways)
    return f"{first}, while that is down by {', then '.join(others)}" if others else first


def _far(destinations: Sequence[Network]) -> str:
    words = [str(each) if each.prefixlen else f"everywhere else (IPv{each.version})" for each in destinations]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

"""What a deployment changes, in effect: from two plans, not from their texts. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from bascule.config.model import Network, OnRemove
from bascule.deploy.effects_of_firewall import effects_of_firewall
from bascule.deploy.effects_of_routers import effects_of_routers
from bascule.plan.model import NO_HOST, AdminPlan, Endpoint, LinkPlan, NetworkPlan, Plan, PlannedRoute, RelayPlan

Item = TypeVar("Item")

Sessions: TypeAlias = Mapping[tuple[str, Endpoint], int]
"""How many live, by relay and host."""
Parts: TypeAlias = Sequence[RelayPlan]
"""The plans of one relay: several where it listens on both IP versions."""


def effects(before: Plan, after: Plan, sessions: Sessions) -> Sequence[str]:
    """Return what changes for clients and hosts, a sentence each; both plans are as if every host were up."""
    old, new = _by_name(before), _by_name(after)
    gone = [sentence for name in old if name not in new for sentence in _gone(name, old[name], sessions)]
    came = [sentence for name in new if name not in old for sentence in _came(new[name])]
    changed = [s for name in new if name in old for s in _changed(name, old[name], new[name], sessions)]
    admin = _admin(before.admin, after.admin)
    firewall = effects_of_firewall(before.firewall, after.firewall)
    led = {destination for router in (*before.routers, *after.routers) for destination in router.destinations}
    network = _network(_without(before.network, led), _without(after.network, led))
    routers = effects_of_routers(before.routers, after.routers)
    return [*network, *routers, *admin, *firewall, *gone, *came, *changed]


def apart(before: Plan, after: Plan) -> tuple[Plan, Plan]:
    """Return both plans without the relays that are the same in both: `effects` says the same of what is left.

    To suppose every host of a large plan up takes long where its slots were never dealt so. Relays of one affinity group,
    which go by each other's hosts, stay together.
    """
    old, new = _by_name(before), _by_name(after)
    changed = {
        name
        for name in old.keys() | new.keys()
        if [*map(_settings, old.get(name, ()))] != [*map(_settings, new.get(name, ()))]
    }
    groups = {part.affinity for part in (*before.relays, *after.relays) if part.name in changed} - {""}
    return _only_of(before, changed, groups), _only_of(after, changed, groups)


def _only_of(plan: Plan, names: Collection[str], groups: Collection[str]) -> Plan:
    return replace(plan, relays=tuple(each for each in plan.relays if each.name in names or each.affinity in groups))


def _admin(before: AdminPlan, after: AdminPlan) -> Iterator[str]:
    """Yield where administrators come from now on, and where until the commit or not any more."""
    old = {each.endpoint: each for each in before.listeners}
    new = {each.endpoint: each for each in after.listeners if not each.passing}
    yield from _once(f"the admin server answers at {_door(each)}" for each in new if each not in old)
    renewed = [each for each in new if each in old and old[each].certificate != new[each].certificate]
    yield from _once(f"the admin server at {_door(each)} has another certificate" for each in renewed)
    passing = [each.endpoint for each in after.listeners if each.passing]
    yield from _once(f"it answers at {_door(each)} until this is committed, too" for each in passing)
    left = [each for each in old if each not in new and each not in passing]
    yield from _once(f"the admin server takes nobody at {_door(each)} any more" for each in left)


def _door(endpoint: Endpoint) -> str:
    return f"port {endpoint.port} of every address" if endpoint.address.is_unspecified else str(endpoint)


def _once(sentences: Iterable[str]) -> Iterator[str]:
    """Yield each of them once: both IP versions have the same to say."""
    yield from dict.fromkeys(sentences)


def _without(network: NetworkPlan, led: Collection[Network]) -> NetworkPlan:
    """Return a network without the routes of routers, of which more is to be said."""
    return replace(network, routes=tuple(each for each in network.routes if each.destination not in led))


def _network(before: NetworkPlan, after: NetworkPlan) -> Iterator[str]:
    """Yield what interfaces get, and what they lose if it was we who gave it: others' addresses and routes stay."""
    for address in _only(after.addresses, before.addresses):
        yield f"{address.interface} has {address.address}"
    for route in _only(after.routes, before.routes):
        yield f"packets for {_far(route)} leave by {route.gateway} on {route.interface}"
    for address in _only(before.addresses, after.addresses):
        yield f"{address.interface} loses {address.address}, if Bascule gave it"
    for route in _only(before.routes, after.routes):
        yield f"packets for {_far(route)} do not leave by {route.gateway} any more, if Bascule made them"
    for name, link in after.links.items():
        if link.mtu is not None and before.links.get(name, LinkPlan()).mtu != link.mtu:
            yield f"packets on {name} are {link.mtu} bytes long at most"


def _only(these: Sequence[Item], those: Sequence[Item]) -> Sequence[Item]:
    return [one for one in these if one not in those]


def _far(route: PlannedRoute) -> str:
    return str(route.destination) if route.destination.prefixlen else "everywhere else"


def _by_name(plan: Plan) -> Mapping[str, Parts]:
    found: dict[str, list[RelayPlan]] = {}
    for relay in plan.relays:
        found.setdefault(relay.name, []).append(relay)
    return found


def _gone(name: str, parts: Parts, sessions: Sessions) -> Iterator[str]:
    yield f"{_title(parts)} is gone: it takes no client at {_places(_listens(parts))}"
    for endpoint in _hosts(parts):
        yield from _leaving(name, parts, endpoint, sessions, parts)


def _came(parts: Parts) -> Iterator[str]:
    served, bare = [part for part in parts if part.pool.hosts], [part for part in parts if not part.pool.hosts]
    if not served:
        where = _places(_listens(parts))
        yield f"{_title(parts)} is new: it takes clients at {where} and has no host yet: they are refused"
        return
    hosts = dict.fromkeys(_hosts(served).values())
    yield f"{_title(parts)} is new: it takes clients at {_places(_listens(served))} for {_list(list(hosts))}"
    if bare:
        yield f"{_title(parts)} refuses clients at {_places(_listens(bare))}: no host has an address of that IP version"


def _changed(name: str, old: Parts, new: Parts, sessions: Sessions) -> Sequence[str]:
    """Return what changes in a relay; where nothing of it has a sentence of its own, that something does."""
    said = list(_told(name, old, new, sessions))
    if not said and set(map(_settings, old)) != set(map(_settings, new)):
        said.append(f"{_title(new)}: other settings change")
    return said


def _settings(relay: RelayPlan) -> RelayPlan:
    """Return a relay without what is dealt and allocated while it runs."""
    hosts = tuple(replace(host, mark=0, full=False) for host in relay.pool.hosts)
    return replace(relay, pool=replace(relay.pool, hosts=hosts, slots=(), taking=()))


def _told(name: str, old: Parts, new: Parts, sessions: Sessions) -> Iterator[str]:
    title = _title(new)
    if closed := [listen for listen in _listens(old) if listen not in _listens(new)]:
        yield f"{title} takes no more clients at {_places(closed)}"
    if opened := [listen for listen in _listens(new) if listen not in _listens(old)]:
        yield f"{title} takes clients at {_places(opened)} as well"
    if (zones := _zones(new)) != _zones(old):
        yield f"{title} takes clients of {'every zone' if '' in zones else _list([f'zone {zone}' for zone in zones])}"
    if old[0].engine is not new[0].engine:
        yield f"{title} is carried by the {new[0].engine} from now on, not by the {old[0].engine}"
    before, after = _hosts(old), _hosts(new)
    elsewhere = {endpoint.address: endpoint for endpoint in after if endpoint not in before}
    for endpoint, label in before.items():
        if endpoint in after:
            continue
        if moved := elsewhere.get(endpoint.address):
            yield f"{label} is reached at {moved}, not at {endpoint}"
        else:
            yield from _leaving(name, old, endpoint, sessions, new)
    yield from _moves(old, new)
    if old[0].session_timeout != new[0].session_timeout:
        yield f"{title}: new sessions may be silent for {new[0].session_timeout} s, not {old[0].session_timeout} s"


def _leaving(name: str, old: Parts, endpoint: Endpoint, sessions: Sessions, new: Parts) -> Iterator[str]:
    """Yield what becomes of the sessions of a host that is taken out: as the new text says, where the relay stays."""
    number = sessions.get((name, endpoint), 0)
    label = _hosts(old)[endpoint]
    fate = "ends" if new[0].on_remove is OnRemove.RESET else "drains"
    if not number:
        yield f"{label} leaves {_title(old)}"
    elif number == 1:
        yield f"{label} leaves {_title(old)}: its one session {fate}"
    else:
        yield f"{label} leaves {_title(old)}: its {number} sessions {fate.removesuffix('s')}"


def _moves(old: Parts, new: Parts) -> Iterator[str]:
    """Yield how many slots each host gains; those that it loses are gained by others."""
    gained: dict[str, int] = {}
    had: set[str] = set()
    total = 0
    for before, after in _pairs(old, new):
        total += len(after.pool.slots)
        had.update(label for endpoint, label in _hosts(new).items() if endpoint in _owners(before))
        for was, now in zip(_owners(before), _owners(after), strict=True):
            if now != was and now is not None:
                label = _hosts(new)[now]
                gained[label] = gained.get(label, 0) + 1
    for label, slots in gained.items():
        yield f"{_title(new)} now sends {slots}{' more' if label in had else ''} of {total} slots to {label}"


def _pairs(old: Parts, new: Parts) -> Iterator[tuple[RelayPlan, RelayPlan]]:
    """Yield the parts that serve the same clients before and after."""
    known = {(part.version, part.transport, part.interface, part.zone): part for part in reversed(old)}
    for part in new:
        if before := known.get((part.version, part.transport, part.interface, part.zone)):
            yield before, part


def _owners(relay: RelayPlan) -> Sequence[Endpoint | None]:
    hosts = relay.pool.hosts
    return [None if slot == NO_HOST else hosts[slot].endpoint for slot in relay.pool.slots]


def _hosts(parts: Parts) -> Mapping[Endpoint, str]:
    return {host.endpoint: host.label for part in parts for host in part.pool.hosts}


def _listens(parts: Parts) -> Sequence[Endpoint]:
    return [listen for part in parts for listen in part.listens]


def _zones(parts: Parts) -> Sequence[str]:
    return sorted({part.zone for part in parts})


def _places(endpoints: Sequence[Endpoint]) -> str:
    return _list([str(endpoint) for endpoint in endpoints])


def _title(parts: Parts) -> str:
    return parts[0].title


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nobody"

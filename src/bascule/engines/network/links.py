"""Gives interfaces the addresses and routes of a plan before anybody uses them, and takes those of an earlier one last.

What the machine has already is adopted: it counts as given, and stays when the plan no longer names it.
"""

import asyncio
import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.model import Address, InterfaceAddress
from bascule.engines.network.given import Given, GivenFile
from bascule.plan.model import LinkPlan, NetworkPlan, PlannedAddress, PlannedRoute
from bascule.system.announce import Neighbours
from bascule.system.errors import Attempts, MachineError
from bascule.system.links import (
    OUR_METRIC,
    Act,
    AddAddress,
    AddWay,
    Link,
    Links,
    LinksDoor,
    RemoveAddress,
    RemoveWay,
    SetLink,
)

LONGEST_DETECTION: Final = 4.0
"""Seconds to wait for the kernel to have asked: up to one before the question, and one for an answer (RFC 4862, 5.4)."""

_LOOK: Final = 0.1


@dataclass(frozen=True, slots=True)
class Seen:
    """Interfaces as they are, and what of it is ours."""

    now: Links
    given: Given

    def held(self) -> frozenset[PlannedAddress]:
        """Return every address there is."""
        return frozenset(
            PlannedAddress(link.name, address) for link in self.now.links.values() for address in link.addresses
        )

    def ours(self) -> frozenset[PlannedAddress]:
        """Return the addresses that we gave and that are still there."""
        return self.given.addresses & self.held()

    def our_routes(self) -> frozenset[PlannedRoute]:
        """Return the routes that we gave."""
        return frozenset(PlannedRoute(way.interface, way.destination, way.gateway) for way in self.now.ways if way.ours)


@dataclass(frozen=True, slots=True)
class Forget:
    """Note no more what is not so: an address that is gone, or somebody else's; an interface's old settings that it has."""

    note: PlannedAddress | str


Change: TypeAlias = Act | Forget

_EXISTS: Final = os.strerror(errno.EEXIST)
"""What the kernel says of an address that somebody else has given meanwhile."""


class LinksEngine:
    """What both halves do alike. Raises MachineError wherever the machine refuses."""

    name = "network"

    def __init__(self, door: LinksDoor, neighbours: Neighbours, file: GivenFile) -> None:
        self._door = door
        self._neighbours = neighbours
        self._file = file

    async def observe(self) -> Seen:
        """Return what is there, and what of it is ours."""
        return Seen(await asyncio.to_thread(self._door.look), self._file.read())

    async def rehearse(self, changes: Sequence[Change]) -> Sequence[Diagnostic]:
        """Ask the segments who has the addresses that we would give."""
        given: dict[str, list[InterfaceAddress]] = {}
        for act in changes:
            if isinstance(act, AddAddress):
                given.setdefault(act.interface, []).append(act.address)
        said = await asyncio.gather(*(asyncio.to_thread(self._taken, name, given[name]) for name in given))
        return [diagnostic for found in said for diagnostic in found]

    def _taken(self, interface: str, addresses: Sequence[InterfaceAddress]) -> Sequence[Diagnostic]:
        try:
            holders = self._neighbours.holders(interface, [address.ip for address in addresses])
        except MachineError:
            return []  # who cannot ask goes on as if there were nobody
        return [
            Diagnostic.warning(
                Span(),
                f"another machine has {address} already: {holder} on the segment of {interface}",
                "clients reach the one or the other until only one has it",
            )
            for address, holder in holders.items()
        ]

    async def apply(self, changes: Sequence[Change]) -> None:
        """Make the changes one by one; what we give is noted before, what we take after.

        Returns when what was given may be used, or after some seconds.
        """
        await asyncio.to_thread(self._apply, changes)
        await self._usable([act for act in changes if isinstance(act, AddAddress) and act.detect])

    async def _usable(self, given: Sequence[AddAddress]) -> None:
        """Wait while the kernel asks for new addresses, since nobody can listen there before; then tell neighbours."""
        for _ in range(round(LONGEST_DETECTION / _LOOK) if given else 0):
            links = (await asyncio.to_thread(self._door.look)).links
            known = [(act, links[act.interface]) for act in given if act.interface in links]
            if not any(act.address.ip in link.tentative for act, link in known):
                for act, link in known:
                    if act.address.ip not in link.duplicated:
                        await asyncio.to_thread(self._announce, act)
                return
            await asyncio.sleep(_LOOK)

    async def again(self, addresses: Sequence[PlannedAddress]) -> None:
        """Give addresses anew of which another machine had the same, and wait for nothing: the kernel asks again.

        Those that others gave stay as they are.
        """
        ours = (await self.observe()).ours() if addresses else frozenset()
        for each in ours & frozenset(addresses):
            acts = (RemoveAddress(each.interface, each.address), AddAddress(each.interface, each.address, detect=True))
            await asyncio.to_thread(self._apply, acts)

    def _announce(self, act: AddAddress) -> None:
        with suppress(MachineError):  # whoever cannot be told now finds out when its own memory is old
            self._neighbours.announce(act.interface, act.address.ip)

    def _apply(self, changes: Sequence[Change]) -> None:
        for act in changes:
            given = self._file.read()
            if isinstance(act, Forget):
                self._drop(act.note, given)
                continue
            if isinstance(act, AddAddress):
                self._note(given, addresses=given.addresses | {PlannedAddress(act.interface, act.address)})
            if isinstance(act, SetLink):
                self._note(given, before={**given.before, act.interface: self._before(act, given)})
            try:
                self._door.do(act)
            except MachineError as error:
                if isinstance(act, AddAddress) and error.cause == _EXISTS:  # else it may be there, and then it is ours
                    self._know(self._file.read(), addresses=given.addresses)
                raise
            if isinstance(act, RemoveAddress):
                self._know(given, addresses=given.addresses - {PlannedAddress(act.interface, act.address)})
            if isinstance(act, AddAddress) and not act.detect:
                self._announce(act)

    def _drop(self, note: PlannedAddress | str, given: Given) -> None:
        before = {name: link for name, link in given.before.items() if name != note}
        self._know(given, addresses=given.addresses - {note}, before=before)

    def _note(self, given: Given, **changed: object) -> None:
        """Note what is about to be ours: what cannot be noted is not done."""
        changes = replace(given, **changed)  # type: ignore[arg-type]  # fields by name
        if changes != given:
            self._file.write(changes)

    def _know(self, given: Given, **changed: object) -> None:
        """Note what is done and cannot be undone for the sake of a note."""
        changes = replace(given, **changed)  # type: ignore[arg-type]  # fields by name
        if changes != given:
            self._file.know(changes)

    def _before(self, act: SetLink, given: Given) -> LinkPlan:
        """Return what an interface was before we first changed it."""
        link, known = self._door.look().links.get(act.interface), given.before.get(act.interface, LinkPlan())
        if link is None:
            return known
        return LinkPlan(
            mtu=link.mtu if known.mtu is None and act.mtu is not None else known.mtu,
            alias=link.alias if known.alias is None and act.alias is not None else known.alias,
        )

    async def restore(self, snapshot: Seen) -> None:
        """Bring back what was observed: what we have given since goes, what we have taken since comes back.

        All of it is tried, also where our notes cannot be written. What stood on an interface that is gone is gone with it.
        """
        await asyncio.to_thread(self._bring_back, snapshot, await self.observe())

    def _bring_back(self, snapshot: Seen, now: Seen) -> None:
        attempts = Attempts()
        self._know(now.given, addresses=now.given.addresses | snapshot.ours())
        for act in _way_back(snapshot, now):
            with attempts.one():
                self._door.do(act)
        attempts.over()
        self._know(self._file.read(), addresses=snapshot.given.addresses, before=snapshot.given.before)


class Arrivals(LinksEngine):
    """Gives what a plan names and interfaces lack."""

    def difference(self, desired: NetworkPlan, observed: Seen) -> Sequence[Change]:
        """Return what to give; nothing where we may not."""
        if not desired.changeable:
            return []
        return [*_set_links(desired, observed), *_missing(desired, observed), *_lacking(desired, observed)]


class Departures(LinksEngine):
    """Takes what we gave and a plan names no more."""

    def difference(self, desired: NetworkPlan, observed: Seen) -> Sequence[Change]:
        """Return what to take, routes first; interfaces that are named no more are as they were before."""
        if not desired.changeable:
            return []
        named = {_place(each) for each in (*desired.addresses, *desired.left)}  # with another length it was replaced
        gone = frozenset(each for each in observed.ours() if _place(each) not in named)
        led = {each.destination for each in desired.routes}  # by another gateway it was replaced
        routes = frozenset(each for each in observed.our_routes() if each.destination not in led)
        return [*_takes(gone, routes), *_let_be(desired, observed), *_outdated(desired, observed)]

    async def apply(self, changes: Sequence[Change]) -> None:
        """Make them; what interfaces have back is the operator's to change from then on."""
        await super().apply(changes)
        self._forget(changes)

    def _forget(self, changes: Sequence[Change]) -> None:
        """Forget what interfaces have back: it is the operator's to change from then on."""
        given = self._file.read()
        before = dict(given.before)
        for act in changes:
            if isinstance(act, SetLink) and act.interface in before:
                known = before[act.interface]
                before[act.interface] = LinkPlan(
                    mtu=known.mtu if act.mtu is None else None, alias=known.alias if act.alias is None else None
                )
        self._know(given, before={name: link for name, link in before.items() if link != LinkPlan()})

    async def clear(self) -> int:
        """Take everything that we gave, and forget; return how many addresses and routes there were."""
        seen = await self.observe()
        acts = self.difference(NetworkPlan(changeable=True), seen)
        if acts:
            await self.apply(acts)
        self._file.forget()
        return len(seen.ours()) + len(seen.our_routes())


def told(lost: Sequence[Change]) -> str:
    """Return what was lost and is given anew, in words: `10.2.0.50/24 from eth0 and the route to …`; empty for nothing."""
    words = [f"{act.address} from {act.interface}" for act in lost if isinstance(act, AddAddress)]
    words += [f"the route to {act.destination} by {act.gateway}" for act in lost if isinstance(act, AddWay)]
    return " and ".join(words)


def _set_links(desired: NetworkPlan, observed: Seen) -> Iterator[Act]:
    for name, wanted in desired.links.items():
        link = observed.now.links.get(name)
        if link is None:
            continue
        mtu = wanted.mtu if wanted.mtu != link.mtu else None
        alias = wanted.alias if wanted.alias != link.alias else None
        if mtu is not None or alias is not None or not link.up:
            yield SetLink(name, mtu, alias)


def _missing(desired: NetworkPlan, observed: Seen) -> Iterator[Act]:
    """Yield what gives the addresses that are missing; one of ours with another prefix length makes way.

    IPv4 has both for a moment, so that the interface is never without; IPv6 takes an address once.
    """
    ours = observed.ours()
    kept = {held.address.ip for held in observed.held() - ours}
    for wanted in desired.addresses:
        if wanted.address.ip in kept or wanted.interface not in observed.now.links:
            continue
        others = [old for old in ours if _place(old) == _place(wanted) and old != wanted]
        taken: list[Act] = [RemoveAddress(old.interface, old.address) for old in others]
        if wanted in ours:
            yield from taken
            continue
        given = AddAddress(wanted.interface, wanted.address, detect=wanted.address.version == 6 and not wanted.virtual)  # noqa: PLR2004 - IP version
        yield from (given, *taken) if wanted.address.version == 4 else (*taken, given)  # noqa: PLR2004 - IP version


def _lacking(desired: NetworkPlan, observed: Seen) -> Iterator[Act]:
    """Yield what adds the routes that are lacking; where somebody else's leads to the same, that one stays alone.

    One of ours by another gateway makes way: IPv4 has both for a moment, so that no packet is without; two of IPv6 would be
    one of two gateways.
    """
    there = {PlannedRoute(way.interface, way.destination, way.gateway) for way in observed.now.ways}
    others = {way.destination for way in observed.now.ways if not way.ours and way.metric <= OUR_METRIC}
    for wanted in desired.routes:
        if wanted.destination in others or wanted.interface not in observed.now.links:
            continue
        old = [each for each in observed.our_routes() if each.destination == wanted.destination and each != wanted]
        taken: list[Act] = [RemoveWay(each.interface, each.destination, each.gateway) for each in old]
        beside = bool(old) and wanted.destination.version == 4  # noqa: PLR2004 - IP version
        if wanted in there:
            yield from taken
        else:
            given = AddWay(wanted.interface, wanted.destination, wanted.gateway, beside)
            yield from (given, *taken) if beside else (*taken, given)


def _place(address: PlannedAddress) -> tuple[str, Address]:
    """Return an address without its prefix length."""
    return address.interface, address.address.ip


def _outdated(desired: NetworkPlan, observed: Seen) -> Iterator[Change]:
    """Yield the notes that are not so any more."""
    given, held = observed.given, observed.held()
    left = {_place(each) for each in desired.left}
    for note in given.addresses:
        if _place(note) in left or (note not in held and note not in desired.addresses):
            yield Forget(note)
    for name, before in given.before.items():
        link, plan = observed.now.links.get(name), desired.links.get(name, LinkPlan())
        back = link is None or (before.mtu in (None, link.mtu) and before.alias in (None, link.alias))
        if back and plan == LinkPlan():
            yield Forget(name)


def _takes(addresses: frozenset[PlannedAddress], routes: frozenset[PlannedRoute]) -> Iterator[Act]:
    yield from (RemoveWay(each.interface, each.destination, each.gateway) for each in sorted(routes, key=str))
    yield from (RemoveAddress(each.interface, each.address) for each in sorted(addresses, key=str))


def _gives(addresses: frozenset[PlannedAddress], routes: frozenset[PlannedRoute]) -> Iterator[Act]:
    yield from (AddAddress(each.interface, each.address) for each in sorted(addresses, key=str))
    yield from (AddWay(each.interface, each.destination, each.gateway) for each in sorted(routes, key=str))


def _let_be(desired: NetworkPlan, observed: Seen) -> Iterator[Act]:
    """Yield what gives interfaces their old settings back, where the plan says nothing of them any more."""
    for name, before in observed.given.before.items():
        link, wanted = observed.now.links.get(name), desired.links.get(name, LinkPlan())
        if link is None:
            continue
        mtu = before.mtu if wanted.mtu is None and before.mtu != link.mtu else None
        alias = before.alias if wanted.alias is None and before.alias != link.alias else None
        if mtu is not None or alias is not None:
            yield SetLink(name, mtu, alias)


def _way_back(snapshot: Seen, now: Seen) -> Iterator[Act]:
    """Yield what leads back to what was seen, on the interfaces that are there."""
    gone, back = now.ours() - snapshot.held(), snapshot.ours() - now.held()
    back4 = frozenset(each for each in back if each.address.version == 4)  # noqa: PLR2004 - IP version
    acts: Sequence[Act] = (
        *(SetLink(link.name, link.mtu, link.alias, link.up) for link in _different(snapshot.now, now.now)),
        *_gives(back4, frozenset()),  # first, so that the interface is never without
        *_takes(gone, now.our_routes() - snapshot.our_routes()),
        *_gives(back - back4, snapshot.our_routes() - now.our_routes()),
    )
    yield from (act for act in acts if act.interface in now.now.links)


def _different(before: Links, now: Links) -> Iterator[Link]:
    """Yield the interfaces as they were that are otherwise now."""
    for name, link in before.links.items():
        present: Mapping[str, Link] = now.links
        if name in present and _settings(present[name]) != _settings(link):
            yield link


def _settings(link: Link) -> tuple[bool, int, str]:
    return link.up, link.mtu, link.alias

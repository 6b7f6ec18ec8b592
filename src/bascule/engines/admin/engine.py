"""The admin server's engines: `Opening` goes first in a deployment, `Closing` last."""

import asyncio
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Protocol

from bascule.config.diagnostics import Diagnostic
from bascule.engines.admin.desired import Changes, Desired, Shown, Wanted, as_before, closing, opening
from bascule.engines.admin.keys import KeyPair
from bascule.engines.admin.listening import listening_socket, objection, shown
from bascule.engines.admin.supervisor import Door
from bascule.plan.model import Endpoint
from bascule.system.errors import MachineError
from bascule.system.web_orders import WebListener


class Serves(Protocol):
    """The web process, as far as engines ask it."""

    async def serve(self, doors: Sequence[Door]) -> None:
        """Have it answer at these places and no others. Raises MachineError; then it goes on as before."""
        ...


class Places:
    """Where the admin server answers. We hold its listening sockets, so that a web process that dies leaves open doors."""

    def __init__(self, web: Serves) -> None:
        self._web = web
        self._numbers = count(1)
        self._open: dict[Endpoint, socket.socket] = {}
        self._shown: dict[Endpoint, tuple[int, KeyPair]] = {}

    def shown(self) -> Shown:
        """Return where the web process has taken clients since it said so, and with which certificate."""
        return {endpoint: keys for endpoint, (_, keys) in self._shown.items()}

    async def become(self, target: Sequence[Wanted]) -> None:
        """Answer at these places and no others, new ones first. Raises MachineError; then nothing has changed."""
        opened = self._opened([each.endpoint for each in target if each.endpoint not in self._open])
        try:
            next_shown = {each.endpoint: self._numbered(each) for each in target}
            sockets = {**self._open, **opened}
            doors = [(_listener(number, keys), sockets[endpoint]) for endpoint, (number, keys) in next_shown.items()]
            await self._web.serve(doors)
        except MachineError:
            _close(opened.values())
            raise
        _close([listener for endpoint, listener in self._open.items() if endpoint not in next_shown])
        self._open = {endpoint: sockets[endpoint] for endpoint in next_shown}
        self._shown = next_shown

    def close(self) -> None:
        """Give the sockets back."""
        _close(self._open.values())
        self._open, self._shown = {}, {}

    def _numbered(self, wanted: Wanted) -> tuple[int, KeyPair]:
        """Return a place's number and keys: a new one where the certificate is another."""
        if wanted.keys is None:
            raise MachineError(f"show a certificate on {shown(wanted.endpoint)}", wanted.flaw)
        known = self._shown.get(wanted.endpoint)
        return known if known is not None and known[1] == wanted.keys else (next(self._numbers), wanted.keys)

    def _opened(self, endpoints: Sequence[Endpoint]) -> dict[Endpoint, socket.socket]:
        opened: dict[Endpoint, socket.socket] = {}
        for endpoint in endpoints:
            try:
                opened[endpoint] = listening_socket(endpoint)
            except OSError as error:
                _close(opened.values())
                step = f"open the admin server on {shown(endpoint)}"
                raise MachineError(step, error.strerror or str(error)) from error
        return opened


class AdminEngine:
    """What both halves do alike."""

    name = "admin server"

    def __init__(self, places: Places) -> None:
        self._places = places

    async def observe(self) -> Shown:
        """Return where the admin server answers."""
        return self._places.shown()

    async def rehearse(self, changes: Changes) -> Sequence[Diagnostic]:
        """Return what is wrong with certificates, and where listening sockets could not be opened."""
        return list(dict.fromkeys((await self._objections(changes)).values()))

    async def _objections(self, changes: Changes) -> Mapping[Endpoint, Diagnostic]:
        """Return what is wrong, by place."""
        ours = [*changes.ours, *self._places.shown()]
        refused = await asyncio.to_thread(
            lambda: {each.endpoint: objection(each.endpoint, each.span, ours) for each in changes.opens}
        )
        found = {place: said for place, said in refused.items() if said is not None}
        return found | {each.endpoint: Diagnostic.error(each.span, each.flaw) for each in changes.target if each.flaw}

    async def apply(self, changes: Changes) -> None:
        """Make the changes; sessions that stand go on. Raises MachineError."""
        await self._places.become(changes.target)

    async def restore(self, snapshot: Shown) -> None:
        """Answer where it did. Raises MachineError."""
        if snapshot != self._places.shown():
            await self._places.become(as_before(snapshot))


class Opening(AdminEngine):
    """Opens what a plan names and is not open."""

    def difference(self, desired: Desired, observed: Shown) -> Changes:
        """Return what opens it; what closes later still answers."""
        return opening(desired, observed)

    async def possible(self, desired: Desired) -> tuple[Desired, Sequence[Diagnostic]]:
        """Return what can be had of it now, and what is wrong with the rest; what is open shows its old certificate."""
        shown = await self.observe()
        wrong = await self._objections(self.difference(desired, shown))
        kept = [Wanted(place, shown[place]) for place in wrong if place in shown]
        good = [each for each in desired.places if each.endpoint not in wrong]
        return replace(desired, places=(*good, *kept)), list(dict.fromkeys(wrong.values()))


class Closing(AdminEngine):
    """Closes what a plan names no more."""

    def difference(self, desired: Desired, observed: Shown) -> Changes:
        """Return what closes it."""
        return closing(desired, observed)

    async def rehearse(self, _: Changes) -> Sequence[Diagnostic]:
        """Return nothing: what opens is `Opening`'s to rehearse, and what is open can be closed."""
        return ()


def _listener(number: int, keys: KeyPair) -> WebListener:
    return WebListener(number=number, certificate=keys.certificate, key=keys.key)


def _close(listeners: Iterable[socket.socket]) -> None:
    for listener in listeners:
        listener.close()

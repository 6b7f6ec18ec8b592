"""A worker of another version: what can be said to it, so that an upgrade loses no session and refuses no client.

What this module says and hears is the part of the wire that never changes, in no version:

* a worker's first words are `holding`, with at least `pid`, `listens` and `relays`; a relay has at least `name` and
  `hosts`, a host at least `place` and `state`, of which `up` means that it gets clients. Then come `listeners` with the
  sockets, in batches. Where the worker has a parent already, its only word is `busy`;
* `follow` with an empty list of relays has a worker take no new client, and, once its parent has left, end with its last
  session; it answers `done`;
* `ask-status` is answered by `status` with at least `sessions`;
* `stop` has it reset its sessions and end.

A worker takes these messages with no other fields in them; fields of its answers that are not named here are skipped. The
frames are those of `bascule.system.frames`, version 1.

A worker's socket is named after its number and the version it speaks, so that workers of two versions never take each
other's place; the first version's name says none.
"""

import re
import socket
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct

from bascule.engines.proxy.line import Line, connected
from bascule.engines.proxy.wire import VERSION, AskStatus, Busy, Done, Follow, Listeners, Place, Wire
from bascule.plan.model import HostState

PATTERN: Final = "proxy-*.sock"
"""What every worker's socket is called, in every version."""

_NAME: Final = re.compile(r"proxy-(?P<number>[0-9]{1,4})(?:\.v[0-9]{1,6})?\.sock")


class ElderHost(Struct, frozen=True, kw_only=True):
    """A host of a relay, as far as it is the same in all versions."""

    place: Place
    state: str


class ElderRelay(Struct, frozen=True, kw_only=True):
    """A relay, as far as it is the same in all versions."""

    name: str
    hosts: tuple[ElderHost, ...] = ()


class Carrying(Struct, frozen=True, kw_only=True, tag="holding"):
    """The first words of a worker of any version, as far as they are the same in all."""

    pid: int
    relays: tuple[ElderRelay, ...] = ()
    listens: tuple[Place, ...] = ()


class Load(Struct, frozen=True, kw_only=True, tag="status"):
    """What a worker of any version has to carry."""

    sessions: int


FromElder: TypeAlias = Carrying | Listeners | Busy | Done | Load


class Elder(Line[FromElder]):
    """A worker of another version. While this connection stands it has no other parent, and does not end."""

    def __init__(self, wire: Wire[FromElder], path: Path) -> None:
        super().__init__(wire)
        self.number = number_of(path)
        self.pid = 0
        self.live: frozenset[tuple[str, Place]] = frozenset()
        """The hosts that it gives clients to, each with its relay."""
        self.listeners: dict[Place, socket.socket] = {}
        """Our own copies of its listening sockets, which a worker of our version inherits."""

    @classmethod
    async def open(cls, path: Path) -> "Elder":
        """Connect to a worker and take copies of its listening sockets; it goes on as before.

        Raises OSError where nobody listens at the path, MachineError where the worker is another user's or has a parent.
        """
        elder = cls(await connected(path, FromElder), path)
        carrying, elder.listeners = await elder._greeted(path, Carrying)
        elder.pid = carrying.pid
        elder.live = frozenset(
            (relay.name, host.place) for relay in carrying.relays for host in relay.hosts if host.state == HostState.UP
        )
        return elder

    async def retire(self) -> int:
        """Have it take no new client and end with its last session; return how many it has. Raises LinkLostError."""
        self.keep_none()  # first, so that where there is no heir the worker, which lets in who waits, closes the last copy
        await self._ask(Follow(relays=()), Done)
        return (await self._ask(AskStatus(), Load)).sessions

    def keep_none(self) -> None:
        """Close our copies of its listening sockets."""
        for listener in self.listeners.values():
            listener.close()
        self.listeners.clear()


def socket_name(number: int) -> str:
    """Return what the socket of a worker of our version is called."""
    return f"proxy-{number}.v{VERSION}.sock"


def number_of(path: Path) -> int:
    """Return a worker's number, of whatever version it is; 0 where that is no worker's socket."""
    name = _NAME.fullmatch(path.name)
    return int(name["number"]) if name else 0

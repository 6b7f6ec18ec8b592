"""Where the admin server shall answer, where it does, and the difference. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bascule.config.diagnostics import Span
from bascule.config.model import EngineName, Transport
from bascule.engines.admin.keys import KeyPair
from bascule.plan.model import Endpoint, RelayPlan


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place to answer at."""

    endpoint: Endpoint
    keys: KeyPair | None
    flaw: str = ""
    """Why there are no keys, as a sentence."""
    span: Span = field(default=Span(), compare=False)


Shown: TypeAlias = Mapping[Endpoint, KeyPair]
"""Where the admin server answers, and with which certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The admin server's part of a plan, with its certificates read."""

    places: tuple[Wanted, ...] = ()
    proxied: frozenset[Endpoint] = frozenset()
    """Where relays listen by sockets, after the change: we never share such a place, whose clients they share out."""
    ours: frozenset[Endpoint] = frozenset()
    """Where relays listen by sockets before the change or after it: no place of another program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What must be done; false where nothing must."""

    target: tuple[Wanted, ...] = ()
    """Where to answer then, and nowhere else."""
    opens: tuple[Wanted, ...] = ()
    """The places among them that are new."""
    closes: tuple[Endpoint, ...] = ()
    changed: bool = False
    """A place shows another certificate."""
    ours: frozenset[Endpoint] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.opens or self.closes or self.changed)


def opening(desired: Desired, shown: Shown) -> Changes:
    """Return what opens the places that are lacking, and leaves the others, but for those where the proxy will listen."""
    kept = {endpoint: Wanted(endpoint, keys) for endpoint, keys in shown.items() if endpoint not in desired.proxied}
    return _changes({**kept, **_by_place(desired)}, shown, desired)


def closing(desired: Desired, shown: Shown) -> Changes:
    """Return what closes the places that are named no more."""
    return _changes(_by_place(desired), shown, desired)


def as_before(shown: Shown) -> tuple[Wanted, ...]:
    """Return what was observed, to have it again."""
    return tuple(Wanted(endpoint, keys) for endpoint, keys in shown.items())


def sockets_of(relays: Sequence[RelayPlan]) -> frozenset[Endpoint]:
    """Return where relays listen by sockets."""
    proxied = [relay for relay in relays if relay.engine is EngineName.PROXY and relay.transport is Transport.TCP]
    return frozenset(
        Endpoint(listen.address, port) for relay in proxied for listen in relay.listens for port in listen.ports
    )


def _by_place(desired: Desired) -> dict[Endpoint, Wanted]:
    return {each.endpoint: each for each in desired.places}


def _changes(target: Mapping[Endpoint, Wanted], shown: Shown, desired: Desired) -> Changes:
    return Changes(
        target=tuple(target.values()),
        opens=tuple(each for endpoint, each in target.items() if endpoint not in shown),
        closes=tuple(endpoint for endpoint in shown if endpoint not in target),
        changed=any(each.keys != shown[endpoint] for endpoint, each in target.items() if endpoint in shown),
        ours=desired.ours,
    )

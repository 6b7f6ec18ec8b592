"""Which relay and host a session belongs to: by its mark, by the plan that runs."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from bascule.config.model import EngineName
from bascule.plan.explain import named
from bascule.plan.model import Endpoint, Plan, PoolHost


class Owner(NamedTuple):
    """The relay and host of a conntrack mark."""

    relay: str
    host: str
    endpoint: Endpoint
    session_timeout: int
    """Seconds; 0 where the host is of an earlier plan."""


class Names:
    """The names of one plan's sessions."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._owners = _owners(plan)

    def owner(self, mark: int) -> Owner | None:
        """Return whose sessions a mark names; None for one that is not ours, or no longer."""
        return self._owners.get(mark)

    def marks(self, *, relay: str | None, host: str | None) -> Collection[int]:
        """Return the marks of a relay's and a host's sessions; None stands for any."""
        return frozenset(
            mark
            for mark, owner in self._owners.items()
            if relay in (None, owner.relay) and (host is None or host in _called(owner))
        )

    def strangers(self, *, relay: str | None, host: str | None) -> str:
        """Return what is wrong with names that an operator has given; empty where the plan knows them."""
        owners = self._owners.values()
        relays = {part.name for part in self.plan.relays} | {owner.relay for owner in owners}
        if relay is not None and relay not in relays:
            return f"there is no relay {relay}"
        hosts = [each for part in self.plan.relays for each in part.pool.hosts]
        if host is not None and not any(named(each, host) for each in hosts):
            return "" if any(host in _called(owner) for owner in owners) else f"no table has a host {host}"
        return ""


def _called(owner: Owner) -> Collection[str]:
    """Return what an operator may call a host."""
    return {owner.host, str(owner.endpoint.address), str(owner.endpoint)}


def _owners(plan: Plan) -> Mapping[int, Owner]:
    found = {mark: _gone(owner.service, owner.endpoint) for owner, mark in plan.marks.items()}
    for relay in plan.of(EngineName.KERNEL):
        for host in relay.pool.hosts:
            found[host.mark] = _present(relay.name, host, relay.session_timeout)
    return found


def _present(relay: str, host: PoolHost, session_timeout: int) -> Owner:
    return Owner(relay, host.label, host.endpoint, session_timeout)


def _gone(service: str, endpoint: Endpoint) -> Owner:
    """Name a host that is in the plan no more by its address, and its relay as it was called."""
    return Owner(service.rpartition(" <")[0] or service, str(endpoint.address), endpoint, 0)

"""How it goes, in one sentence: for `status`, and for the service manager, who restarts a Bascule that falls silent."""

from typing import Final, Protocol

from bascule.service.local.rows import count_hosts, relay_rows
from bascule.service.local.running import Running
from bascule.service.local.words import counted
from bascule.service.results import RelayStatus
from bascule.system.clock import Clock
from bascule.system.notify import ServiceManager

EVERY: Final = 10.0
"""Seconds between two lines for the service manager, where he does not want them sooner."""


class Goes(Protocol):
    """The balancer, as far as it is told of."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...

    def troubles(self) -> object:
        """Return what the machine would not do; empty where it does all."""
        ...


class Telling:
    """Tells the service manager that we are alive, and how it goes, for as long as the event loop turns."""

    def __init__(self, manager: ServiceManager, balancer: Goes, clock: Clock) -> None:
        self._manager = manager
        self._balancer = balancer
        self._clock = clock

    async def watch(self) -> None:
        """Tell him that the start is over, then how it goes, again and again."""
        every = min(EVERY, self._manager.patience / 3 or EVERY)
        self._manager.ready()
        while True:
            self._manager.alive(self._sentence())
            await self._clock.sleep(every)

    def _sentence(self) -> str:
        running = self._balancer.running
        relays = relay_rows(running, {}, self._clock.monotonic()).relays
        active = sum(relay.status is RelayStatus.ACTIVE for relay in relays)
        return how_it_goes(
            len(relays), active, *count_hosts(running), failing=bool(self._balancer.troubles()), held=running.held
        )


def how_it_goes(relays: int, active: int, hosts: int, up: int, *, failing: bool, held: bool = False) -> str:
    """Return the one sentence; `failing` says that the machine would not do something, `held` that nothing was tried."""
    if held:
        return "FAILED: nothing is in effect; what was on this machine before goes on as it was, without health checks"
    if not relays:
        return "no relay is configured: nothing is balanced"
    are_up = f"{up} of {counted(hosts, 'host')} {'is' if hosts == 1 else 'are'} up"
    if failing:
        return f"the machine would not do what {counted(relays, 'relay')} needs, so some may not serve; {are_up}"
    serving = f"{relays} relays serve clients" if relays > 1 else "1 relay serves clients"
    if active < relays:
        serving = f"{active} of {counted(relays, 'relay')} serve{'' if relays > 1 else 's'} clients"
    return f"{serving}, {are_up}"

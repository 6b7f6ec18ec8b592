"""Answering `explain` over a working copy, as if it were deployed now; nothing is kept."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from bascule.config.facts import Facts
from bascule.config.model import Configuration, Network
from bascule.plan.explain import suppose
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.slots import Rankings
from bascule.service.local.explaining import explained, known_of
from bascule.service.local.preparation import Looks, Use, judge_here
from bascule.service.local.running import Running
from bascule.service.operations import Explain
from bascule.service.results import Explained


class Imagines(Protocol):
    """What runs, as far as a text is held against it."""

    @property
    def running(self) -> Running:
        """Return what runs."""
        ...

    def imagined(self, configuration: Configuration, facts: Facts, /) -> Plan:
        """Return what a configuration would come to with every host up. Raises MachineError."""
        ...


async def tried(
    text: bytes, request: Explain, machine: Looks, balancer: Imagines, members: Mapping[str, Iterable[Network]]
) -> Explained:
    """Return what the text would do with the clients: hosts that run are as they are now, those that it adds are up.

    `members` are the addresses that rules' limits have put into tables. Raises OperationFailed where the text is refused,
    or for what `explained` refuses; MachineError.
    """
    judged, facts = await judge_here(text, machine, balancer.running.facts.no_nftables, Use.DEPLOYED)
    configuration, running = judged.accepted(), balancer.running

    def walked() -> Explained:
        plan = balancer.imagined(configuration, facts)
        states = _states(
            running, [host.target for relay in plan.relays for host in relay.pool.hosts if host.target is not None]
        )
        dealt = suppose(plan, states=states, rankings=Rankings())
        return explained(dealt, states, request, known_of(dealt, configuration, facts, members))

    return await asyncio.to_thread(walked)


def _states(running: Running, targets: Sequence[ProbeTarget]) -> Mapping[ProbeTarget, HostState]:
    """Return the states with which a plan would begin now, also where its checks are others; hosts that are new are up."""
    now, known = running.belief.states, {target.endpoint for target in running.hosts.records}
    then = running.hosts.retarget(targets, 0.0).states()
    return {each: now.get(each, then[each]) if each.endpoint in known else HostState.UP for each in targets}

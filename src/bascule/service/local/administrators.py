"""Who administers this machine just now, and whom a plan would shut out: the ways by which they came must stay open."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.facts import Facts
from bascule.config.model import Configuration
from bascule.plan.lockout import AdminConnection, locked_out
from bascule.plan.model import Plan
from bascule.plan.network import promised
from bascule.service.request import Origin
from bascule.system.visitors import Visitor, visitors

SSH: Final = 22
"""Where sshd listens; where it is elsewhere, the one who asks says so."""

Look = Callable[[Collection[int]], Collection[Visitor]]


class Administrators:
    """Sees them through sessions of local programs: of sshd, and of the pages."""

    def __init__(self, look: Look = visitors) -> None:
        self._look = look

    async def shut_out(
        self, running: Plan, plan: Plan, configuration: Configuration, facts: Facts, asker: Origin | None
    ) -> tuple[Diagnostic, ...]:
        """Return an error for each way by which an administrator is here now and could not come again under a plan.

        `running` is the plan by which they came, `asker` how the one who asks says that he came. Raises MachineError.
        """
        if plan.firewall is None:
            return ()
        ways = await self._ways(running, asker)
        return tuple(locked_out(plan, promised(configuration, facts), ways, running=running))

    async def _ways(self, running: Plan, asker: Origin | None) -> Sequence[AdminConnection]:
        doors = {SSH: "ssh"} | {each.endpoint.port: "the pages" for each in running.admin.listeners}
        seen = await asyncio.to_thread(self._look, doors)
        return list(dict.fromkeys([*_seen(seen, doors), *_said(asker, doors)]))


def _seen(seen: Collection[Visitor], doors: Mapping[int, str]) -> Iterator[AdminConnection]:
    for each in sorted(seen, key=lambda one: (one.port, str(one.source), str(one.to))):
        yield AdminConnection(source=each.source, destination=each.to, port=each.port, what=doors[each.port])


def _said(asker: Origin | None, doors: Mapping[int, str]) -> Iterator[AdminConnection]:
    """Yield the way of the one who asks; what makes no sense is none."""
    if asker is None:
        return
    try:
        source, to = ip_address(asker.source), ip_address(asker.to)
    except ValueError:
        return
    if not source.is_loopback:
        yield AdminConnection(source=source, destination=to, port=asker.port, what=doors.get(asker.port, "ssh"))

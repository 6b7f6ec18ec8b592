"""What a balancer has in effect, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bascule.config.facts import Facts
from bascule.config.model import Configuration
from bascule.health.states import HostStates
from bascule.plan.admin import admin_plan
from bascule.plan.model import HostState, MarkOwner, Plan, PoolHost
from bascule.plan.orders import Orders
from bascule.service.local.belief import Belief


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs now."""

    configuration: Configuration
    name: str
    since: datetime
    facts: Facts
    plan: Plan
    hosts: HostStates
    belief: Belief
    orders: Orders = field(default_factory=Orders)
    committed: Configuration | None = None
    """What was in effect before what is tested now; None where nothing is tested."""
    held: bool = False
    """Nothing is put into effect: all that is on the machine stays as it was found."""

    def state(self, host: PoolHost) -> HostState:
        """Return the state that slots are dealt by."""
        return host.state(self.belief.states)


def holding(
    configuration: Configuration, name: str, facts: Facts, orders: Orders, marks: Mapping[MarkOwner, int]
) -> Running:
    """Return what runs where nothing is put into effect but the admin server of a configuration.

    `marks` name the sessions that go on.
    """
    return Running(
        configuration=Configuration(),
        name=name,
        since=datetime.now(UTC),
        facts=facts,
        plan=Plan(marks=marks, admin=admin_plan(configuration, None, (), facts)),
        orders=orders,
        hosts=HostStates(),
        belief=Belief(states={}),
        held=True,
    )

"""A working copy that is explained as if it were deployed now."""

from dataclasses import dataclass, replace
from typing import Final

import pytest

from bascule.config.facts import Facts
from bascule.config.model import Configuration
from bascule.plan.model import Plan
from bascule.service.failures import OperationFailed, Rejected
from bascule.service.local.preparation import rehearsal_plan
from bascule.service.local.running import Running
from bascule.service.local.trying import tried
from bascule.service.operations import Explain
from bascule.service.results import Explanation
from service.local.situations import FACTS, TWO_SERVICES, running

DEPLOYABLE: Final = TWO_SERVICES + "system { http-server { port 4433 } }\n"
GROWN: Final = DEPLOYABLE.replace('10.80.2.2 name "EX2"', '10.80.2.2 name "EX2"\n10.80.2.3 name "EX3"')
"""With a host more, and the others where they are."""


class Here:
    """A machine that stays as it is."""

    async def facts(self, no_nftables: str | None = None, *_: object) -> Facts:
        """Return what it is."""
        return replace(FACTS, no_nftables=no_nftables or "")


@dataclass
class Runs:
    """Two services, of whose hosts some are down."""

    running: Running

    def imagined(self, configuration: Configuration, facts: Facts, /) -> Plan:
        """Return the plan with every host up."""
        return rehearsal_plan(configuration, facts)


async def hosts(text: str, *down: str) -> set[str | None]:
    """Return the hosts that a text gives many clients of HTTPS while these are down."""
    clients = tuple(f"10.80.9.{n}" for n in range(1, 60))
    request = Explain(clients=clients, port=443, working_copy=True)
    now = Runs(running(*(("HTTPS", host) for host in down)))
    answer: tuple[Explanation, ...] = (await tried(text.encode(), request, Here(), now, {})).explanations
    return {each.host for each in answer}


async def test_hosts_are_as_they_are_now_and_new_ones_are_up() -> None:
    """What would be so if it were deployed now, as far as that can be known."""
    assert await hosts(GROWN) == {"EX1", "EX2", "EX3"}
    assert await hosts(GROWN, "EX1") == {"EX2", "EX3"}


async def test_a_host_that_is_down_is_none_the_better_for_another_interval() -> None:
    """Its record goes on where only its checks' times are others; by another check it is unknown at first."""
    slower = DEPLOYABLE.replace("load-balancer {", "load-balancer {\ninterval 9s", 1)
    assert slower != DEPLOYABLE
    assert await hosts(slower, "EX1") == {"EX2"}
    assert await hosts(DEPLOYABLE.replace("check tcp", "check icmp"), "EX1") == {"EX2"}


async def test_a_text_that_is_refused_says_why() -> None:
    """With every mistake."""
    with pytest.raises(OperationFailed) as failed:
        await hosts(DEPLOYABLE.replace("10.80.2.2", "10.80.2.2.2"))
    assert isinstance(failed.value.failure, Rejected)

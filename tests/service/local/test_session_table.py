"""Sessions as an operator ends them."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bascule.engines.proxy.wire import Chosen
from bascule.plan.model import Plan
from bascule.service.failures import OperationFailed
from bascule.service.local.naming import Names
from bascule.service.local.session_table import SessionTable
from bascule.service.operations import Kill

ID = "0123456789abcdef"


class Workers:
    """Carry one session, of a relay that the plan has no more."""

    async def kill(self, chosen: Chosen) -> int:
        """End it, where it is meant."""
        return int(chosen.id in (None, ID) and chosen.relay in (None, "OLD"))


def table() -> SessionTable:
    """Return the sessions of a plan without relays."""
    machine: Any = SimpleNamespace(conntrack=None)
    gathering: Any = SimpleNamespace(names=lambda: Names(Plan()))
    unasked: Any = None
    return SessionTable(machine, unasked, cast("Any", Workers()), unasked, gathering, now=lambda: datetime.now(UTC))


async def test_a_session_of_a_relay_that_is_gone_ends_by_its_row() -> None:
    """It lives as long as a worker carries it, and its row names the relay."""
    killed = await table().kill(Kill(client="10.1.1.1", relay="OLD", id=ID))
    assert killed.sessions == 1


@pytest.mark.parametrize("request_", [Kill(relay="OLD"), Kill(client="10.1.1.1", id="f" * 16), Kill(client="x", id=ID)])
async def test_what_is_not_there_is_said(request_: Kill) -> None:
    """A name that nobody has, a session that has ended, and what is no address."""
    with pytest.raises(OperationFailed):
        await table().kill(request_)

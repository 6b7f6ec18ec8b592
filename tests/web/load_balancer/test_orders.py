"""What an administrator answers about a host, and what is ordered then."""

import pytest

from bascule.service.operations import HostAction, OrderHost
from bascule.web.forms import Form
from bascule.web.load_balancer.orders import orders


def sent(**fields: str) -> Form:
    """Return a form."""
    return Form({name: [value] for name, value in fields.items()})


def ordered(**fields: str) -> list[tuple[HostAction, str | None, float | None]]:
    """Return what is ordered of EX1 in HTTPS: what, where and for how long."""
    made = orders(sent(**fields), "EX1", "HTTPS")
    assert not isinstance(made, str)
    assert all(isinstance(each, OrderHost) and each.host == "EX1" for each in made)
    return [(each.action, each.relay, each.seconds) for each in made]


def test_sessions_may_finish_end_now_or_end_later() -> None:
    """Ending them now is draining, so that none begins, and then ending those that are left."""
    assert ordered(action="drain", where="here", sessions="finish", minutes="5") == [(HostAction.DRAIN, "HTTPS", None)]
    assert ordered(action="drain", where="here", sessions="later", minutes="5") == [(HostAction.DRAIN, "HTTPS", 300)]
    now = [(HostAction.DRAIN, None, None), (HostAction.FLUSH, None, None)]
    assert ordered(action="drain", where="everywhere", sessions="now") == now


def test_other_orders_may_have_an_end() -> None:
    """Where nothing is said they stand until the host is enabled."""
    assert ordered(action="disable", where="everywhere") == [(HostAction.DISABLE, None, None)]
    assert ordered(action="force up", where="here", minutes="2") == [(HostAction.FORCE_UP, "HTTPS", 120)]
    assert ordered(action="enable", where="here", minutes="2") == [(HostAction.ENABLE, "HTTPS", None)]


@pytest.mark.parametrize("minutes", ["", "0", "-1", "1.5", "٣", "525601", "9" * 400, f"000000001{'9' * 400}"])
def test_minutes_that_are_none_are_asked_for_again(minutes: str) -> None:
    """Also those that nobody can count."""
    made = orders(sent(action="drain", sessions="later", minutes=minutes), "EX1", "HTTPS")
    assert isinstance(made, str)
    assert "minutes" in made

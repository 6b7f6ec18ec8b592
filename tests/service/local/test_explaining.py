"""`explain` says what the slots say, over the running plan or one that was made for the question."""

import pytest

from bascule.service.failures import NotFound, OperationFailed
from bascule.service.local.explaining import explained
from bascule.service.operations import Explain
from service.local.situations import planned, running


def test_offline_every_host_counts_as_up() -> None:
    """Where nothing runs, the text alone decides."""
    answer = explained(planned(), None, Explain(clients=("10.80.1.1",), port=443))
    assert answer.explanations[0].host in {"EX1", "EX2"}


def test_down_moves_the_client_and_says_why() -> None:
    """The host that the operator takes as down is named as the first choice that is not there."""
    first = explained(planned(), None, Explain(clients=("10.80.1.1",), port=443)).explanations[0].host
    assert first is not None
    other = explained(planned(), None, Explain(clients=("10.80.1.1",), port=443, down=(first,))).explanations[0]
    assert other.host not in {first, None}
    assert f"first choice {first} is down" in other.reason


def test_online_the_states_of_the_checks_count() -> None:
    """A running plan is explained as it is: with EX1 down everybody meets EX2."""
    now = running(("HTTPS", "EX1"))
    request = Explain(clients=tuple(f"10.80.1.{n}" for n in range(1, 30)), port=443)
    answer = explained(now.plan, now.belief.states, request)
    assert {each.host for each in answer.explanations} == {"EX2"}


def test_a_host_that_no_table_has_is_refused() -> None:
    """A typing error must not pass for a host that happens to change nothing."""
    with pytest.raises(OperationFailed) as failed:
        explained(planned(), None, Explain(clients=("10.80.1.1",), port=443, down=("EX9",)))
    assert failed.value.failure == NotFound(message="no table has a host EX9")


@pytest.mark.parametrize("word", ["", "localhost", "10.80.1", "10.80.1.1/24"])
def test_what_is_no_address_is_refused(word: str) -> None:
    """Names are not looked up: the answer would depend on who answers."""
    with pytest.raises(OperationFailed, match="is no IP address"):
        explained(planned(), None, Explain(clients=(word,), port=443))

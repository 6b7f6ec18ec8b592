"""`explain` says what the slots say, over the running plan or one that was made for the question."""

import pytest

from bascule.service.failures import NotFound, OperationFailed
from bascule.service.local.explaining import explained, known_of
from bascule.service.local.preparation import rehearsal_plan
from bascule.service.operations import MOST_RULES_TOLD, Explain
from bascule.service.results import AskedRule, Explanation
from service.local.situations import FACTS, configured, planned, running


def test_offline_every_host_counts_as_up() -> None:
    """Where nothing runs, the text alone decides."""
    answer = explained(planned(), None, Explain(clients=("10.80.1.1",), port=443), None)
    assert answer.explanations[0].host in {"EX1", "EX2"}


def test_down_moves_the_client_and_says_why() -> None:
    """The host that the operator takes as down is named as the first choice that is not there."""
    first = explained(planned(), None, Explain(clients=("10.80.1.1",), port=443), None).explanations[0].host
    assert first is not None
    other = explained(planned(), None, Explain(clients=("10.80.1.1",), port=443, down=(first,)), None).explanations[0]
    assert other.host not in {first, None}
    assert f"first choice {first} is down" in other.reason


def test_online_the_states_of_the_checks_count() -> None:
    """A running plan is explained as it is: with EX1 down everybody meets EX2."""
    now = running(("HTTPS", "EX1"))
    request = Explain(clients=tuple(f"10.80.1.{n}" for n in range(1, 30)), port=443)
    answer = explained(now.plan, now.belief.states, request, None)
    assert {each.host for each in answer.explanations} == {"EX2"}


def test_a_host_that_no_table_has_is_refused() -> None:
    """A typing error must not pass for a host that happens to change nothing."""
    with pytest.raises(OperationFailed) as failed:
        explained(planned(), None, Explain(clients=("10.80.1.1",), port=443, down=("EX9",)), None)
    assert failed.value.failure == NotFound(message="no table has a host EX9")


def test_who_asks_of_one_client_waits_for_one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything about one client asks of each service: hundreds of tables in whole would take ten seconds and more."""
    plan = running(("HTTPS", "EX1")).plan
    asked = Explain(clients=("10.80.1.1",), port=443)
    before = explained(plan, {}, asked, None)
    monkeypatch.delattr("bascule.plan.slots.rank")
    assert explained(plan, {}, asked, None) == before


@pytest.mark.parametrize("word", ["", "localhost", "10.80.1", "10.80.1.1/24"])
def test_what_is_no_address_is_refused(word: str) -> None:
    """Names are not looked up: the answer would depend on who answers."""
    with pytest.raises(OperationFailed, match="is no IP address"):
        explained(planned(), None, Explain(clients=(word,), port=443), None)


WALLED = """
load-balancer {
	table <exchange> { 10.80.2.1 name "EX1"; key 7f3a91c2 }
	relay "HTTPS" { listen on 10.80.0.10 port 443; forward to <exchange> check tcp mode source-hash }
}
firewall {
	zone internal { from 10.80.0.0/16 }
	block in from 10.80.9.0/24
	block in port 25
}
"""


def ask(*clients: str, port: int = 443, rules: bool = False) -> tuple[Explanation, ...]:
    """Return what is explained over a plan with a firewall."""
    configuration = configured(WALLED)
    plan = rehearsal_plan(configuration, FACTS)
    request = Explain(clients=clients, port=port, rules=rules)
    return explained(plan, None, request, known_of(plan, configuration, FACTS)).explanations


def test_a_firewall_is_asked_first() -> None:
    """Who is blocked meets no host, and the rule is told with its line."""
    passed, blocked = ask("10.80.1.1", "10.80.9.1")
    assert (passed.verdict, passed.host, passed.relay) == ("pass", "EX1", "HTTPS")
    assert passed.reason.startswith("to this machine: the rule for relay HTTPS (line 4) passes it; slot ")
    assert (blocked.verdict, blocked.host, blocked.relay) == ("block", None, None)
    assert blocked.reason == "to this machine: rule `block in from 10.80.9.0/24` (line 8) blocks it"
    assert blocked.decided == AskedRule(rule="block in from 10.80.9.0/24", line=8, cause="", matched=True)
    assert blocked.rules == ()


def test_rules_are_told_where_they_are_wanted() -> None:
    """In the order in which they were asked; of many clients the last rules of each."""
    (alone,) = ask("10.80.1.1", port=25, rules=True)
    assert alone.rules[-1] == alone.decided
    assert [each.matched for each in alone.rules] == [False] * (len(alone.rules) - 1) + [True]
    assert alone.rules_left_out == 0
    many = ask(*[f"10.80.{n // 250}.{n % 250 + 1}" for n in range(MOST_RULES_TOLD // 2 + 1)], port=25, rules=True)
    assert {(len(each.rules), each.rules_left_out) for each in many if each.client.startswith("10.80.1.")} == {
        (1, len(alone.rules) - 1)
    }

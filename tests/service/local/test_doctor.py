"""What is made of the evidence: a sentence for each thing that is wrong, and what to do."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts
from bascule.config.model import Configuration
from bascule.engines.nftables.foreign import Obstacle
from bascule.engines.nftables.passage import Fate
from bascule.service.local.answers import Count, Meeting, Place
from bascule.service.local.doctor import Evidence, examine
from service.local.situations import FACTS, TWO_SERVICES, configured, planned

TEXT = TWO_SERVICES.replace("\trelay", "\tredirect").replace("\t\ton down keep\n", "")
EX1 = Place("HTTPS", ip_address("10.80.2.1"))
BEHIND = "interface eth0 { address 10.80.0.10/16; address 10.80.0.1/16 virtual }\n"


def evidence(text: str = TEXT, facts: Facts = FACTS, **more: Any) -> Evidence:
    """Return what is known of a system where nothing is wrong but what `more` says."""
    return replace(Evidence(plan=planned(text), ownership=Ownership(configured(text), facts)), **more)


def messages(found: Evidence) -> Sequence[str]:
    """Return what is found, in order."""
    return [finding.message for finding in examine(found)]


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    """Answered connections are the evidence of it."""
    assert examine(evidence(meetings={Meeting(EX1, beside=False): Count(answered=1000)})) == []


@pytest.mark.parametrize("count", [Count(unanswered=2), Count(answered=1, unanswered=99)])
def test_what_may_be_an_accident_is_not_said(count: Count) -> None:
    """Too few of them, or some that were answered."""
    assert examine(evidence(meetings={Meeting(EX1, beside=False): count})) == []


def test_a_host_that_answers_past_us_is_one_sentence() -> None:
    """Which host and redirect, what was seen, and what to do."""
    (finding,) = examine(evidence(BEHIND + TEXT, meetings={Meeting(EX1, beside=False): Count(unanswered=3)}))
    assert finding.severity is Severity.ERROR
    assert finding.message == (
        "no answer of EX1 to clients comes back through this machine, so redirect HTTPS does not serve them: of "
        "3 connections within 5 minutes none was answered, although its check finds it up"
    )
    assert finding.hint == (
        "make this machine its default gateway, at 10.80.0.1, or use a relay; or a firewall on EX1 drops them"
    )


def test_the_other_way_is_one_that_there_is() -> None:
    """Clients beside the host need a relay; a host beyond a router has no gateway of ours."""
    count = Count(unanswered=3)
    (beside,) = examine(evidence(meetings={Meeting(EX1, beside=True): count}))
    assert beside.message.startswith("no answer of EX1 to clients of its own network comes back")
    assert beside.hint.startswith("a relay serves clients of the hosts' network too")
    (plain,) = examine(evidence(meetings={Meeting(EX1, beside=False): count}))
    assert "at 10.80.0.2" in plain.hint
    lost = Evidence(
        plan=planned(TEXT), ownership=Ownership(Configuration(), Facts()), meetings={Meeting(EX1, beside=False): count}
    )
    (beyond,) = examine(lost)
    assert beyond.hint.startswith("have the router before it")


def test_hosts_that_have_left_the_plan_are_not_told() -> None:
    """What was counted of them a moment ago."""
    gone = Meeting(Place("HTTPS", ip_address("10.80.2.9")), beside=False)
    assert examine(evidence(meetings={gone: Count(unanswered=9)})) == []


def test_what_is_known_otherwise_is_told_too_the_worst_first() -> None:
    """Troubles of the machine, doubts, and chains of others that stop what relays carry, or may."""
    sure = Obstacle(chain="chain a of table ip b", fate=Fate.DROPPED, certain=True, relays=("HTTPS",))
    perhaps = replace(sure, chain="chain c of table ip b", certain=False)
    found = evidence(troubles=["could not x"], doubts=["a doubt"], obstacles=[perhaps, sure])
    assert messages(found) == ["could not x", sure.message, "a doubt", perhaps.message]
    assert [finding.severity for finding in examine(found)] == [Severity.ERROR] * 2 + [Severity.WARNING] * 2
    assert all(finding.hint for finding in examine(found) if finding.message != "a doubt")

"""What counters and log lines are kept by: it follows a rule through edits of what stands around it."""

import time
from dataclasses import replace

from bascule.config.diagnostics import Span
from bascule.config.firewall import Action
from bascule.plan.firewall import FirewallPlan, Purpose, RulePlan
from bascule.plan.idents import LENGTH, idents
from plan.test_runs import rule


def named(*rules: RulePlan) -> list[str]:
    """Return the idents of rules of the text, in their order."""
    found = idents(FirewallPlan(rules=rules))
    return [found[index] for index in range(len(rules))]


MAIL, WEB, SHELL = rule(port=25, label="mail"), rule(port=443, label="web"), rule(port=22, label="ssh")


def test_a_rule_keeps_its_ident_when_others_come_go_or_change_places() -> None:
    """Counters survive edits elsewhere."""
    mail, web = named(MAIL, WEB)
    assert named(WEB, SHELL, MAIL) == [web, named(SHELL)[0], mail]
    assert named(MAIL) == [mail]
    assert len(mail) == LENGTH
    assert set(mail) <= set("0123456789abcdef")


def test_it_does_not_follow_from_where_or_how_the_rule_is_written() -> None:
    """Line, spelling, and the relay that a forward leads to are not what it says."""
    elsewhere = replace(MAIL.rule, span=Span(9, 1), text="pass in proto tcp port smtp")
    assert named(replace(MAIL, rule=elsewhere)) == named(MAIL)
    assert named(replace(MAIL, relay="HTTPS")) == named(MAIL)


def test_whatever_a_rule_says_changes_it() -> None:
    """Another rule counts anew."""
    others = (
        WEB,
        rule(port=25, label="post"),
        rule(port=25, label="mail", action=Action.BLOCK),
        rule(port=25, label="mail", log=True),
        rule("10.0.0.1", port=25, label="mail"),
        rule("", "10.0.0.1", port=25, label="mail"),
        replace(MAIL, purpose=Purpose.RELAY),
    )
    assert len(set(named(MAIL, *others))) == len(others) + 1


def test_rules_of_a_run_share_theirs_and_equal_rules_apart_do_not() -> None:
    """A run counts together; of equal rules each has its own."""
    first, second, *_ = named(rule(port=25), rule(port=26))
    assert first == second
    before, _, after = named(MAIL, WEB, MAIL)
    assert before != after
    assert before == named(MAIL)[0]


def test_generated_rules_are_counted_with_the_text_s() -> None:
    """The index is that of `all_rules`."""
    plan = FirewallPlan(before=(replace(SHELL, purpose=Purpose.SPOOFING),), rules=(MAIL,), after=(WEB,))
    assert list(idents(plan)) == [0, 1, 2]


def test_five_thousand_rules_take_no_time() -> None:
    """It is asked at every compilation."""
    rules = [rule(to=f"10.{n // 100}.{n % 100}.1", port=1 + n // 100, label=str(n % 7)) for n in range(5000)]
    begin = time.perf_counter()
    assert len(named(*rules)) == 5000
    assert time.perf_counter() - begin < 1

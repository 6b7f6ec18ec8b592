"""The large firewall is one that Bascule takes, and as the benchmark says."""

from bascule.config.load import load
from bascule.config.table_files import parsed
from bascule.plan.firewall import RulePlan
from bascule.plan.runs import runs
from bench.control import walked, wall


def test_its_rules_are_runs() -> None:
    """So many as asked for, each of so many rules; a run of one shares nothing with the next."""
    for run, count in ((20, 3), (1, 60)):
        loaded = load(wall.text("/etc/blocked.txt", rules=60, run=run))
        assert loaded.configuration is not None, loaded.diagnostics
        assert loaded.configuration.firewall is not None
        rules = [RulePlan(rule=rule) for rule in loaded.configuration.firewall.rules[2:]]
        assert [len(each) for each in runs(rules)] == [run] * count


def test_no_two_of_its_addresses_make_a_network() -> None:
    """So that the table is as long as it says."""
    assert len(parsed(wall.addresses(1000).encode()).networks) == 1000


def test_rules_to_walk_are_what_they_say() -> None:
    """As many as are named, before the one that lets the packets pass."""
    loaded = load(walked.text(60, 20))
    assert loaded.configuration is not None, loaded.diagnostics
    assert loaded.configuration.firewall is not None
    rules = [RulePlan(rule=rule) for rule in loaded.configuration.firewall.rules]
    assert [len(each) for each in runs(rules)] == [20, 20, 20, 1]

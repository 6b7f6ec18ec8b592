"""Rules of the firewall are set where they still decide, and deleted by the words that they begin with."""

import pytest

from bascule.config.editing.deleting import delete
from bascule.config.editing.offering import offered
from config.editing.edits import after_delete, after_set, refusal, words

TEXT = """\
firewall {
	zone internal {
		from 10.80.0.0/16
	}
	table <blocked> {
		192.0.2.1
	}
	block in from <blocked>
	pass in proto tcp from internal to any port 22 label "ssh"
	pass in proto tcp to any port 25

	# the rest
	block in log
	pass through from internal
	nat on internal from internal
}
load-balancer {
	table <exchange> {
		10.80.2.1
	}
}
"""


@pytest.mark.parametrize(
    ("rule", "behind"),
    [
        ("pass in proto tcp to any port 443", "pass in proto tcp to any port 25"),
        ("block in from 192.0.2.9", "block in from <blocked>"),
        ("reject in proto tcp to any port 113", "pass in proto tcp to any port 25"),
        ("pass through to 192.0.2.9 limit rate 5/s overload <blocked> for 10m", "pass through from internal"),
        ("block through", "block in log"),
        ("block out proto udp", "block in log"),
        ("nat on internal from any-zone", "nat on internal from internal"),
    ],
)
def test_a_rule_goes_behind_its_kind_and_before_what_takes_everything(rule: str, behind: str) -> None:
    """Of its direction: what the last word of a list leaves to others is nothing."""
    assert after_set(TEXT, f"firewall {rule}") == TEXT.replace(f"\t{behind}\n", f"\t{behind}\n\t{rule}\n", 1)


def test_the_same_rule_changes_nothing_and_one_that_differs_is_another() -> None:
    """Even where it differs in its label alone."""
    assert after_set(TEXT, "firewall block in log") == TEXT
    assert after_set(TEXT, "fire pass in proto tcp to any port 25") == TEXT
    assert after_set(TEXT, "fire pass in proto tcp to any port 25 label smtp").count("to any port 25") == 2


def test_a_first_rule_goes_before_one_that_takes_everything() -> None:
    """Also where nothing stands before that."""
    assert after_set("firewall {\n\tblock in\n}\n", "firewall pass in proto tcp") == (
        "firewall {\n\tpass in proto tcp\n\tblock in\n}\n"
    )
    assert after_set("", "firewall block in log") == "firewall {\n\tblock in log\n}\n"


@pytest.mark.parametrize("line", ["pass in proto tcp to any", "block in log", "nat", "block in from"])
def test_what_begins_so_goes(line: str) -> None:
    """Where it is one; everything else stays as it is."""
    gone = set(TEXT.splitlines()) - set(after_delete(TEXT, f"firewall {line}").splitlines())
    assert len(gone - {"\t# the rest"}) == 1


def test_words_that_begin_several_rules_mean_none() -> None:
    """They are all named."""
    assert "means 2 statements (say which: `block in from <blocked>` and `block in log`)" in refusal(
        delete(TEXT, words("firewall block"))
    )


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("firewall pass in from", ["internal", "<blocked>"]),
        ("firewall pass through to", ["internal", "<blocked>"]),
        ("firewall pass in limit rate 5 overload", ["<blocked>"]),
        ("firewall pass in on", ["internal"]),
        ("firewall nat on internal from", ["internal"]),
        ("load relay New listen on port 25 from", ["internal"]),
        ("load relay New forward to", ["<exchange>"]),
    ],
)
def test_names_are_offered_where_they_may_stand(line: str, names: list[str]) -> None:
    """Zones and address tables to rules; tables of hosts to relays alone."""
    assert [one.text for one in offered(TEXT, words(line)) if one.value is None] == names

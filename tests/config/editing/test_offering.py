"""What may stand next in a path: the schema's words, and the names that the text holds."""

import pytest

from bascule.config.editing.offering import offered
from config.editing.edits import words

TEXT = """\
interface eth0 {
	address 10.0.0.9/24
}
load-balancer {
	table <a> {
		10.0.0.1 name "EX1"
	}
	table <b> {
		10.0.0.2
	}
	relay "HTTPS" {
		listen on 10.0.0.9 port 443
		forward to <a>
		affinity "outlook"
	}
}
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["interface", "load-balancer", "exchange", "firewall", "system"]),
        ("load relay", ['"HTTPS"', '"NAME"']),
        ("load relay New forward to", ["<a>", "<b>", "<TABLE>"]),
        (
            "load table a",
            ["10.0.0.1", "ADDRESS|NAME", "key", "interval", "timeout", "fall", "rise", "require", "warn", "disable"],
        ),
        ("load relay New affinity", ['"outlook"', '"NAME"']),
        ("load relay New listen on port 25 interface", ["eth0", "INTERFACE"]),
        ("load relay HTTPS on down", ["reset", "keep"]),
        ("nonsense", []),
    ],
)
def test_what_may_be_set(line: str, expected: list[str]) -> None:
    """Names come first, then what the schema allows."""
    assert [one.text for one in offered(TEXT, words(line))] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["interface", "load-balancer"]),
        ("load", ["table", "relay"]),
        ("load table", ["<a>", "<b>"]),
        ("load relay HTTPS", ["listen", "forward", "affinity"]),
        ("load relay HTTPS forward", ["to"]),
        ("load relay New", []),
    ],
)
def test_what_may_be_deleted(line: str, expected: list[str]) -> None:
    """Only what is there."""
    assert [one.text for one in offered(TEXT, words(line), present=True)] == expected

"""What may follow at the cursor: commands, then what each of them takes."""

from typing import Final

import pytest

from bascule.cli.configure.offers import offers
from bascule.config.editing.spelling import from_arguments
from bascule.config.matching import Wanted

TEXT: Final = """\
load-balancer {
	workers 2
	table <exchange> {
		10.0.0.1 name "EX1"
	}
	relay "HTTPS" {
		listen on port 443
		forward to <exchange>
	}
}
"""
REVISIONS: Final = (Wanted("2", "bob", literal=True), Wanted("1", "alice", literal=True))


def words(before: str, *place: str) -> tuple[str, list[str]]:
    """Return what has been begun, and the words that may stand there."""
    found = offers(before, TEXT, from_arguments(place), REVISIONS)
    return found.begun, [one.text for one in found.words]


@pytest.mark.parametrize(
    ("before", "begun", "expected"),
    [
        ("d", "d", ["delete", "deploy", "discard"]),
        ("set load wo", "wo", ["workers"]),
        ("set load relay HT", "HT", ['"HTTPS"']),
        ('set load relay "HT', '"HT', ['"HTTPS"']),
        ("set load relay New forward to ", "", ["<exchange>"]),
        ("delete load ", "", ["workers", "table", "relay"]),
        ("sh load relay HTTPS ", "", ["listen", "forward"]),
        ("edit load ", "", ["table", "relay", "redirect", "router"]),
        ("edit load relay ", "", ['"HTTPS"']),
        ("rollback ", "", ["2", "1"]),
        ("compare 1", "1", ["1"]),
        ("deploy --s", "--s", ["--seconds"]),
        ("help co", "co", ["compare", "commit"]),
        ("commit ", "", []),
        ("nonsense ", "", []),
        ("set nonsense ", "", []),
        ("set } ", "", []),
    ],
)
def test_words(before: str, begun: str, expected: list[str]) -> None:
    """Of the schema and of the text, narrowed by what has been typed."""
    assert words(before) == (begun, expected)


def test_paths_begin_where_the_editor_stands() -> None:
    """Within a relay its own statements are offered, and no others."""
    assert words("set fo", "load-balancer", "relay", "HTTPS") == ("fo", ["forward"])
    assert words("delete ", "load-balancer", "table", "exchange") == ("", ["10.0.0.1"])


def test_help_tells_kinds_of_values_too() -> None:
    """They cannot be completed; whoever asks what may follow hears of them."""
    found = offers("set load workers ", TEXT, (), REVISIONS)
    assert [one.text for one in found.wanted] == ["NUMBER"]
    assert found.words == ()

"""Address tables are listed and changed as one says it."""

import json
from datetime import timedelta

import pytest

from bascule.service.tables import ChangeTable, EntryRow, ShowTables, TableChanged, Tables, TableSummary
from cli.calling import NOW, PretendedConnection, call

BLOCKED = TableSummary(name="blocked", written=3, files=("/etc/bascule/blocked.txt",), entered=2)
ENTRIES = (
    EntryRow(table="blocked", network="192.0.2.7", by="alice", since=NOW, reason="guesses passwords"),
    EntryRow(table="blocked", network="198.51.100.0/24", by="limit", until=NOW + timedelta(minutes=5)),
)


def test_tables_are_listed_with_what_was_put_in() -> None:
    """Who did it, why, and until when."""
    connection = PretendedConnection({ShowTables: Tables(tables=(BLOCKED,), entries=ENTRIES)})
    first, heading, alice, limit = call("table", "<blocked>", connection=connection).out.splitlines()
    assert first == "<blocked>: 3 networks by the text (/etc/bascule/blocked.txt), 2 by commands and limits"
    assert heading.split() == ["Table", "Address", "By", "Until", "Reason"]
    assert alice.split() == ["<blocked>", "192.0.2.7", "alice", "guesses", "passwords"]
    assert limit.split()[:3] == ["<blocked>", "198.51.100.0/24", "limit"]
    assert connection.asked == [ShowTables(name="blocked")]
    lines = call("table", "--json", connection=connection).out.splitlines()
    assert [json.loads(line).get("network") for line in lines] == [None, "192.0.2.7", "198.51.100.0/24"]


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["add", "192.0.2.7", "10.0.0.0/8"], ChangeTable(name="blocked", add=("192.0.2.7", "10.0.0.0/8"))),
        (["add", "::1", "--for", "2h"], ChangeTable(name="blocked", add=("::1",), seconds=7200)),
        (["add", "::1", "--reason", "why"], ChangeTable(name="blocked", add=("::1",), reason="why")),
        (["remove", "192.0.2.7"], ChangeTable(name="blocked", remove=("192.0.2.7",))),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_addresses_are_put_in_and_taken_out(argv: list[str], asked: ChangeTable) -> None:
    """What is warned of stands beside what was done."""
    connection = PretendedConnection({ChangeTable: TableChanged(sentence="done", warnings=("::2 is not in it",))})
    called = call("table", "blocked", *argv, connection=connection)
    assert (called.code, called.out, called.err) == (0, "done\n", "::2 is not in it\n")
    assert connection.asked == [asked]


@pytest.mark.parametrize(
    ("argv", "words"),
    [(["add"], "say what to add"), (["remove", "::1", "--for", "1h"], "--for goes with add")],
    ids=" ".join,
)
def test_what_makes_no_sense_asks_nobody(argv: list[str], words: str) -> None:
    """The command says what it lacks."""
    called = call("table", "blocked", *argv, connection=PretendedConnection({}))
    assert called.code == 2
    assert words in called.err

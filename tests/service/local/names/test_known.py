"""What is known of names outlives us, and is asked for only where nobody ever told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from bascule.config.names import Questions
from bascule.health.names.answer import Answer
from bascule.service.local.names.known import FILE, MOST_KEPT, Known, Names, NamesFile
from bascule.system.errors import MachineError

FOUR, OTHER, SIX = ip_address("10.0.0.1"), ip_address("10.0.0.2"), ip_address("fd00::1")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Servers:
    """Pretended name servers that know one name."""

    def __init__(self) -> None:
        self.asked: list[Questions] = []

    async def ask(self, questions: Questions) -> Sequence[Answer]:
        """Tell what is known."""
        self.asked.append(questions)
        return [Answer(name="a.example", v4=frozenset({FOUR}), v6=frozenset())] if "a.example" in questions.names else []


def asking(*names: str) -> Questions:
    """Return questions to a server."""
    return Questions(servers=(SIX,), names=frozenset(names))


async def test_what_is_not_known_is_asked_for(tmp_path: Path) -> None:
    """Once; what nobody tells is asked for again, and what is known is not."""
    servers = Servers()
    names = Names(NamesFile(tmp_path), servers.ask)
    assert await names.known() == {}
    assert not servers.asked
    assert await names.known(asking("a.example", "b.example")) == {"a.example": {FOUR}}
    assert await names.known(asking("a.example", "b.example")) == {"a.example": {FOUR}}
    assert [questions.names for questions in servers.asked] == [{"a.example", "b.example"}, {"b.example"}]


async def test_it_outlives_us(tmp_path: Path) -> None:
    """What was kept is known to the next, with its time; nothing is written before that is asked for."""
    servers = Servers()
    names = Names(NamesFile(tmp_path), servers.ask)
    assert names.take(Answer(name="a.example", v4=frozenset({FOUR}), v6=frozenset({SIX})), NOW)
    assert names.unkept
    assert not (tmp_path / FILE).exists()
    names.keep(["a.example"])
    assert not names.unkept
    later = Names(NamesFile(tmp_path), servers.ask)
    assert await later.known(asking("a.example")) == {"a.example": {FOUR, SIX}}
    assert later.of("a.example") == Known(frozenset({FOUR, SIX}), NOW)
    assert not servers.asked


async def test_only_another_answer_is_a_change(tmp_path: Path) -> None:
    """The same again, or nothing, changes nothing, nor the time since when it is so."""
    names = Names(NamesFile(tmp_path), Servers().ask)
    assert names.take(Answer(name="a.example", v4=frozenset({FOUR}), v6=frozenset()), NOW)
    later = NOW + timedelta(hours=1)
    assert not names.take(Answer(name="a.example", v4=frozenset({FOUR}), v6=frozenset()), later)
    assert not names.take(Answer(name="a.example", failure="there is no such name"), later)
    assert not names.take(Answer(name="b.example", failure="there is no such name"), later)
    assert names.of("a.example") == Known(frozenset({FOUR}), NOW)
    assert names.of("b.example") is None
    assert names.take(Answer(name="a.example", v4=frozenset({OTHER}), v6=frozenset()), later)
    assert names.of("a.example") == Known(frozenset({OTHER}), later)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '{"a": {"addresses": ["x"], "since": "y"}}', "\x00\xff"])
async def test_a_damaged_file_is_no_obstacle(content: str, tmp_path: Path) -> None:
    """It is asked for again."""
    (tmp_path / FILE).write_text(content, encoding="latin-1")
    assert await Names(NamesFile(tmp_path), Servers().ask).known(asking("a.example")) == {"a.example": {FOUR}}


async def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    """Names of texts long gone make room."""
    names = Names(NamesFile(tmp_path), Servers().ask)
    for number in range(MOST_KEPT + 1):
        names.take(Answer(name=f"{number}.example", v4=frozenset({FOUR})), NOW)
    names.keep({"7.example"})
    assert await Names(NamesFile(tmp_path), Servers().ask).known() == {"7.example": {FOUR}}


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """It is said whose fault it is, and still unkept."""
    (tmp_path / "state").write_text("no folder")
    names = Names(NamesFile(tmp_path / "state"), Servers().ask)
    names.take(Answer(name="a.example", v4=frozenset({FOUR})), NOW)
    with pytest.raises(MachineError, match=r"names\.json"):
        names.keep([])
    assert names.unkept

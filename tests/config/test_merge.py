"""Two edits become one text, and no line of either is ever lost in silence."""

import random
import time
from collections.abc import Sequence

import pytest

from bascule.config.merge import Clash, merged

BASE = "interface eth0 {\n\taddress 10.2.0.10/24\n}\nload-balancer {\n\tinterval 5s\n\tworkers 2\n\ttimeout 1s\n}\n"
SEEDS = range(60)


def test_edits_of_different_statements_are_both_made() -> None:
    """Also of lines that stand side by side."""
    mine = BASE.replace("interval 5s", "interval 3s")
    theirs = BASE.replace("workers 2", "workers 4").replace("10.2.0.10/24", "10.2.0.11/24")
    both = merged(BASE, mine, theirs)
    assert both.clashes == ()
    assert both.text == mine.replace("workers 2", "workers 4").replace("10.2.0.10/24", "10.2.0.11/24")


def test_the_same_edit_twice_is_one() -> None:
    """Nobody contradicts anybody."""
    edited = BASE.replace("workers 2", "workers 4")
    assert merged(BASE, edited, edited).text == edited
    assert merged(BASE, edited, edited).clashes == ()


def test_edits_of_the_same_line_clash() -> None:
    """Both are named, and where."""
    both = merged(BASE, BASE.replace("workers 2", "workers 3"), BASE.replace("workers 2", "workers 4"))
    assert both.clashes == (Clash(6, ("\tworkers 3\n",), ("\tworkers 4\n",)),)


def test_a_line_that_one_takes_and_the_other_changes_clashes() -> None:
    """What was taken is an empty place."""
    both = merged(BASE, BASE.replace("\tworkers 2\n", ""), BASE.replace("workers 2", "workers 4"))
    assert both.clashes == (Clash(6, (), ("\tworkers 4\n",)),)


def test_lines_put_in_at_the_same_place_clash() -> None:
    """Nobody knows which was meant to come first."""
    left, right = (BASE.replace("\tworkers 2\n", f"\tworkers 2\n\tfall {n}\n") for n in (2, 3))
    assert [clash.line for clash in merged(BASE, left, right).clashes] == [7]


def test_from_nothing_two_texts_clash() -> None:
    """Before the first revision there is nothing in common."""
    assert merged("", "a\n", "b\n").clashes == (Clash(1, ("a\n",), ("b\n",)),)
    assert merged("", "a\n", "").text == "a\n"


def _edited(chance: random.Random, lines: Sequence[str], mark: str, places: Sequence[int]) -> str:
    """Change, take or add at these places."""
    text = [*lines]
    for place in sorted(places, reverse=True):
        what = chance.choice(("change", "take", "add"))
        new = f"{mark} {place} {chance.random()}\n"
        text[place : place + 1] = {"change": [new], "take": [], "add": [text[place], new]}[what]
    return "".join(text)


@pytest.mark.parametrize("seed", SEEDS)
def test_edits_apart_are_all_made(seed: int) -> None:
    """Whoever is first: each line that one side put in is there, each that it took is gone."""
    chance = random.Random(seed)
    lines = [f"line {number}\n" for number in range(60)]
    places = chance.sample(range(0, 60, 3), 12)
    base = "".join(lines)
    mine, theirs = _edited(chance, lines, "mine", places[:6]), _edited(chance, lines, "theirs", places[6:])
    both = merged(base, mine, theirs)
    assert both.clashes == ()
    assert merged(base, theirs, mine).text == both.text
    for side in (mine, theirs):
        assert {*side.splitlines()} - {*lines} <= {*both.text.splitlines()} | {line.rstrip() for line in lines}
    taken = {*base.splitlines()} - {*mine.splitlines()} | {*base.splitlines()} - {*theirs.splitlines()}
    assert not taken & {*both.text.splitlines()}


@pytest.mark.parametrize("seed", SEEDS)
def test_who_changed_nothing_changes_nothing(seed: int) -> None:
    """Whatever the other did."""
    chance = random.Random(seed)
    lines = [f"line {chance.randrange(5)}\n" for _ in range(30)]
    base, edited = "".join(lines), _edited(chance, lines, "x", chance.sample(range(30), 10))
    assert merged(base, edited, base).text == merged(base, base, edited).text == edited


def test_edits_of_a_large_text_are_made_in_a_moment() -> None:
    """Its braces, which stand everywhere, are not held against each other."""
    lines = [f'relay "R{n // 8}" {{\n' if n % 8 == 0 else "}\n" if n % 8 == 7 else f"\trule {n}\n" for n in range(40_000)]

    def edited(*places: int, words: str) -> str:
        return "".join(words if n in places else line for n, line in enumerate(lines))

    began = time.perf_counter()
    both = merged("".join(lines), edited(1, 20_001, words="mine\n"), edited(13_329, 39_990, words="theirs\n"))
    assert time.perf_counter() - began < 5
    assert both.clashes == ()
    assert [n for n, line in enumerate(both.text.splitlines()) if line in {"mine", "theirs"}] == [1, 13_329, 20_001, 39_990]

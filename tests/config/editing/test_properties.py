"""Edits do what they say and nothing else, on every text of the corpus, whatever comments and empty lines it has."""

import difflib
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bascule.config.editing.deleting import delete
from bascule.config.editing.extract import extract
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_arguments
from bascule.config.format import format_text
from bascule.config.lexer import TokenKind, tokenize
from bascule.config.load import load
from bascule.config.parser import parse
from config.editing.edits import after_delete, after_set, paths, sound_texts, words
from config.summary import summary

TEXTS = sound_texts()
LINES = sorted({path.path for text in TEXTS.values() for path in paths(text) if path.leaf})
PIECES = ("load", "relay", "<exchange>", '"HTTPS"', "10.80.2.1", "weight", "2", "é", '"', "}", "set", "", " ", "sys", "dns")
NOISE = ("# about what follows", "", "# of its own\n")


def meaning(text: str) -> list[str]:
    """Return what a text means, in whatever order it says so."""
    configuration = load(text).configuration
    return [] if configuration is None else sorted(summary(configuration))


def comments(text: str) -> list[str]:
    """Return the comments of a text."""
    return [token.text for token in tokenize(text, lambda _: None) if token.kind is TokenKind.COMMENT]


@st.composite
def noisy(draw: st.DrawFn) -> str:
    """Return a text of the corpus with comments and empty lines between its own, still in its usual form."""
    lines = draw(st.sampled_from(sorted(TEXTS.values()))).splitlines()
    made = []
    for line in lines:
        if draw(st.integers(0, 5)) == 0:
            made.append(draw(st.sampled_from(NOISE)))
        made.append(line if draw(st.integers(0, 5)) or "#" in line else f"{line}  # {draw(st.integers(0, 9))}")
    return format_text("".join(f"{line}\n" for line in made))


@pytest.mark.parametrize("name", TEXTS)
def test_every_statement_can_be_deleted_and_set_again(name: str) -> None:
    """With the ones of its kind behind it, since some count in their order; the text then means what it meant."""
    text = TEXTS[name]
    every = list(paths(text))
    for path in every:
        group = [one for one in every[every.index(path) :] if one.kind == path.kind]
        without = text
        for one in group:
            without = after_delete(without, one.path)
        assert not any(one in group for one in paths(without))
        again = without
        for inner in every:
            if any(inner == one or inner.path.startswith(f"{one.path} ") for one in group):
                again = after_set(again, inner.path)
        assert meaning(again) == meaning(text), path


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_can_be_set_line_by_line(name: str) -> None:
    """From nothing, and it comes out in its usual form."""
    text = ""
    for one in paths(TEXTS[name]):
        text = after_set(text, one.path)
    assert format_text(text) == text
    assert meaning(text) == meaning(TEXTS[name])


@settings(deadline=None, max_examples=300)
@given(noisy(), st.sampled_from(LINES))
def test_set_is_shown_and_changes_nothing_else(text: str, line: str) -> None:
    """What was set is there; setting it again does nothing; no comment and no other line is touched."""
    edited = put(text, words(line))
    assert not edited.diagnostics
    assert put(edited.text, words(line)).text == edited.text
    shown = extract(edited.text, words(line))
    assert not shown.diagnostics
    assert shown.text
    assert comments(edited.text) == comments(text)
    assert format_text(edited.text) == edited.text
    changed = [one for one in difflib.ndiff(text.splitlines(), edited.text.splitlines()) if one[0] in "+-"]
    gone = [one for one in changed if one.startswith("-")]
    assert len(gone) <= 1


@settings(deadline=None, max_examples=300)
@given(noisy(), st.sampled_from(LINES))
def test_delete_takes_back_what_set_added(text: str, line: str) -> None:
    """Character for character, the blocks that were made for it included."""
    assume(bool(delete(text, words(line)).diagnostics))  # it is not there
    edited = put(text, words(line)).text
    there = {one.path for one in paths(text)}
    made = [one.path for one in paths(edited) if one.path not in there]
    assume(made)
    replaced = len(there - {one.path for one in paths(edited)})
    assume(not replaced)
    assert after_delete(edited, made[0]) == text


@settings(deadline=None, max_examples=300)
@given(noisy(), st.data())
def test_delete_takes_only_its_own_lines(text: str, data: st.DataObject) -> None:
    """What is left are the lines that were there, in their order, and it stays in its usual form."""
    every = [one.path for one in paths(text)]
    assume(every)
    path = data.draw(st.sampled_from(every))
    without = after_delete(text, path)
    assert format_text(without) == without
    added = [one[2:] for one in difflib.ndiff(text.splitlines(), without.splitlines()) if one.startswith("+")]
    assert all(one.endswith("{ }") or " { }  #" in one for one in added), added


@settings(deadline=None, max_examples=500)
@given(noisy(), st.lists(st.sampled_from(PIECES)))
def test_nothing_raises(text: str, line: list[str]) -> None:
    """Whatever is asked, it is done or there is a diagnostic within the words."""
    for edit in (put, delete, extract):
        edited = edit(text, from_arguments(line))
        for one in edited.diagnostics:
            assert one.span.line == 1
            assert 1 <= one.span.column <= len(edited.words) + 1


@st.composite
def squeezed(draw: st.DrawFn) -> str:
    """Return a text of the corpus with several statements in a line, blocks in one, and blanks as nobody likes them."""
    text = draw(st.sampled_from(sorted(TEXTS.values())))
    made = ""
    for line, following in pairwise([*text.splitlines(), ""]):
        inner = draw(st.sampled_from(["", " ", "   ", "\t"])) + line.strip()
        ends = not line or "#" in line or not following or draw(st.booleans())
        opens, closes = line.endswith("{"), following.strip().startswith("}")
        made += inner + ("\n" if ends else " " if opens or closes else "; ")
    return made


@settings(deadline=None, max_examples=400)
@given(squeezed(), st.sampled_from(LINES))
def test_a_text_without_any_order_is_edited_too(text: str, line: str) -> None:
    """What is set can be deleted, and then the text means what it meant; no comment is lost, and its form stays sound."""
    assume(not parse(text).diagnostics)
    assume(meaning(text))
    edited = put(text, words(line)).text
    assert not parse(edited).diagnostics
    assert comments(edited) == comments(text)
    assert put(edited, words(line)).text == edited
    there = {one.path for one in paths(text)}
    made = [one.path for one in paths(edited) if one.path not in there]
    assume(made)
    assume(there <= {one.path for one in paths(edited)})
    without = after_delete(edited, made[0])
    assert [one.path for one in paths(without)] == [one.path for one in paths(text)]
    assert comments(without) == comments(text)


@settings(deadline=None, max_examples=400)
@given(squeezed(), st.data())
def test_what_is_deleted_of_a_text_without_any_order(text: str, data: st.DataObject) -> None:
    """Is gone, and nothing else is."""
    assume(not parse(text).diagnostics)
    every = [one.path for one in paths(text)]
    assume(every)
    path = data.draw(st.sampled_from(every))
    without = after_delete(text, path)
    assert not parse(without).diagnostics
    gone = {one for one in every if one == path or one.startswith(f"{path} ")}
    left = [one.path for one in paths(without)]
    assert left == [one for one in every if one not in gone] or not all(every.count(one) == 1 for one in gone)

"""What a page shows of two texts."""

from hypothesis import given
from hypothesis import strategies as st

from bascule.web.differences import Difference, difference

OLD = "\n".join(f"line {n}" for n in range(1, 31))
TEXTS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=30).map("\n".join)


def test_a_change_stands_among_its_neighbours_with_both_numbers() -> None:
    """Three lines around it, and nothing of the rest."""
    found = difference(OLD, OLD.replace("line 12", "new\nlines"))
    (hunk,) = found.hunks
    assert [(line.kind, line.old, line.new, line.text) for line in hunk] == [
        ("kept", 9, 9, "line 9"),
        ("kept", 10, 10, "line 10"),
        ("kept", 11, 11, "line 11"),
        ("removed", 12, None, "line 12"),
        ("added", None, 12, "new"),
        ("added", None, 13, "lines"),
        ("kept", 13, 14, "line 13"),
        ("kept", 14, 15, "line 14"),
        ("kept", 15, 16, "line 15"),
    ]
    assert (found.added, found.removed, found.left_out) == (2, 1, 0)


def test_a_block_that_is_put_in_ends_with_its_own_brace() -> None:
    """And does not begin with the brace of the block before it."""
    before = "outer {\n\tone {\n\t\tsame\n\t}\n}"
    (hunk,) = difference(before, before.replace("\t}\n}", "\t}\n\ttwo {\n\t\tsame\n\t}\n}")).hunks
    assert [line.text.strip() for line in hunk if line.kind == "added"] == ["two {", "same", "}"]
    assert [line.kind for line in hunk] == ["kept"] * 3 + ["added"] * 3 + ["kept"]


def test_far_changes_stand_apart() -> None:
    """And equal texts differ in nothing."""
    assert len(difference(OLD, OLD.replace("line 2\n", "x\n").replace("line 29", "y")).hunks) == 2
    assert not difference(OLD, OLD)
    assert difference("", "") == Difference()


def test_a_page_shows_so_many_lines_and_counts_the_rest() -> None:
    """However much differs."""
    found = difference("", "x\n" * 10_000)
    assert (sum(map(len, found.hunks)), found.left_out, found.added) == (4000, 6000, 10_000)


@given(TEXTS, TEXTS)
def test_what_is_shown_leads_from_one_text_to_the_other(old: str, new: str) -> None:
    """Taken together, removed and added lines account for the difference, each with its own number."""
    before, after = old.splitlines(), new.splitlines()
    found = difference(old, new)
    lines = [line for hunk in found.hunks for line in hunk]
    assert all(before[line.old - 1] == line.text for line in lines if line.old is not None)
    assert all(after[line.new - 1] == line.text for line in lines if line.new is not None)
    assert len(after) - len(before) == found.added - found.removed
    gone = {line.old for line in lines if line.kind == "removed"}
    come = {line.new for line in lines if line.kind == "added"}
    kept = [text for n, text in enumerate(before, 1) if n not in gone]
    assert kept == [text for n, text in enumerate(after, 1) if n not in come]

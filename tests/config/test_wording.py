"""Messages show words safely and find the nearest known one."""

import pytest

from bascule.config.wording import listed, nearest, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [("word", "`word`"), ("a\x1b[31m", "`a\\u001b[31m`"), ("x" * 50, f"`{'x' * 40}…`"), ("a\u202eb", "`a\\u202eb`")],
)
def test_quoting(text: str, shown: str) -> None:
    """Nothing that a terminal obeys gets through, and nothing fills the screen."""
    assert quoted(text) == shown


def test_lists() -> None:
    """A list reads as people write it."""
    assert (listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])) == ("a", "a or b", "a, b or c")


@pytest.mark.parametrize(
    ("word", "found"),
    [("lisen", "listen"), ("LISTEN", "listen"), ("lis", "listen"), ("li", ""), ("xyzzy", ""), ("l" * 5000, "")],
)
def test_nearest(word: str, found: str) -> None:
    """A word that is near, or a beginning, is found; a long one is not compared."""
    assert nearest(word, ["listen", "forward", "session"]) == found

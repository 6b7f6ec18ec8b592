"""`set`, `delete` and `show working-copy` say what they did, or what is wrong and where."""

from typing import Final

import pytest

from bascule.service.deployment import LoadCopy, ShowCopy
from bascule.service.results import CopyText, Loaded
from cli.calling import NOW, PretendedConnection, call

TEXT: Final = 'load-balancer {\n\tworkers 2\n\trelay "HTTPS" {\n\t\tlisten on port 443\n\t}\n}\n'
KEPT: Final = Loaded(sentence="kept as your working copy")


def connection(text: str = TEXT) -> PretendedConnection:
    """Return who has this working copy."""
    return PretendedConnection({ShowCopy: CopyText(text=text, base=3, newest=3, at=NOW), LoadCopy: KEPT})


def test_set_keeps_the_text_with_the_statement() -> None:
    """In the place of the copy that it was read from."""
    asked = connection()
    called = call("set", "load", "workers", "4", connection=asked)
    assert (called.code, called.out) == (0, "kept as your working copy\n")
    assert asked.asked[1] == LoadCopy(text=TEXT.replace("2", "4", 1).encode(), base=3, expected="")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["set", "load", "workers", "2"], 0, "nothing changes: it stands there already"),
        (["set", "load", "wrokers", "2"], 1, "set:1:15: error: unknown word `wrokers` in `load-balancer`"),
        (["delete", "load", "relay", "HTPS"], 1, 'did you mean `relay "HTTPS"`?'),
        (["show", "working-copy", "load", "relay", "HTTPS"], 0, 'relay "HTTPS" {\n\tlisten on port 443\n}\n'),
        (["show", "working-copy"], 0, TEXT),
        (["show", "working-copy", "system"], 1, "there is no `system` in the text"),
    ],
)
def test_what_is_said(words: list[str], code: int, said: str) -> None:
    """And nothing is kept."""
    asked = connection()
    called = call(*words, connection=asked)
    assert called.code == code
    assert said in called.out + called.err
    assert not any(isinstance(request, LoadCopy) for request in asked.asked)


def test_a_text_without_a_form_is_shown_in_its_own_lines() -> None:
    """With what to do about it."""
    called = call("set", "load", "workers", "4", connection=connection("load-balancer {\n"))
    assert called.code == 1
    assert "your working copy cannot be read: mend it with `bascule edit`" in called.err
    assert "never closed" in called.err

"""The formatter changes how a text looks, never what it says."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule.config.format import format_text
from bascule.config.lexer import TokenKind, tokenize
from bascule.config.load import load

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "config"
PIECES: Final = ("a ", "b", "{", "}", "\n", "\n\n", "\t", ";", "# c\n", '"s"', " # d  \n", "<t>", "\r\n", "a { b }\n")


def comments(text: str) -> list[str]:
    """Return the comments of a text in their order."""
    return [token.text.rstrip() for token in tokenize(text, lambda _: None) if token.kind is TokenKind.COMMENT]


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_meaning_stays(path: Path) -> None:
    """Formatting a text of the corpus keeps what it means, and formatting again changes nothing."""
    text = path.read_text().partition("----------\n")[0]
    once = format_text(text)
    assert load(once).configuration == load(text).configuration
    assert format_text(once) == once


@pytest.mark.parametrize("name", ["guide.conf", "guide-lab.conf"])
def test_guide_is_in_its_usual_form(name: str) -> None:
    """The form is the guide's: formatting it changes nothing."""
    text = (CORPUS / name).read_text()
    assert format_text(text) == text


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_formatting_twice_is_formatting_once(text: str) -> None:
    """Formatting is idempotent and keeps every comment, for any text."""
    once = format_text(text)
    assert format_text(once) == once
    assert comments(once) == comments(text)


def test_form() -> None:
    """Tabs, one statement a line, comments where they were, one empty line at most."""
    text = """

# first
system   { host-name   lb1;   dns { }  # none
  authentication { # who

    user "admin" { role administrator } # one


    # nobody else

  } }
# last"""
    assert (
        format_text(text)
        == """\
# first
system {
	host-name lb1
	dns { }  # none
	authentication {  # who
		user "admin" {
			role administrator
		}  # one

		# nobody else
	}
}
# last
"""
    )


def test_what_is_not_understood_is_left_alone() -> None:
    """A text whose braces do not pair is returned as it is."""
    text = "system   {\n"
    assert format_text(text) == text

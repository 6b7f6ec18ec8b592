import io

import pytest

from bascule.cli.screen import BAD, GOOD, Screen, styled
from cli.calling import Terminal

COLOURS = {"TERM": "xterm-256color"}


def printed(stream: io.StringIO, environment: dict[str, str]) -> str:
    """Print a table with a long and a coloured cell, and return what came out."""
    screen = Screen(stream, io.StringIO(), environment)
    screen.table(("Name", "Status"), [("x" * 300, styled("up", GOOD)), ("y", styled("down", BAD))])
    return stream.getvalue()


def test_a_pipe_gets_plain_aligned_lines() -> None:
    """Nothing is wrapped, cut, coloured or padded at the end."""
    lines = printed(io.StringIO(), {}).split("\n")
    assert lines == ["Name" + " " * 298 + "Status", "x" * 300 + "  up", "y" + " " * 301 + "down", ""]


def test_a_terminal_gets_colours() -> None:
    """Status words are coloured where somebody looks."""
    assert "\x1b[32mup" in printed(Terminal(), COLOURS)


@pytest.mark.parametrize("environment", [COLOURS | {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_refused(environment: dict[str, str]) -> None:
    """NO_COLOR and a dumb terminal get no colour."""
    assert "\x1b[3" not in printed(Terminal(), environment)


def test_wide_characters_keep_columns_straight() -> None:
    """A name in a script of double width is padded by what it takes on the terminal."""
    stream = io.StringIO()
    Screen(stream, io.StringIO(), {}).table(("Name", "S"), [("邮件", "up"), ("mail", "up")])
    assert stream.getvalue().split("\n")[1:3] == ["邮件  up", "mail  up"]


def test_a_server_cannot_steer_the_terminal() -> None:
    """Control characters in a text that a server chose are shown, not obeyed."""
    stream = Terminal()
    Screen(stream, io.StringIO(), COLOURS).say("220 \x1b]0;owned\x07\r\x9b31m")
    assert stream.getvalue().rstrip("\n") == r"220 \x1b]0;owned\x07\r\x9b31m"


def test_an_empty_table_has_its_headings() -> None:
    """Nothing to show is still a table."""
    stream = io.StringIO()
    Screen(stream, io.StringIO(), {}).table(("Id", "Name"), [])
    assert stream.getvalue() == "Id  Name\n"


def test_json_is_one_line() -> None:
    """Whatever the value, it takes one line."""
    stream = io.StringIO()
    Screen(stream, io.StringIO(), {}).json({"reason": "a\nb"})
    assert stream.getvalue() == '{"reason":"a\\nb"}\n'

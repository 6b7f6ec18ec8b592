"""Numbers, times and codes: what is one, what it means, and what is said of the others."""

import pytest

from bascule.config.kinds.kind import Flaw
from bascule.config.kinds.numbers import CHECK_TIMEOUT, CODES, KEY, PORT, duration, integer, shown_time, whole_seconds
from bascule.config.lexer import Token, TokenKind


def word(text: str) -> Token:
    """Return a token as the lexer would."""
    return Token(TokenKind.WORD, text, 1, 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("5s", 5), ("5", 5), ("40m", 2400), ("2h", 7200), ("100ms", 0.1), ("86400", 86400)],
)
def test_times_take_units(text: str, seconds: float) -> None:
    """A bare number means seconds."""
    assert duration(0.1, 86400).read(word(text)) == seconds


@pytest.mark.parametrize("text", ["", "s", "5S", "5 s", "-5s", "1.5s", "5d", "99ms", "25h", "99999999999", "٣s", "1e3"])
def test_other_times_are_flaws(text: str) -> None:
    """Other units, signs, fractions, foreign digits and times out of range are refused."""
    assert isinstance(duration(0.1, 86400).read(word(text)), Flaw)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.5, "500ms"), (5, "5s"), (90, "90s"), (2400, "40m"), (7200, "2h"), (0, "0ms")]
)
def test_times_are_shown_as_they_are_written(seconds: float, shown: str) -> None:
    """The shortest whole unit is used."""
    assert shown_time(seconds) == shown


@pytest.mark.parametrize(
    ("text", "good"), [("60", True), ("61", False), ("61s", True), ("200ms", True), ("1000", False), ("0", False)]
)
def test_bare_timeouts_of_checks_end_at_a_minute(text: str, *, good: bool) -> None:
    """Above 60 a bare number was meant for relayd, which counts milliseconds; with a unit it is what it says."""
    assert isinstance(CHECK_TIMEOUT.read(word(text)), Flaw) is not good


def test_session_timeouts_are_whole_seconds() -> None:
    """Fractions of a second are refused, however they are written."""
    assert whole_seconds(1, 100).read(word("2000ms")) == 2
    assert isinstance(whole_seconds(1, 100).read(word("2001ms")), Flaw)


@pytest.mark.parametrize(
    ("text", "good"), [("1", True), ("65535", True), ("0", False), ("65536", False), ("+1", False), ("0x1", False)]
)
def test_ports(text: str, *, good: bool) -> None:
    """A port is a number from 1 to 65535."""
    assert isinstance(PORT.read(word(text)), int) is good


@pytest.mark.parametrize(
    ("text", "good"), [("3", True), ("7", True), ("2", False), ("8", False), ("٣", False), ("", False)]
)
def test_integers_have_bounds(text: str, *, good: bool) -> None:
    """Both bounds belong to the range, and digits are ASCII."""
    assert isinstance(integer(3, 7).read(word(text)), int) is good


@pytest.mark.parametrize(
    ("text", "codes"),
    [("200", ((200, 200),)), ("200-299,401", ((200, 299), (401, 401))), ("100-599", ((100, 599),))],
)
def test_status_codes(text: str, codes: tuple[tuple[int, int], ...]) -> None:
    """Codes and ranges of codes, with commas between them."""
    assert CODES.read(word(text)) == codes


@pytest.mark.parametrize("text", ["", "99", "600", "299-200", "200,", "200, 301", "2xx", "200--201"])
def test_other_status_codes_are_flaws(text: str) -> None:
    """What HTTP has no code for is refused, and so is a range that ends before it begins."""
    assert isinstance(CODES.read(word(text)), Flaw)


@pytest.mark.parametrize(("text", "key"), [("7f3a91c2", 0x7F3A91C2), ("00000000", 0), ("FFFFFFFF", 0xFFFFFFFF)])
def test_keys(text: str, key: int) -> None:
    """A key is 32 bits in 8 hexadecimal digits."""
    assert KEY.read(word(text)) == key


@pytest.mark.parametrize("text", ["7f3a91c", "7f3a91c22", "0x3a91c2", "7f3a91cg"])
def test_other_keys_are_flaws(text: str) -> None:
    """More digits, fewer, or a prefix are refused: nodes must agree on a key."""
    assert isinstance(KEY.read(word(text)), Flaw)

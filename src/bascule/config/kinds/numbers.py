"""Numbers, ports, times, keys and status codes."""

import re
from typing import Final, TypeAlias

from bascule.config.kinds.kind import Flaw, Kind, expected
from bascule.config.lexer import Token
from bascule.config.wording import quoted

_DIGITS: Final = re.compile(r"[0-9]{1,10}")
_SERVICES: Final = {
    "http": 80,
    "https": 443,
    "imap": 143,
    "imaps": 993,
    "pop3": 110,
    "pop3s": 995,
    "smtp": 25,
    "submission": 587,
    "epmap": 135,
}


def integer(low: int, high: int, name: str = "NUMBER") -> Kind[int]:
    """Return the kind of whole numbers from `low` to `high`."""
    what = f"a number from {low} to {high}"

    def read(token: Token) -> int | Flaw:
        if not _DIGITS.fullmatch(token.text):
            return expected(what, token)
        number = int(token.text)
        return number if low <= number <= high else expected(what, token)

    return Kind(name=name, what=what, read=read)


_RATE: Final = re.compile(r"([0-9]{1,10})/s")


def rate(low: int, high: int) -> Kind[int]:
    """Return the kind of whole numbers in a second, from `low` to `high`: `20/s`."""
    what = f"a rate from {low}/s to {high}/s"

    def read(token: Token) -> int | Flaw:
        found = _RATE.fullmatch(token.text)
        if found is None:
            hint = f"write {token.text}/s" if _DIGITS.fullmatch(token.text) else ""
            return Flaw(expected(what, token).message, hint)
        number = int(found[1])
        return number if low <= number <= high else expected(what, token)

    return Kind(name="NUMBER/s", what=what, read=read)


_LAST_PORT: Final = 65535
_ONE_PORT: Final = integer(1, _LAST_PORT)
_RANGE: Final = re.compile(r"[0-9]{1,10}:[0-9]{1,10}")


def _port(token: Token) -> int | Flaw:
    if token.text in _SERVICES:
        return Flaw(f"ports are numbers; write {_SERVICES[token.text]} for {quoted(token.text)}")
    if _RANGE.fullmatch(token.text):
        return Flaw(f"expected one port, found the range {quoted(token.text)}")
    return _ONE_PORT.read(token)


PORT: Final = Kind(name="PORT", what="a port from 1 to 65535", read=_port)


def _ports(token: Token) -> tuple[int, int] | Flaw:
    if not _RANGE.fullmatch(token.text):
        one = _port(token)
        return one if isinstance(one, Flaw) else (one, one)
    first, last = map(int, token.text.split(":"))
    if max(first, last) > _LAST_PORT or first == 0:
        return Flaw(f"expected ports from 1 to {_LAST_PORT}, found {quoted(token.text)}")
    if first > last:
        return Flaw(f"the range {quoted(token.text)} ends before it begins", f"write {last}:{first}")
    return first, last


PORTS: Final = Kind(name="PORT[:PORT]", what="a port from 1 to 65535, or a range such as 6005:59530", read=_ports)
"""A port, or a range of ports, as its first and its last; of one port they are equal."""

_TIME: Final = re.compile(r"([0-9]{1,10})(ms|s|m|h|)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}


def shown_time(seconds: float) -> str:
    """Return a time as a configuration writes it: `500ms`, `5s`, `40m`, `2h`."""
    for unit in ("h", "m", "s"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds * 1000:.0f}ms"


def _seconds(token: Token, low: float, high: float) -> float | Flaw:
    found = _TIME.fullmatch(token.text)
    if not found:
        return expected("a time such as 500ms, 5s, 40m or 2h", token)
    seconds = int(found[1]) * _SECONDS[found[2]]
    if not low <= seconds <= high:
        return Flaw(f"expected a time from {shown_time(low)} to {shown_time(high)}, found {quoted(token.text)}")
    return seconds


def duration(low: float, high: float) -> Kind[float]:
    """Return the kind of times from `low` to `high` seconds; a bare number means seconds."""
    what = f"a time from {shown_time(low)} to {shown_time(high)}"
    return Kind(name="TIME", what=what, read=lambda token: _seconds(token, low, high))


def whole_seconds(low: int, high: int) -> Kind[int]:
    """Return the kind of times from `low` to `high` that are whole seconds."""

    def read(token: Token) -> int | Flaw:
        seconds = _seconds(token, low, high)
        if isinstance(seconds, Flaw):
            return seconds
        return int(seconds) if seconds == int(seconds) else Flaw(f"expected whole seconds, found {quoted(token.text)}")

    return Kind(name="TIME", what=f"a time from {shown_time(low)} to {shown_time(high)}", read=read)


_BARE_LIMIT: Final = 60


def _check_timeout(token: Token) -> float | Flaw:
    if _DIGITS.fullmatch(token.text) and int(token.text) > _BARE_LIMIT:
        return Flaw(
            f"a bare number means seconds here, and {token.text} s is no timeout of a check",
            f"relayd counts milliseconds: write {token.text}ms",
        )
    return _seconds(token, 0.05, 3600)


CHECK_TIMEOUT: Final = Kind(name="TIME", what="a time such as 500ms or 3s", read=_check_timeout)

_KEY: Final = re.compile(r"[0-9A-Fa-f]{8}")


def _key(token: Token) -> int | Flaw:
    if _KEY.fullmatch(token.text):
        return int(token.text, 16)
    return Flaw(f"expected a key of 8 hexadecimal digits, found {quoted(token.text)}")


KEY: Final = Kind(name="KEY", what="a key of 8 hexadecimal digits", read=_key)

Codes: TypeAlias = tuple[tuple[int, int], ...]
_CODES: Final = re.compile(r"[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*")


def _codes(token: Token) -> Codes | Flaw:
    what = "status codes such as 200 or 200-299,401"
    if not _CODES.fullmatch(token.text):
        return expected(what, token)
    ranges = [(int(part[:3]), int(part[-3:])) for part in token.text.split(",")]
    return expected(what, token) if any(last < first for first, last in ranges) else tuple(ranges)


CODES: Final = Kind(name="CODES", what="status codes such as 200 or 200-299,401", read=_codes)

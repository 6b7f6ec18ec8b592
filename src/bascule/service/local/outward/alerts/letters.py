"""How a letter reads: as a mail, and as JSON. Pure."""

from collections.abc import Iterator
from typing import Final

import msgspec

from bascule.herald.wire import LONGEST_BODY
from bascule.service.local.outward.alerts.desk import Letter, Why
from bascule.service.moment import Moment

MOST_LINES: Final = 100
"""Notices that a letter tells one by one, the last; the rest is counted."""

_LONGEST_SUBJECT: Final = 180
_LONGEST_LINE: Final = 500


class PostedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as a webhook gets it. Field names are part of the product's interface: added to, never renamed."""

    time: Moment
    cause: str
    state: str
    urgent: bool
    over: bool
    """It says that something bad is over."""
    words: str


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook gets."""

    text: str
    """All of it in words: chat programs show this field."""
    alert: str
    machine: str
    why: Why
    more: int
    """Notices that are not told one by one."""
    notices: tuple[PostedNotice, ...]


def subject(letter: Letter, machine: str) -> str:
    """Return the subject of a mail."""
    if letter.why is Why.TEST:
        return f"[{machine}] a test of Bascule's alerts"
    count = len(letter.notices) + letter.more
    if letter.why is Why.SUMMARY:
        return f"[{machine}] {count} {'thing' if count == 1 else 'things'} happened in the quiet time"
    worst = next((each for each in letter.notices if each.urgent and not each.good), None)
    first = worst or next((each for each in letter.notices if not each.good), letter.notices[0])
    again = "changes again and again: " if letter.why is Why.FOLDED else ""
    others = f" (and {count - 1} more)" if count > 1 else ""
    room = _LONGEST_SUBJECT - len(others)
    return _cut(f"[{machine}] {again}{first.words}", room) + others


def text(letter: Letter, alert: str, machine: str) -> str:
    """Return the letter in words, a line for each notice."""
    farewell = f'Bascule on {machine}, alert "{alert}". `bascule show log` has the rest.'
    return "\n".join((*_lines(letter, machine), "", farewell, ""))


def posted(letter: Letter, alert: str, machine: str) -> bytes:
    """Return the letter as JSON, with as many notices as travel."""
    most = MOST_LINES
    while len(body := _posted(letter, alert, machine, most)) > LONGEST_BODY:
        most //= 2
    return body


def _posted(letter: Letter, alert: str, machine: str, most: int) -> bytes:
    shown = letter.notices[-most:]
    notices = tuple(
        PostedNotice(
            time=each.at,
            cause=each.cause.value,
            state=each.state,
            urgent=each.urgent,
            over=each.good,
            words=_cut(each.words, _LONGEST_LINE),
        )
        for each in shown
    )
    return msgspec.json.encode(
        Posted(
            text="\n".join((subject(letter, machine), *_lines(letter, machine, most))),
            alert=alert,
            machine=machine,
            why=letter.why,
            more=letter.more + len(letter.notices) - len(shown),
            notices=notices,
        )
    )


def _lines(letter: Letter, machine: str, most: int = MOST_LINES) -> Iterator[str]:
    if letter.why is Why.TEST:
        yield f"This is a test. When something on {machine} needs an eye, it is told here."
        return
    shown = letter.notices[-most:]
    left = letter.more + len(letter.notices) - len(shown)
    if left:
        yield f"{left} more came before these."
    changes = letter.changes[-most:] or (0,) * len(shown)
    for notice, count in zip(shown, changes, strict=True):
        often = f" (changed {count} more {'time' if count == 1 else 'times'} until then)" if count else ""
        yield f"{notice.at.astimezone():%Y-%m-%d %H:%M:%S}  {_cut(notice.words, _LONGEST_LINE)}{often}"


def _cut(words: str, most: int) -> str:
    clean = "".join(letter if letter.isprintable() else " " for letter in words)
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"

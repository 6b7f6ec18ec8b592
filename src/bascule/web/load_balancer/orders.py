"""What an administrator may want of a host, and what each of it asks: whether sessions may finish, or end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bascule.service.operations import LONGEST_ORDER, HostAction, OrderHost
from bascule.web.forms import Form
from bascule.web.numbers import number_in

_MINUTE: Final = 60
_LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One thing that may be done."""

    action: HostAction
    label: str
    means: str
    """What becomes of it, in a sentence."""
    asks_sessions: bool = False
    """Whether its sessions may finish is a question."""
    asks_time: bool = False
    """It may end by itself."""


WISHES: Final = (
    Wish(
        action=HostAction.DRAIN,
        label="Drain",
        means="It takes no new clients. Those it has may stay for a while: say how long.",
        asks_sessions=True,
    ),
    Wish(
        action=HostAction.FLUSH,
        label="Flush",
        means="Its sessions end now, and both ends are told at once. It goes on to take clients as before.",
    ),
    Wish(
        action=HostAction.ENABLE,
        label="Enable",
        means="What its check says decides again, whatever was ordered of it there.",
    ),
    Wish(
        action=HostAction.DISABLE,
        label="Disable",
        means="It has no clients at all: its sessions end now, and what its checks find does not count.",
        asks_time=True,
    ),
    Wish(
        action=HostAction.FORCE_UP,
        label="Force up",
        means="It takes clients whatever its check says: for a check that is wrong.",
        asks_time=True,
    ),
    Wish(
        action=HostAction.FORCE_DOWN,
        label="Force down",
        means="It counts as down whatever its check says, with all that a service does then.",
        asks_time=True,
    ),
)


def wish(action: str) -> Wish:
    """Return what is wanted; to drain where that is nothing known."""
    return next((each for each in WISHES if each.action.value == action), WISHES[0])


def orders(sent: Form, host: str, relay: str) -> Sequence[OrderHost] | str:
    """Return what to order of a host, in this order; a sentence where an answer is missing or out of range."""
    wanted = wish(sent.one("action"))
    scope = relay if sent.one("where") == "here" and relay else None
    reason = sent.one("reason")[:_LONGEST_REASON]
    after = wanted.asks_sessions and sent.one("sessions") == "later"
    seconds = _seconds(sent.one("minutes")) if after or wanted.asks_time else None
    if isinstance(seconds, str):
        return seconds
    if after and seconds is None:
        return "say after how many minutes the sessions that are left shall end"
    first = OrderHost(action=wanted.action, host=host, relay=scope, seconds=seconds, reason=reason)
    if wanted.asks_sessions and sent.one("sessions") == "now":
        return first, OrderHost(action=HostAction.FLUSH, host=host, relay=scope, reason=reason)
    return (first,)


def _seconds(minutes: str) -> float | str | None:
    """Return how long; None where nothing is said."""
    if not minutes:
        return None
    most = LONGEST_ORDER // _MINUTE
    number = number_in(minutes, 1, most)
    return f"minutes are a number from 1 to {most}" if number is None else float(number * _MINUTE)

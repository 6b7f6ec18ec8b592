"""Settles when hosts are probed: the nearest statement wins, and the defaults hold where there is none."""

from collections.abc import Mapping, Sequence
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.kinds.numbers import shown_time
from bascule.config.lexer import Report
from bascule.config.matching import Match
from bascule.config.model import Check, IcmpCheck, TcpCheck, Timing
from bascule.config.outline import Node
from bascule.config.schema.timing import FALL, INTERVAL, RISE, TIMEOUT, TIMING

_WORDS: Final = frozenset(clause.word for clause in TIMING)
_DEFAULTS: Final = Timing()
_QUICK_TIMEOUT: Final = 1.0
_PROTOCOL_TIMEOUT: Final = 3.0

Layer = Mapping[str, Match]
"""The timing statements of one place, by their word."""


def of_block(node: Node) -> Layer:
    """Return the timing statements that stand in a block."""
    return {
        child.match.clause.word: child.match
        for child in node.children
        if child.match.clause.word in _WORDS and child.match.sound
    }


def of_line(match: Match) -> Layer:
    """Return the timing statements that stand in a line."""
    return {word: option for word, option in match.options.items() if word in _WORDS}


def settle(layers: Sequence[Layer], check: Check | None, report: Report) -> Timing:
    """Return the timing that the layers say, the nearest first; reports a timeout longer than the interval."""
    said: dict[str, Match] = {}
    for layer in reversed(layers):
        said.update(layer)
    interval = said["interval"][INTERVAL] if "interval" in said else _DEFAULTS.interval
    usual = _QUICK_TIMEOUT if check is None or isinstance(check, IcmpCheck | TcpCheck) else _PROTOCOL_TIMEOUT
    timeout = said["timeout"][TIMEOUT] if "timeout" in said else min(usual, interval)
    if timeout > interval:
        what = f"the timeout {shown_time(timeout)} is longer than the interval {shown_time(interval)}"
        report(Diagnostic.error(said["timeout"].span, what, "a probe ends before the next one begins"))
    return Timing(
        interval=interval,
        timeout=timeout,
        fall=said["fall"][FALL] if "fall" in said else _DEFAULTS.fall,
        rise=said["rise"][RISE] if "rise" in said else _DEFAULTS.rise,
    )

"""The line that somebody types: completed by Tab, explained by `?`, with a prompt that counts down meanwhile."""

from collections.abc import Callable, Iterable
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.shortcuts import CompleteStyle

from bascule.cli.configure.offers import Offers
from bascule.cli.screen import QUIET, STRONG, Screen, styled

_EVERY: Final = 0.5
"""Seconds between two looks at the countdown."""


def line_session(
    title: Callable[[], str], countdown: Callable[[], str], offers: Callable[[str], Offers], screen: Screen
) -> "PromptSession[str]":
    """Return what reads lines. What was typed is kept in memory alone: it may hold a password."""

    def message() -> StyleAndTextTuples:
        where, left = title(), countdown()
        shown: StyleAndTextTuples = [("ansiblue", f"[{where}]\n")] if where else []
        shown += [("ansired bold", f"({left}) ")] if left else []
        return [*shown, ("bold", "configure> ")]

    return PromptSession(
        message,
        completer=_Completion(offers),
        complete_style=CompleteStyle.READLINE_LIKE,
        complete_while_typing=False,
        history=InMemoryHistory(),
        key_bindings=_keys(offers, screen),
        refresh_interval=_EVERY,
        enable_history_search=True,
    )


class _Completion(Completer):
    def __init__(self, offers: Callable[[str], Offers]) -> None:
        self._offers = offers

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002 - the library's
        """Yield the words that may stand at the cursor."""
        offered = self._offers(document.text_before_cursor)
        for one in offered.words:
            words = one.whole or one.text
            yield Completion(f"{words} ", start_position=-len(offered.begun), display=words)


def _keys(offers: Callable[[str], Offers], screen: Screen) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("?")
    def _(event: KeyPressEvent) -> None:
        before = event.current_buffer.document.text_before_cursor
        if before.count('"') % 2:  # within a string it is a letter
            event.current_buffer.insert_text("?")
            return
        offered = offers(before)
        run_in_terminal(lambda: _explain(before, offered, screen))

    return keys


def _explain(before: str, offered: Offers, screen: Screen) -> None:
    """Say above the line what may follow."""
    screen.say(styled(f"{before}?", QUIET))
    rows = [(one.whole or one.text, one.help) for one in offered.wanted]
    wide = max((len(word) for word, _ in rows), default=0)
    for word, what in rows:
        screen.say("  ", styled(word.ljust(wide), STRONG), f"  {what}")
    if not rows:
        screen.say(styled("  nothing is known to follow here", QUIET))
    screen.flush()

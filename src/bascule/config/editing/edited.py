"""What an edit comes to."""

from dataclasses import dataclass

from bascule.config.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A text after an edit, or why it is as it was."""

    text: str
    words: str = ""
    """What was asked, spelled out; the places of `diagnostics` are in it."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """None where it was done, or nothing was to be done."""
    illegible: bool = False
    """The text itself has no clear form, and `diagnostics` are of its own lines."""

"""What a farm's notes say in a page: what the command line calls an option is a field there, or another page."""

from collections.abc import Iterator, Sequence
from typing import Final

from bascule.exchange.evidence import Note

_IN_PAGES: Final = (
    ("`--gateway` makes SMTP a redirect", "tick that, and SMTP is a redirect"),
    ("else `accept-source-rewrite` says that you know", "else tick Accept source rewrite in the relay's form: you know"),
    ("`bascule doctor` finds others", "what others answer never reaches the clients"),
    ("see `bascule exchange affinity`", "Network > Exchange shows them under Affinity"),
    ("`--mode roundrobin` is", "The mode Round robin is"),
    ("`--https-affinity` has both move together", "Tick “HTTPS moves together with RPC” to have both move"),
)
"""What the command line calls it, and what a page does."""

_SETTLED: Final = ("`--interface NAME`", "The admin server answers on")
"""What a note speaks of that a page has asked, or says by itself: which addresses there are, and that the pages move."""


def page_notes(notes: Sequence[Note]) -> Sequence[str]:
    """Return notes as a page has them, with their sources."""
    return [*_in_page(notes)]


def _in_page(notes: Sequence[Note]) -> Iterator[str]:
    for note in notes:
        words = str(note)
        for command, page in _IN_PAGES:
            words = words.replace(command, page)
        if not any(option in words for option in _SETTLED):
            yield words

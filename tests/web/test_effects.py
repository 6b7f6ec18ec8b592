"""What an edit brings, apart from what a working copy brings without it."""

from bascule.config.diagnostics import Diagnostic, Span
from bascule.web.admin_places import Move
from bascule.web.effects import Effect, apart

DOUBTFUL = Diagnostic.warning(Span(3), "no host is checked")
WRONG = Diagnostic.error(Span(7), 'relay "POP3" listens on 10.2.0.50 port 443, where relay "HTTPS" does')
MOVE = Move(urls=("https://10.2.0.50:4433",), stays=True)


def test_what_the_working_copy_brings_already_is_told_apart() -> None:
    """Also a warning that stands in another line by now."""
    before = Effect(diagnostics=[DOUBTFUL], changes=["relay HTTPS is new"])
    lower = Diagnostic.warning(Span(9), DOUBTFUL.message)
    after = Effect(diagnostics=[lower], changes=["relay HTTPS is new", "relay POP3 is new"], move=MOVE)
    told = apart(before, after)
    assert (told.own.changes, told.own.diagnostics, told.own.move) == (["relay POP3 is new"], [], MOVE)
    assert (told.before.changes, told.before.diagnostics) == (["relay HTTPS is new"], [lower])
    assert not told.refused


def test_pages_that_move_already_are_no_news() -> None:
    """Nor do they move by an edit that says nothing of them."""
    assert apart(Effect(move=MOVE), Effect(move=MOVE)).own.move is None


def test_whose_mistake_it_is_is_told() -> None:
    """The edit's, or one that was there before."""
    mine = apart(Effect(), Effect(diagnostics=[WRONG], untold="it has an error"))
    assert (mine.own.refused, mine.before.refused, mine.own.untold) == (True, False, "it has an error")
    theirs = apart(Effect(diagnostics=[WRONG]), Effect(diagnostics=[WRONG]))
    assert (theirs.own.refused, theirs.before.refused, theirs.refused) == (False, True, True)

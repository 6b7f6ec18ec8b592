"""What stands beside the lines of a text."""

from bascule.config.diagnostics import Diagnostic, Span
from bascule.web.margins import SPARE, Margin, margins

WRONG = Diagnostic.error(Span(2, 1), "wrong", "a hint")
DOUBTFUL = Diagnostic.warning(Span(2, 4), "doubtful")
BEYOND = Diagnostic.error(Span(99, 1), "beyond")
NOWHERE = Diagnostic.error(Span(), "nowhere")


def test_each_line_has_its_number_and_the_worst_of_what_is_found() -> None:
    """The last line counts although nothing ends it, and some follow for whoever goes on."""
    found = margins("a\nb\nc", [DOUBTFUL, WRONG, NOWHERE])
    assert [each.number for each in found] == list(range(1, 4 + SPARE))
    assert found[1] == Margin(2, "error", "doubtful; wrong")
    assert [each for each in found if each.severity] == [found[1]]


def test_what_is_found_behind_the_end_stands_at_the_end() -> None:
    """It is not lost."""
    assert margins("a", [BEYOND])[-1].words == "beyond"

from bascule.cli.report import report, summary
from bascule.cli.source import Source
from bascule.config.diagnostics import Diagnostic, Span

TEXT = b'load-balancer {\r\n\trelay "HTTPS" {\r\n\t\tlisten on prot 443\r\n'


def shown(diagnostic: Diagnostic, text: bytes = TEXT) -> list[str]:
    """Return the lines for one diagnostic."""
    return [line.plain for line in report([diagnostic], Source("a.conf", text))]


def test_the_place_is_marked() -> None:
    """File, line and column first; then the line, and a mark under exactly the words meant, tabs and all."""
    assert shown(Diagnostic.error(Span(3, 13, 4), "unknown word prot", "did you mean port?")) == [
        "a.conf:3:13: error: unknown word prot (did you mean port?)",
        "\t\t\tlisten on prot 443",
        "\t\t\t          ^~~~",
    ]


def test_a_place_behind_the_line_is_marked_at_its_end() -> None:
    """Something missing at the end of a line has a caret there, whatever the span's length."""
    assert shown(Diagnostic.error(Span(1, 99, 9), "x"))[-1] == "\t" + " " * 15 + "^"


def test_a_diagnostic_of_no_place_names_the_file() -> None:
    """What was not written has no line to show."""
    assert shown(Diagnostic.warning(Span(), "no relay at all")) == ["a.conf: warning: no relay at all"]


def test_endless_lines_are_not_shown() -> None:
    """A line that nobody could read is left out; its place is not."""
    assert shown(Diagnostic.error(Span(1, 3), "x"), b"y" * 10_000) == ["a.conf:1:3: error: x"]


def test_an_empty_line_is_not_shown() -> None:
    """At the end of a text there is nothing to mark."""
    assert shown(Diagnostic.error(Span(4, 1), "x")) == ["a.conf:4:1: error: x"]


def test_bytes_that_are_no_text_are_survived() -> None:
    """A line that is no UTF-8 is shown as well as it goes."""
    assert shown(Diagnostic.error(Span(1, 1), "byte 0xff is not UTF-8"), b"\xff\xfeabc")[1] == "\t\ufffd\ufffdabc"


def test_the_summary_counts() -> None:
    """Errors first, then warnings, each counted; nothing wrong is said so."""
    error, warning = Diagnostic.error(Span(1, 1), "x"), Diagnostic.warning(Span(1, 1), "y")
    assert summary([warning, error, warning], name="a.conf").plain == "a.conf: 1 error, 2 warnings"
    assert summary([], name="a.conf").plain == "a.conf: fine"

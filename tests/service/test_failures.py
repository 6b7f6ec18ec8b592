from bascule.config.diagnostics import Diagnostic, Span
from bascule.service.failures import EXIT_CODES, Failure, NotFound, OperationFailed, Rejected, describe


def test_every_failure_has_an_exit_code() -> None:
    """No kind of failure leaves a command without a code, and none is taken for success or for usage."""
    assert set(EXIT_CODES) == set(Failure.__args__)
    assert set(EXIT_CODES.values()) == {1, 3}


def test_a_rejection_is_told_a_line_each() -> None:
    """Every diagnostic is there, in its order."""
    found = (Diagnostic.error(Span(2, 3), "first"), Diagnostic.warning(Span(4, 5), "second", "why"))
    assert describe(Rejected(diagnostics=found)) == "2:3: error: first\n4:5: warning: second (why)"


def test_the_exception_speaks_for_the_failure() -> None:
    """Logs and messages get the failure's own words."""
    assert str(OperationFailed(NotFound(message="no table has a host EX9"))) == "no table has a host EX9"

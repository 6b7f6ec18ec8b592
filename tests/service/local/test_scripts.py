"""What `check` says of programs that hosts are checked by, as they are on this machine."""

from pathlib import Path

from bascule.config.diagnostics import Severity
from bascule.service.local.scripts import scripts
from service.local.situations import TWO_SERVICES, configured


def said(program: Path) -> list[tuple[Severity, int, str]]:
    """Return severity, line and message of what is said of a text whose first relay is checked by the program."""
    text = TWO_SERVICES.replace("check tcp", f'check script "{program}"')
    return [(one.severity, one.span.line, one.message) for one in scripts(configured(text))]


def test_a_program_that_is_as_it_should_be_is_not_spoken_of(tmp_path: Path) -> None:
    """It is there, it may be run, and not everybody may change it."""
    program = tmp_path / "check-mail"
    program.touch(mode=0o755)
    assert said(program) == []


def test_what_is_wrong_with_a_program_is_said_at_its_line(tmp_path: Path) -> None:
    """With the relay that it is for."""
    program = tmp_path / "check-mail"
    rest = ': relay "HTTPS" has its hosts checked by it'
    assert said(program) == [(Severity.WARNING, 10, f"{program} is not there{rest}")]
    program.touch(mode=0o644)
    assert said(program) == [(Severity.WARNING, 10, f"{program} is not executable{rest}")]
    program.chmod(0o777)
    assert said(program) == [
        (Severity.WARNING, 10, f"{program} may be changed by others than root and the user that runs it{rest}")
    ]

import json

from bascule.config.diagnostics import Severity
from bascule.service.operations import AskDoctor
from bascule.service.results import DoctorReport, Finding
from cli.calling import PretendedConnection, call

FINDINGS = (
    Finding(severity=Severity.ERROR, message="EX1 answers clients past this machine", hint="use a relay"),
    Finding(severity=Severity.WARNING, message="the conntrack table is nearly full"),
)


def test_nothing_found_is_said() -> None:
    """A person hears it; a program finds no line. Both end well."""
    connection = PretendedConnection({AskDoctor: DoctorReport()})
    plain, machine = call("doctor", connection=connection), call("doctor", "--json", connection=connection)
    assert (plain.code, plain.out) == (0, "nothing found\n")
    assert (machine.code, machine.out) == (0, "")


def test_findings_are_a_line_each() -> None:
    """The sentence, and what to do; the exit code says that there are some."""
    connection = PretendedConnection({AskDoctor: DoctorReport(findings=FINDINGS)})
    plain, machine = call("doctor", connection=connection), call("doctor", "--json", connection=connection)
    assert (plain.code, machine.code) == (4, 4)
    assert plain.out.splitlines() == [
        "error: EX1 answers clients past this machine (use a relay)",
        "warning: the conntrack table is nearly full",
    ]
    assert json.loads(machine.out.splitlines()[0]) == {
        "severity": "error",
        "message": "EX1 answers clients past this machine",
        "hint": "use a relay",
    }

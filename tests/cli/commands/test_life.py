import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from bascule.config.diagnostics import Diagnostic, Severity, Span
from bascule.service.client import NotRunningError
from bascule.service.failures import Busy, Conflict, Failure, Forbidden, NotFound, OperationFailed, Rejected, Unavailable
from bascule.service.operations import Clear, Poll, Reload, Status, Stop
from bascule.service.results import (
    AdminPlace,
    Cleared,
    EngineUse,
    Finding,
    HostOrder,
    Level,
    Polled,
    Recent,
    Reloaded,
    StatusReport,
    Stopped,
)
from cli.calling import NOW, PretendedConnection, PretendedOffline, call

REPORT = StatusReport(
    level=Level.OK,
    sentence="8 relays serve clients, 3 of 3 hosts are up",
    version="0.1.0",
    pid=4711,
    configuration="guide-lab.conf",
    since=NOW - timedelta(minutes=5),
    relays=8,
    relays_active=8,
    hosts=3,
    hosts_up=3,
    engines=(EngineUse(engine="kernel", relays=8, reason="nftables may be used"),),
    findings=(Finding(severity=Severity.WARNING, message="the conntrack table is nearly full"),),
    recent=(Recent(at=NOW - timedelta(hours=2), words="root committed revision 2"),),
)
NOBODY = NotRunningError(Path("/run/bascule/control.sock"))


@pytest.mark.parametrize(("level", "code"), [(Level.OK, 0), (Level.DEGRADED, 4), (Level.DOWN, 5)])
def test_status_ends_with_the_level(level: Level, code: int) -> None:
    """The level is the first word and the exit code, with and without JSON."""
    connection = PretendedConnection({Status: msgspec.structs.replace(REPORT, level=level)})
    plain, machine = call("status", connection=connection), call("status", "--json", connection=connection)
    assert (plain.code, machine.code) == (code, code)
    assert plain.out.startswith(f"{level}: 8 relays serve clients")
    assert json.loads(machine.out)["level"] == level


def test_status_says_what_stands_behind_it() -> None:
    """Configuration, process, counts, engines with their reason, and findings follow."""
    called = call("status", connection=PretendedConnection({Status: REPORT}))
    assert called.out.splitlines()[1:] == [
        "configuration  guide-lab.conf, in effect for 5m",
        "process        4711, version 0.1.0",
        "relays         8 of 8 active",
        "hosts          3 of 3 up",
        "engine kernel  8 relays: nftables may be used",
        "changed        10:00:00 root committed revision 2",
        "warning: the conntrack table is nearly full",
    ]


def test_status_names_the_hosts_that_orders_are_about() -> None:
    """Nobody forgets a host that was drained."""
    drained = HostOrder(host="EX1", address="10.2.0.11", relay=None, duty="drained", by="alice", since=NOW)
    forced = HostOrder(
        host="EX2", address="10.2.0.12", relay="HTTPS", duty="forced up", by="bob", since=NOW - timedelta(days=1)
    )
    report = msgspec.structs.replace(REPORT, orders=(drained, forced))
    called = call("status", connection=PretendedConnection({Status: report}))
    assert "order          EX1: drained by alice since 12:00\n" in called.out
    assert "order          EX2 in relay HTTPS: forced up by bob since 2026-02-28 12:00\n" in called.out


def test_status_as_json_has_every_field() -> None:
    """One object, with the report's fields and no more."""
    said = json.loads(call("status", "--json", connection=PretendedConnection({Status: REPORT})).out)
    assert set(said) == set(StatusReport.__struct_fields__)
    assert said["engines"] == [{"engine": "kernel", "relays": 8, "reason": "nftables may be used"}]


def test_status_where_nobody_runs_is_down() -> None:
    """No Bascule is an answer, not a failure: down, with the way out, and 5."""
    connection = PretendedConnection({Status: NOBODY})
    plain, machine = call("status", connection=connection), call("status", "--json", connection=connection)
    assert (plain.code, machine.code, plain.err) == (5, 5, "")
    assert plain.out.startswith("down: no Bascule runs at /run/bascule/control.sock (start it with")
    assert json.loads(machine.out)["level"] == "down"


def test_stop_says_what_goes_on() -> None:
    """The sentence of the one that stops is passed on."""
    called = call("stop", connection=PretendedConnection({Stop: Stopped(sentence="relays go on")}))
    assert (called.code, called.out) == (0, "relays go on\n")


def test_clear_asks_the_running_one() -> None:
    """What was done, and what had to stay, is a line each."""
    cleared = Cleared(done=("ended 12 sessions", "removed table inet bascule"), left=("table inet bascule_keep",))
    called = call("clear", connection=PretendedConnection({Clear: cleared}))
    assert called.code == 0
    assert called.out == "ended 12 sessions\nremoved table inet bascule\nleft: table inet bascule_keep\n"


def test_clear_works_without_one() -> None:
    """Where nobody runs the machine is cleared from here; nothing to clear is said."""
    connection = PretendedConnection({Clear: NOBODY})
    done = PretendedOffline(cleared=Cleared(done=("removed table inet bascule",)))
    assert call("clear", connection=connection, offline=done).out == "removed table inet bascule\n"
    assert call("clear", connection=connection).out == "nothing of Bascule's was there\n"


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Conflict(message="m"), 1),
        (NotFound(message="m"), 1),
        (Forbidden(message="m"), 3),
        (Busy(message="m"), 3),
        (Unavailable(message="m"), 3),
    ],
)
def test_failures_end_with_their_code(failure: Failure, code: int) -> None:
    """Each kind of failure has its exit code and one line on standard error."""
    called = call("stop", connection=PretendedConnection({Stop: OperationFailed(failure)}))
    assert (called.code, called.out, called.err) == (code, "", "bascule: m\n")


def test_a_poll_says_how_it_went() -> None:
    """What was good, what was bad, and what did not come in time."""
    assert call("poll", connection=PretendedConnection({Poll: Polled(checks=1, up=1)})).out == "1 check: 1 good, 0 bad\n"
    late = PretendedConnection({Poll: Polled(checks=5, up=3, late=1)})
    assert call("poll", connection=late).out == "5 checks: 3 good, 1 bad, 1 did not answer in time\n"


def test_a_reload_says_what_is_doubtful_and_what_is_in_effect() -> None:
    """Warnings name the file, and the last line says that it is in effect."""
    doubt = Diagnostic.warning(Span(4, 2, 5), "table <exchange> has no hosts")
    reloaded = Reloaded(configuration="a.conf", sentence="a.conf is in effect: 8 relays", warnings=(doubt,))
    called = call("reload", connection=PretendedConnection({Reload: reloaded}))
    assert called.code == 0
    assert called.out.splitlines() == ["a.conf:4:2: warning: table <exchange> has no hosts", reloaded.sentence]


def test_a_refused_reload_ends_with_one() -> None:
    """Every diagnostic is a line with the file's name, on standard error."""
    wrong = Rejected(diagnostics=(Diagnostic.error(Span(1, 1, 1), "unknown word"),), name="a.conf")
    called = call("reload", connection=PretendedConnection({Reload: OperationFailed(wrong)}))
    assert (called.code, called.out) == (1, "")
    assert called.err == "bascule: a.conf:1:1: error: unknown word\n"


def test_backup_and_restore_need_nobody_who_runs() -> None:
    """They are about the state directory, and say what was done."""
    assert call("backup", "/far/copy.db", "--state", "/kept").out == "/far/copy.db holds /kept\n"
    assert call("restore", "/far/copy.db", "--state", "/kept").out == "restored /far/copy.db to /kept\n"


def _place(address: str, port: int, fingerprint: str, *, version: int = 4, passing: bool = False) -> AdminPlace:
    return AdminPlace(address=address, version=version, port=port, until_commit=passing, fingerprint=fingerprint, ends=NOW)


def test_status_says_where_administrators_come_and_what_to_compare() -> None:
    """A place of both IP versions once, and a certificate once where all places show the same."""
    every = [_place("", 443, "AB:CD", version=version, passing=True) for version in (4, 6)]
    report = msgspec.structs.replace(REPORT, admin=(*every, _place("fd80::2", 4433, "AB:CD", version=6)))
    said = call("status", connection=PretendedConnection({Status: report})).out.splitlines()
    assert [line for line in said if line.startswith("admin server")] == [
        "admin server   port 443 of every address, until the commit",
        "admin server   https://[fd80::2]:4433",
        "admin server   certificate, SHA-256 AB:CD",
    ]
    report = msgspec.structs.replace(REPORT, admin=(_place("10.0.0.1", 443, "AB"), _place("10.0.0.2", 443, "CD")))
    said = call("status", connection=PretendedConnection({Status: report})).out.splitlines()
    assert [line for line in said if "certificate" in line] == [
        "admin server   certificate at https://10.0.0.1:443, SHA-256 AB",
        "admin server   certificate at https://10.0.0.2:443, SHA-256 CD",
    ]

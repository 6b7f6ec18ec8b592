"""The process's edge: whatever happens inside, the outside sees an exit code and words."""

import importlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bascule import __main__
from bascule.__main__ import main
from bascule.service.failures import ExitCode
from bascule.service.operations import MAXIMUM_CLIENTS
from bascule.system.errors import MachineError

BASCULE = (sys.executable, "-m", "bascule")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have what is temporary made here."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the command line raise."""

    def fail(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr("bascule.cli.main.main", fail)


def test_a_bug_is_one_line_and_a_file(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback is printed; the line names the file that has it, for its owner's eyes only."""
    fail_with(ZeroDivisionError("secret"), monkeypatch)
    assert main(["status"]) == 3
    printed = capsys.readouterr()
    found = re.fullmatch(
        r"bascule: a fault of Bascule's own \(ZeroDivisionError\); please report it with (.+)\n", printed.err
    )
    assert found is not None
    kept = Path(found[1])
    assert kept.parent == temporary
    assert kept.stat().st_mode & 0o077 == 0
    assert "ZeroDivisionError: secret" in kept.read_text()


def test_a_bug_is_one_line_where_nothing_can_be_imported_any_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a process that may open no file more."""
    fail_with(OSError(24, "Too many open files"), monkeypatch)
    monkeypatch.setitem(sys.modules, "tempfile", None)
    assert main(["status"]) == 3
    assert "(OSError); the traceback could not be written" in capsys.readouterr().err


def test_what_the_machine_would_not_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The step and its cause, and 3."""
    fail_with(MachineError("load the rules", "Operation not permitted"), monkeypatch)
    assert main(["run"]) == 3
    assert capsys.readouterr().err == "bascule: load the rules: Operation not permitted\n"


def test_ctrl_c_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said of an interrupt, and the code is a shell's own."""
    fail_with(KeyboardInterrupt(), monkeypatch)
    assert main(["status"]) == 130
    assert capsys.readouterr().err == ""


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    """A reader that has seen enough causes no complaint."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*BASCULE, "status", "--socket", str(tmp_path / "none")],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_role_gets_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """`role NAME …` becomes that role, with the rest of the command line."""
    got: list[list[str]] = []

    def become(arguments: list[str]) -> int:
        got.append(arguments)
        return 7

    monkeypatch.setattr(importlib.import_module("bascule.roles.probe"), "main", become)
    assert main(["role", "probe", "--fd", "5"]) == 7
    assert got == [["--fd", "5"]]


@pytest.mark.parametrize("argv", [["role"], ["role", "../probe"], ["role", "local"]])
def test_other_roles_are_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is no role imports nothing and ends with 2."""
    assert main(argv) == 2
    assert capsys.readouterr().err == "bascule: a role is one of probe, proxy, web, herald, snmp, directory\n"


def test_texts_beyond_the_terminals_alphabet(tmp_path: Path) -> None:
    """An output that knows ASCII alone gets escapes, not a traceback."""
    file = tmp_path / "a.conf"
    file.write_text("relay “HTTPS” {\n", encoding="utf-8")
    ended = subprocess.run(
        [*BASCULE, "check", str(file), "--state", str(tmp_path / "state")],
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert rb"\u201c" in ended.stdout
    assert ended.stderr == b""


def test_an_interrupted_reader_of_clients_is_quiet(tmp_path: Path) -> None:
    """Ctrl-C while standard input is read ends without a traceback."""
    file = tmp_path / "a.conf"
    file.write_text("load-balancer { }\n")
    with subprocess.Popen(
        [*BASCULE, "explain", "--config", str(file), "--state", str(tmp_path / "state"), "443", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"10.0.0.1\n" * MAXIMUM_CLIENTS)
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"10.0.0.1 port 443: no relay listens")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, b"")


def test_a_role_waits_for_no_import_of_the_command_line() -> None:
    """The composition root itself brings little; the exit codes that it keeps a copy of are those of the command line."""
    asked = "import sys, bascule.__main__; print(*(name for name in sys.modules if name.startswith('bascule.')))"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60).stdout
    assert set(loaded.split()) == {"bascule.__main__", "bascule.system", "bascule.system.errors"}
    assert (__main__._USAGE, __main__._MACHINE) == (ExitCode.USAGE, ExitCode.MACHINE)

from pathlib import Path

import pytest

from bascule.config.diagnostics import Diagnostic, Span
from bascule.service.failures import Rejected
from cli.calling import PretendedOffline, call

ERROR = Diagnostic.error(Span(1, 1, 5), "unknown word relya", "did you mean relay?")
WARNING = Diagnostic.warning(Span(1, 1, 5), "nothing listens")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a configuration of one line."""
    path = tmp_path / "a.conf"
    path.write_bytes(b"relya\n")
    return path


def test_check_of_a_good_file(file: Path) -> None:
    """Nothing wrong: one line and 0."""
    called = call("check", str(file))
    assert (called.code, called.out, called.err) == (0, f"{file}: fine\n", "")


def test_check_of_a_doubtful_file(file: Path) -> None:
    """Warnings are shown and refuse nothing."""
    called = call("check", str(file), offline=PretendedOffline(diagnostics=[WARNING]))
    assert called.code == 0
    assert called.out.endswith(f"{file}: 1 warning\n")


def test_check_of_a_wrong_file(file: Path) -> None:
    """Errors are shown as compilers do, and end with 1."""
    called = call("check", str(file), offline=PretendedOffline(diagnostics=[ERROR]))
    assert called.code == 1
    assert called.out == (
        f"{file}:1:1: error: unknown word relya (did you mean relay?)\n        relya\n        ^~~~~\n{file}: 1 error\n"
    )


def test_check_reads_standard_input() -> None:
    """`-` is what is piped in, byte for byte."""
    offline = PretendedOffline()
    called = call("check", "-", stdin=b"\xff\r\n", offline=offline)
    assert (called.out, offline.texts) == ("standard input: fine\n", [b"\xff\r\n"])


@pytest.mark.parametrize("command", [["check"], ["run", "--config"], ["explain", "443", "10.0.0.1", "--config"]])
def test_a_file_that_cannot_be_read(command: list[str], tmp_path: Path) -> None:
    """A missing file, or a directory, is a sentence and 2."""
    for path, words in ((tmp_path / "missing", "No such file"), (tmp_path, "Is a directory")):
        called = call(*command, str(path))
        assert (called.code, called.out) == (2, "")
        assert called.err.startswith(f"bascule: cannot read {path}: {words}")


def test_a_file_without_an_end_is_refused() -> None:
    """What is longer than any configuration is not held in memory to find out."""
    called = call("check", "/dev/zero")
    assert called.code == 2
    assert "longer than any configuration" in called.err


def test_run_hands_on_what_it_was_told(file: Path, tmp_path: Path) -> None:
    """The text, its name and both places reach the one who runs it, whose code is the command's."""
    offline = PretendedOffline(code=3)
    state, socket = tmp_path / "state", tmp_path / "s"
    called = call("run", "--config", str(file), "--state", str(state), "--socket", str(socket), offline=offline)
    assert called.code == 3
    (ran,) = offline.ran
    assert (ran.text, ran.name, ran.state, ran.socket) == (b"relya\n", str(file), state, socket)


def test_run_of_a_wrong_file_shows_why(file: Path) -> None:
    """A refused configuration is reported on standard error like `check` reports it, and ends with 1."""
    called = call("run", "--config", str(file), offline=PretendedOffline(refusal=Rejected(diagnostics=(ERROR,))))
    assert (called.code, called.out) == (1, "")
    assert f"{file}:1:1: error: unknown word relya" in called.err
    assert called.err.endswith(f"{file}: 1 error\n")


UNTIDY = b"load-balancer{\n\n\n  interval 5s   # often\n}\n"
TIDY = "load-balancer {\n\tinterval 5s  # often\n}\n"


def test_format_prints_and_leaves_the_file(file: Path) -> None:
    """Without `--write` the usual form goes to standard output and the file stays as it is."""
    file.write_bytes(UNTIDY)
    called = call("format", str(file))
    assert (called.code, called.out) == (0, TIDY)
    assert file.read_bytes() == UNTIDY


def test_format_writes_the_file(file: Path) -> None:
    """With `--write` the file has the usual form and its old mode, also behind a link, and nothing is left beside it."""
    file.write_bytes(UNTIDY)
    file.chmod(0o640)
    link = file.with_name("link.conf")
    link.symlink_to(file.name)
    called = call("format", "--write", str(link))
    assert (called.code, called.out) == (0, "")
    assert (file.read_text(), file.stat().st_mode & 0o777, link.is_symlink()) == (TIDY, 0o640, True)
    assert sorted(path.name for path in file.parent.iterdir()) == ["a.conf", "link.conf"]


def test_format_of_a_tidy_file_touches_nothing(file: Path) -> None:
    """A file in its usual form is not written again."""
    file.write_text(TIDY)
    before = file.stat().st_mtime_ns, file.stat().st_ino
    assert call("format", "--write", str(file)).code == 0
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before


@pytest.mark.parametrize("text", [b"load-balancer {\n", b"\xff\xfe"])
def test_format_of_a_broken_file_is_refused(file: Path, text: bytes) -> None:
    """Where nobody knows what was meant the place is said, and the file stays as it is."""
    file.write_bytes(text)
    called = call("format", "--write", str(file))
    assert (called.code, called.out) == (1, "")
    assert called.err.startswith(f"{file}:")
    assert ": error: " in called.err
    assert file.read_bytes() == text


def test_format_cannot_write_a_pipe() -> None:
    """`--write` needs a file."""
    called = call("format", "--write", "-", stdin=UNTIDY)
    assert (called.code, called.err) == (2, "bascule: standard input cannot be written to\n")

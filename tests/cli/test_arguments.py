import re
from pathlib import Path

import pytest

from bascule import __version__
from cli.calling import call


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["launch"],
        ["format"],
        ["show"],
        ["show", "everything"],
        ["show", "hosts", "--jso"],
        ["explain", "443"],
        ["explain", "0", "10.0.0.1"],
        ["explain", "65536", "10.0.0.1"],
        ["explain", "9" * 9999, "10.0.0.1"],
        ["explain", "https", "10.0.0.1"],
        ["explain", "443", "mail.example.org"],
        ["explain", "443", "10.0.0.1", "--to", "10.0.0.256"],
        ["explain", "443", "10.0.0.1", "--proto", "sctp"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_two(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Usage errors end with 2, in words, and nothing is asked of anybody."""
    with pytest.raises(SystemExit) as ended:
        call(*argv)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert "bascule" in printed.err
    assert printed.out == ""


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` is one line that scripts can read."""
    with pytest.raises(SystemExit) as ended:
        call("--version")
    assert (ended.value.code, capsys.readouterr().out) == (0, f"bascule {__version__}\n")


def test_help_tells_commands_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` names every command and every exit code."""
    with pytest.raises(SystemExit):
        call("--help")
    said = capsys.readouterr().out
    for command in (
        "check",
        "format",
        "run",
        "demo",
        "show",
        "explain",
        "host",
        "status",
        "poll",
        "monitor",
        "reload",
        "stop",
        "clear",
    ):
        assert f"\n    {command} " in said
    for code in range(6):
        assert f"\n  {code}  " in said


@pytest.mark.parametrize(
    "command",
    ["check", "format", "run", "demo", "show", "explain", "host", "status", "poll", "monitor", "reload", "stop", "clear"],
)
def test_the_manual_knows_the_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every option that a command's help names stands in docs/cli.md."""
    manual = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    with pytest.raises(SystemExit):
        call(command, "--help")
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    assert [option for option in sorted(options) if option not in manual] == []
    assert f"`{command}" in manual

"""The composition root: puts the local work, or a role, together and lets the command line run it."""

import contextlib
import gc
import importlib
import os
import pwd
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bascule.system.errors import MachineError

if TYPE_CHECKING:
    from bascule.service.offline import Offline

ROLES: Final = ("probe", "proxy", "web", "herald", "snmp", "directory")
"""Processes that a parent starts; `run` is the parent's own."""

INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
"""What a shell reports of a program that SIGINT or SIGPIPE ended."""
_USAGE: Final = 2
_MACHINE: Final = 3
"""As in `service.failures.ExitCode`, whose import a role need not wait for."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `bascule` with these arguments (None: the process's own) and return its exit code; no traceback comes out."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _role(arguments[1:]) if arguments[:1] == ["role"] else _command(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush would complain
        return BROKEN_PIPE
    except MachineError as error:
        return _complain(str(error))
    except Exception as error:  # noqa: BLE001 - the process's edge: whatever is a bug of ours becomes one line and a file
        return _complain(f"a fault of Bascule's own ({type(error).__name__}); {_keep(error)}")
    return code


def _role(arguments: Sequence[str]) -> int:
    """Become one of Bascule's own processes."""
    if not arguments or arguments[0] not in ROLES:
        return _complain(f"a role is one of {', '.join(ROLES)}", _USAGE)
    code: int = _imported(f"bascule.roles.{arguments[0]}").main(arguments[1:])
    return code


def _command(arguments: Sequence[str]) -> int:
    """Run the command line, whose imports a role does without."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # whoever replaced it knows what it takes
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a TextIO may lack it
    code: int = _imported("bascule.cli.main").main(
        arguments,
        offline=_offline,
        uid=os.geteuid(),
        environment=os.environ,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        now=lambda: datetime.now(UTC).astimezone(),
    )
    return code


def _offline(state: Path) -> "Offline":
    """Return what does the work of offline commands; only they wait for its imports."""
    local, parent = _imported("bascule.service.local.offline"), _imported("bascule.roles.parent")
    work: Offline = local.LocalOffline(state, parent.run, _become)
    return work


def _imported(module: str) -> Any:
    """Import a module and all that it needs; to look for garbage meanwhile takes a sixth of the time and finds none.

    What was imported stays, so nobody looks at it later either: that took a parent 100 ms at its start.
    """
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _become(uid: int, replaced: Mapping[str, str]) -> None:
    """Do this command as another user, with the parent's rights and these words replaced, and end as it does."""
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    starter = [sys.executable, "-m", "bascule.roles.starter", "--users", ",".join([user] * 3)]
    done = subprocess.run([*starter, *(replaced.get(word, word) for word in sys.argv[1:])], check=False)
    raise SystemExit(done.returncode)


def _complain(message: str, code: int = _MACHINE) -> int:
    sys.stderr.write(f"bascule: {message}\n")
    return code


def _keep(error: BaseException) -> str:
    """Write the traceback where it can be sent from, and return a sentence that says where."""
    try:
        import tempfile  # noqa: PLC0415 - it brings much, and hardly any process has a fault

        with tempfile.NamedTemporaryFile("w", prefix="bascule-fault-", suffix=".txt", delete=False) as file:
            file.writelines(traceback.format_exception(error))
    except (OSError, ImportError) as refused:  # a process that may open no file more imports nothing either
        return f"the traceback could not be written: {refused}"
    return f"please report it with {file.name}"


if __name__ == "__main__":
    sys.exit(main())

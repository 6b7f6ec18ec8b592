"""`edit`, `load` and `discard`: what you are writing, kept until you deploy it."""

import shlex
import shutil
import subprocess
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bascule.cli.report import report
from bascule.cli.session import Session
from bascule.cli.source import Source, UsageError, read_source
from bascule.service.deployment import LONGEST_TEXT, DiscardCopy, LoadCopy, ShowCopy
from bascule.service.failures import ExitCode, OperationFailed

_EDITORS: Final = ("VISUAL", "EDITOR")
"""Variables that name one (environ(7)); the first that is set counts."""
_EDITOR: Final = "vi"
_NAME: Final = "your working copy"


def load(arguments: Namespace, session: Session) -> int:
    """Keep a file as the working copy, and show what is wrong with it."""
    return _load(read_source(arguments.file, session.stdin), arguments.base, arguments, session)


def edit(arguments: Namespace, session: Session) -> int:
    """Open the working copy in an editor, and keep what comes of it; where it cannot be kept, its file stays."""
    copy = session.connect(arguments.socket).call(ShowCopy())
    folder = Path(tempfile.mkdtemp(prefix="bascule-"))  # for its owner alone
    file = folder / "bascule.conf"
    file.write_bytes(copy.text.encode())
    try:
        _open(file, session.environment)
        text = file.read_bytes()
        if text == copy.text.encode():
            session.screen.say("nothing was changed")
        else:
            _load(Source(_NAME, text), copy.base, arguments, session, expected=copy.digest)
    except (OperationFailed, UsageError, OSError):
        if file.exists() and file.read_bytes() != copy.text.encode():
            session.screen.complain("bascule: ", f"what you wrote is in {file}")
            raise
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)
    return ExitCode.FINE


def discard(arguments: Namespace, session: Session) -> int:
    """Forget the working copy."""
    session.screen.say(session.connect(arguments.socket).call(DiscardCopy()).sentence)
    return ExitCode.FINE


def _load(source: Source, base: int | None, arguments: Namespace, session: Session, *, expected: str | None = None) -> int:
    if len(source.text) > LONGEST_TEXT:
        raise UsageError(f"{source.name} is longer than what can be deployed ({LONGEST_TEXT // 1000} kB)")
    loaded = session.connect(arguments.socket).call(LoadCopy(text=source.text, base=base, expected=expected))
    for line in report(loaded.diagnostics, source):
        session.screen.say(line)
    session.screen.say(loaded.sentence)
    return ExitCode.FINE


def _open(file: Path, environment: Mapping[str, str]) -> None:
    """Have somebody edit a file. Raises UsageError where the editor cannot be run, or fails."""
    editor = next((environment[name] for name in _EDITORS if environment.get(name)), _EDITOR)
    try:
        done = subprocess.run([*shlex.split(editor), str(file)], check=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot run {editor}: {error} (EDITOR names another one)") from error
    if done.returncode:
        raise UsageError(f"{editor} ended with {done.returncode}: your working copy is as it was")

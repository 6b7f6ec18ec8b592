"""`revisions export`: every revision as a file, or as the history of a git repository."""

import shutil
import subprocess
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bascule.cli.session import Session
from bascule.cli.source import UsageError
from bascule.cli.wording import counted
from bascule.service.deployment import ShowRevision, ShowRevisions
from bascule.service.failures import ExitCode
from bascule.service.results import RevisionRow, RevisionText

EXPORT: Final = "export"
"""What stands in the place of a revision's number."""

_FILE: Final = "bascule.conf"
_LONGEST_WORDS: Final = 4096
_BRANCH: Final = "refs/heads/main"


def export(arguments: Namespace, session: Session) -> int:
    """Write them, the oldest first; passwords stay where they are."""
    if arguments.folder is None:
        raise UsageError("revisions export needs a folder")
    connection = session.connect(arguments.socket)
    newest = max((row.number for row in connection.call(ShowRevisions(limit=1)).rows), default=0)
    folder = _emptied(arguments.folder)
    texts = (connection.call(ShowRevision(number=number)) for number in range(1, newest + 1))
    try:
        if arguments.git:
            _write_history(folder, texts)
        else:
            _write_files(folder, texts)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror or error}") from error
    session.screen.say(f"{counted(newest, 'revision')} in {folder}")
    return ExitCode.FINE


def _emptied(folder: Path) -> Path:
    """Return the folder, made where it is missing, for its owner alone. Raises UsageError where something is in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty")
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror or error}") from error
    return folder


def _write_files(folder: Path, revisions: Iterator[RevisionText]) -> None:
    with (folder / "revisions.txt").open("w", encoding="utf-8") as listing:
        for revision in revisions:
            row = revision.row
            (folder / f"{row.number:06}.conf").write_text(revision.text, encoding="utf-8")
            listing.write(f"{row.number}\t{row.at.isoformat()}\t{row.author}\t{row.digest}\t{row.message}\n")


def _write_history(folder: Path, revisions: Iterator[RevisionText]) -> None:
    """Have git take a stream of commits (git-fast-import(1))."""
    _git(folder, ["init", "--quiet", "--initial-branch=main"])
    _git(folder, ["fast-import", "--quiet"], (part for revision in revisions for part in _commit(revision)))
    _git(folder, ["reset", "--quiet", "--hard"])


def _commit(revision: RevisionText) -> Iterator[bytes]:
    row = revision.row
    message = f"{row.message or 'revision'}\n\nrevision {row.number}\n".encode()
    yield f"commit {_BRANCH}\ncommitter {_person(row)} {int(row.at.timestamp())} +0000\n".encode()
    yield b"data %d\n%s\n" % (len(message), message)
    text = revision.text.encode()
    yield f"M 100644 inline {_FILE}\n".encode() + b"data %d\n%s\n" % (len(text), text)


def _person(row: RevisionRow) -> str:
    """Return an author as git takes one: no angle brackets, no line's end."""
    name = "".join(char for char in row.author if char.isprintable() and char not in "<>").strip() or "somebody"
    return f"{name} <{name.replace(' ', '.')}@bascule>"


def _git(folder: Path, words: Sequence[str], stream: Iterable[bytes] = ()) -> None:
    """Run git in a folder, with what it reads. Raises UsageError where it will not."""
    program = shutil.which("git")
    if program is None:
        raise UsageError("git is not on this machine: leave --git out, or install it")
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen([program, "-C", str(folder), *words], stdin=subprocess.PIPE, stderr=said) as git:
            assert git.stdin is not None, "it was asked for"
            with suppress(BrokenPipeError):  # it has ended, and says why
                git.stdin.writelines(stream)
                git.stdin.close()
        if git.returncode:
            said.seek(0)
            *_, last = ["", *said.read(_LONGEST_WORDS).decode(errors="replace").strip().splitlines()]
            raise UsageError(f"git would not: {last or f'exit {git.returncode}'}")

"""`restore`: back to a backup, where no Bascule runs, or beside one that does."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bascule.cli.screen import BAD, DOUBTFUL, styled
from bascule.cli.session import Connection, Session
from bascule.cli.source import UsageError
from bascule.cli.wording import counted
from bascule.service.failures import ExitCode
from bascule.service.restoring import (
    LONGEST_BACKUP,
    LONGEST_PART,
    BackupContents,
    PersonRow,
    RestoreBackup,
    Restored,
    ShowBackup,
    UploadBackup,
)

_SURE = "yes"


def restore(arguments: Namespace, session: Session) -> int:
    """Go back to a backup: in the state directory, or by who runs, who is shown what it holds before."""
    if not arguments.ask:
        session.screen.say(session.offline(arguments.state).restore(arguments.state, arguments.file))
        return ExitCode.FINE
    connection = session.connect(arguments.socket)
    file: Path = arguments.file
    name = _brought_along(connection, file) if _is_here(file) else str(file)
    contents = connection.call(ShowBackup(name=name))
    for line in _told(contents):
        session.screen.say(line)
    for doubt in contents.doubts:
        session.screen.say(styled("warning: ", DOUBTFUL), doubt)
    if not _sure(session):
        session.screen.say(styled("nothing was restored", BAD))
        return ExitCode.USAGE
    restored = connection.call(RestoreBackup(name=name, digest=contents.digest))
    for line in _done(restored):
        session.screen.say(line)
    return ExitCode.FINE


def _is_here(file: Path) -> bool:
    """Tell whether a file is here, or is the name of one that is kept there. Raises UsageError where it is neither."""
    try:
        here = file.exists()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror or error}") from error
    if not here and len(file.parts) > 1:
        raise UsageError(f"there is no file {file}")
    return here


def _brought_along(connection: Connection, file: Path) -> str:
    """Have a file lie among the backups of who runs, and return what it is called there. Raises UsageError."""
    try:
        size = file.stat().st_size
        if size > LONGEST_BACKUP:
            raise UsageError(f"{file} has more than {LONGEST_BACKUP // 2**20} MiB: restore it while Bascule is stopped")
        with file.open("rb") as content:
            return _sent(connection, content, size)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror or error}") from error


def _sent(connection: Connection, content: IO[bytes], size: int) -> str:
    upload: str | None = None
    while True:
        part = content.read(LONGEST_PART)
        last = not part or content.tell() >= size
        came = connection.call(UploadBackup(upload=upload, content=part, last=last))
        if last:
            return came.name
        upload = came.upload


def _told(contents: BackupContents) -> Iterator[str]:
    """Yield what a backup holds, and what a restore would change."""
    yield f"backup {contents.name}: {counted(contents.revisions, 'revision')}, {counted(contents.accounts, 'account')}"
    if contents.last is not None:
        yield f"the last thing done in it was {contents.last:%Y-%m-%d %H:%M} UTC: it was made then, or later"
    if contents.newest is not None:
        newest = contents.newest
        said = f": {newest.message}" if newest.message else ""
        yield f"its newest revision is {newest.number}, of {newest.author}, {newest.at:%Y-%m-%d %H:%M} UTC{said}"
    if contents.layout < contents.own_layout:
        yield "an earlier Bascule wrote it: it is brought up to date"
    yield contents.history
    if contents.same:
        yield "its text is in effect already"
    elif contents.untold:
        yield contents.untold
    else:
        yield f"once its text is deployed{':' if contents.changes else ', nothing changes in effect'}"
        yield from (f"  {change}" for change in contents.changes)
    yield from (f"account {_person(row)}" for row in contents.people)
    yield from (f"token {token} is worth something again" for token in contents.tokens)


def _person(row: PersonRow) -> str:
    if not row.then:
        return f"{row.name} goes: it is {row.now} now"
    if not row.now:
        return f"{row.name} comes, as {row.then}"
    role = f"is {row.then} again, not {row.now}" if row.now != row.then else f"stays {row.then}"
    return f"{row.name} {role}{', with another password or second factor' if row.proof else ''}"


def _done(restored: Restored) -> Iterator[str]:
    yield restored.sentence
    if restored.ended:
        yield f"logged out: {', '.join(restored.ended)}"
    if restored.revision:
        yield f"put it into effect with: bascule rollback {restored.revision}"


def _sure(session: Session) -> bool:
    prompt = f"restore it? ({_SURE} restores it) "
    answer = input(prompt) if session.stdin.isatty() else session.stdin.readline(len(_SURE) + 2)
    return answer.strip() == _SURE

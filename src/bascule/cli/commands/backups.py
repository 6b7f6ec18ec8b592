"""`backup` and `show backups`: everything that is kept, in files that can be carried away."""

import os
import tempfile
from argparse import Namespace
from contextlib import closing
from pathlib import Path

from bascule.cli.session import Connection, Session
from bascule.cli.source import UsageError
from bascule.service.archives import FetchBackup, ShowBackups
from bascule.service.failures import ExitCode


def backup(arguments: Namespace, session: Session) -> int:
    """Write everything that is kept to one file: read from the state directory, or handed out by who runs."""
    if arguments.ask:
        _fetch(session.connect(arguments.socket), arguments.file)
        session.screen.say(f"{arguments.file} holds what is kept now")
    else:
        session.screen.say(session.offline(arguments.state).backup(arguments.state, arguments.file))
    return ExitCode.FINE


def show_backups(arguments: Namespace, session: Session) -> int:
    """List those in the state folder."""
    found = session.connect(arguments.socket).call(ShowBackups())
    session.screen.say(f"in {found.folder}:")
    rows = [
        [row.name, f"{row.at:%Y-%m-%d %H:%M} UTC", str(row.revisions), row.damaged or f"{row.size // 1000} kB"]
        for row in found.rows
    ]
    session.screen.table(["NAME", "MADE", "REVISIONS", "SIZE"], rows)
    return ExitCode.FINE


def _fetch(connection: Connection, to: Path) -> None:
    """Write what comes beside the file, then in its place, for its owner alone. Raises UsageError, OperationFailed."""
    try:
        with tempfile.TemporaryDirectory(dir=to.absolute().parent, prefix=f".{to.name}.") as folder:
            written = Path(folder) / to.name
            with written.open("wb") as file:
                os.fchmod(file.fileno(), 0o600)
                with closing(connection.stream(FetchBackup())) as parts:  # type: ignore[type-var]  # a generator is one
                    for part in parts:
                        file.write(part.content)
                        if file.tell() >= part.size:
                            break
                file.flush()
                os.fsync(file.fileno())
            written.replace(to)
    except OSError as error:
        raise UsageError(f"cannot write {to}: {error.strerror or error}") from error

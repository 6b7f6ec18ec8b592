"""`deploy`, `commit`, `cancel`, `revisions` and `rollback`: a text goes live for a time, and stays when it is kept."""

from argparse import Namespace

from bascule.cli.commands.export import EXPORT, export
from bascule.cli.origin import origin
from bascule.cli.progress import followed
from bascule.cli.report import complain, report
from bascule.cli.screen import QUIET, styled
from bascule.cli.session import Connection, Session
from bascule.cli.source import Source, UsageError, read_source
from bascule.service.deployment import (
    LONGEST_TEXT,
    Cancel,
    Commit,
    Deploy,
    ShowCopy,
    ShowRevision,
    ShowRevisions,
)
from bascule.service.failures import ExitCode, OperationFailed
from bascule.service.results import RevisionRow


def deploy(arguments: Namespace, session: Session) -> int:
    """Put a file into effect for a time; where it is refused, show why in its own lines."""
    source = None if arguments.file is None else read_source(arguments.file, session.stdin)
    return _deploy(arguments, session, source, arguments.message, base=arguments.base, rebase=arguments.rebase)


def rollback(arguments: Namespace, session: Session) -> int:
    """Deploy a revision again."""
    found = session.connect(arguments.socket).call(ShowRevision(number=arguments.number))
    source = Source(f"revision {arguments.number}", found.text.encode())
    return _deploy(arguments, session, source, arguments.message or f"back to revision {arguments.number}", again=True)


def commit(arguments: Namespace, session: Session) -> int:
    """Keep what is deployed, and say what came of it."""
    committed = followed(arguments, session, Commit())
    for change in committed.changes:
        session.screen.say(change)
    session.screen.say(committed.sentence)
    return ExitCode.FINE


def cancel(arguments: Namespace, session: Session) -> int:
    """Take back what is deployed."""
    session.screen.say(followed(arguments, session, Cancel()).sentence)
    return ExitCode.FINE


def revisions(arguments: Namespace, session: Session) -> int:
    """List what was committed, print one revision, or write all of them to a folder."""
    if arguments.number == EXPORT:
        return export(arguments, session)
    if arguments.folder is not None or arguments.git:
        raise UsageError("a folder, and --git, belong to `revisions export`")
    connection = session.connect(arguments.socket)
    if arguments.number is not None:
        found = connection.call(ShowRevision(number=arguments.number))
        if arguments.json:
            session.screen.json({**_fields(found.row), "text": found.text})
        else:
            session.screen.copy(found.text)
        return ExitCode.FINE
    for row in connection.call(ShowRevisions(limit=arguments.limit)).rows:
        if arguments.json:
            session.screen.json(_fields(row))
        else:
            when = f"{row.at.astimezone(session.now().tzinfo):%Y-%m-%d %H:%M:%S}"
            session.screen.say(f"{row.number:>5}  {when}  {row.author}", styled(f"  {row.message}", QUIET))
    return ExitCode.FINE


def _deploy(
    arguments: Namespace,
    session: Session,
    source: Source | None,
    message: str,
    *,
    base: int | None = None,
    rebase: bool = False,
    again: bool = False,
) -> int:
    """Deploy a text, or the working copy for None."""
    if source is not None and len(source.text) > LONGEST_TEXT:
        raise UsageError(f"{source.name} is longer than what can be deployed ({LONGEST_TEXT // 1000} kB)")
    if source is not None and rebase:
        raise UsageError("--rebase is about your working copy; for a file, load it first: bascule load FILE --base N")
    connection = session.connect(arguments.socket)
    request = Deploy(
        text=None if source is None else source.text,
        base=base,
        rebase=rebase,
        seconds=arguments.seconds,
        message=message,
        ignore_health=arguments.ignore_health,
        commit=arguments.commit,
        force=arguments.force,
        origin=origin(session.environment),
        again=again,
    )
    try:
        deployed = followed(arguments, session, request)
    except OperationFailed as failed:
        return complain(session.screen, failed, source or _working_copy(connection))
    source = source or _working_copy(connection)
    for line in report(deployed.warnings, source):
        session.screen.say(line)
    for change in deployed.changes:
        session.screen.say(change)
    session.screen.say(deployed.sentence)
    return ExitCode.FINE


def _working_copy(connection: Connection) -> Source:
    """Return the working copy as it is now, to show lines of; committed, it is the newest revision."""
    return Source("your working copy", connection.call(ShowCopy()).text.encode())


def _fields(row: RevisionRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__struct_fields__}

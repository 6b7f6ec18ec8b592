"""`table`: what is in the firewall's address tables, and what is put in and taken out while it runs."""

from argparse import Namespace

from bascule.cli.origin import origin
from bascule.cli.screen import DOUBTFUL, styled
from bascule.cli.session import Session
from bascule.cli.source import UsageError
from bascule.cli.wording import counted, moment
from bascule.service.failures import ExitCode
from bascule.service.tables import ChangeTable, ShowTables, Tables


def table(arguments: Namespace, session: Session) -> int:
    """List one table or all; or change one. Raises UsageError for an action without an address."""
    connection = session.connect(arguments.socket)
    if arguments.action is None:
        _print(arguments, session, connection.call(ShowTables(name=_name(arguments.name))))
        return ExitCode.FINE
    if not arguments.addresses:
        raise UsageError(f"say what to {arguments.action}: an address, or a network")
    addresses = tuple(arguments.addresses)
    adding = arguments.action == "add"
    if not adding and arguments.seconds is not None:
        raise UsageError("--for goes with add: what is removed is removed at once")
    changed = connection.call(
        ChangeTable(
            name=_name(arguments.name) or "",
            add=addresses if adding else (),
            remove=() if adding else addresses,
            seconds=arguments.seconds,
            reason=arguments.reason,
            force=arguments.force,
            origin=origin(session.environment),
        )
    )
    for warning in changed.warnings:
        session.screen.complain(styled(warning, DOUBTFUL))
    session.screen.say(changed.sentence)
    return ExitCode.FINE


def _name(said: str | None) -> str | None:
    """Return a table's name without the brackets that it has in the text."""
    return None if said is None else said.removeprefix("<").removesuffix(">")


def _print(arguments: Namespace, session: Session, tables: Tables) -> None:
    if arguments.json:
        for row in (*tables.tables, *tables.entries):
            session.screen.json(row)
        return
    now = session.now().astimezone()
    for each in tables.tables:
        files = f" ({', '.join(each.files)})" if each.files else ""
        written = f"{counted(each.written, 'network')} by the text{files}"
        session.screen.say(f"<{each.name}>: {written}, {each.entered} by commands and limits")
    if tables.entries:
        session.screen.table(
            ("Table", "Address", "By", "Until", "Reason"),
            [
                (f"<{row.table}>", row.network, row.by, "" if row.until is None else moment(row.until, now), row.reason)
                for row in tables.entries
            ],
        )

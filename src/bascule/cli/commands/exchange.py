"""`exchange wizard` and `exchange affinity`: a farm from a few answers, and who meets which server."""

import secrets
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from bascule.cli.affinity import say_affinity
from bascule.cli.desk import Desk
from bascule.cli.report import report
from bascule.cli.session import Session
from bascule.cli.source import Source, UsageError, read_source, replace_source
from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.edited import Edited
from bascule.config.exchange import Version
from bascule.config.model import Kind
from bascule.exchange.editions import edition
from bascule.exchange.ports import Ports
from bascule.exchange.service import Wish
from bascule.exchange.wizard.answers import PRIVATE, Answers
from bascule.exchange.wizard.farm import Farm, farm
from bascule.exchange.wizard.reading import networks, place, servers
from bascule.service.affinity import AskAffinity
from bascule.service.failures import ExitCode

_HEADINGS = ("Client", "Protocol", "TCP ports", "Security zone", "Services")


def wizard(arguments: Namespace, session: Session) -> int:
    """Print a farm, or put it where the command line says; where an answer is wrong, say which and why."""
    found: list[Diagnostic] = []
    answers = _answers(arguments, found)
    if answers is None or found:
        return _complain(found, Source("", b""), session)
    if arguments.load:
        return _load(answers, arguments, session)
    if arguments.output is not None:
        return _write(answers, arguments.output, session)
    made = farm(answers)
    if made.diagnostics:
        return _complain(made.diagnostics, Source("", b""), session)
    for line in _comments(made):
        session.screen.copy(f"# {line}".rstrip() + "\n")
    session.screen.copy(made.text)
    return ExitCode.FINE


def affinity(arguments: Namespace, session: Session) -> int:
    """Print which host clients get, and how the sessions that live are spread."""
    report = session.connect(arguments.socket).call(AskAffinity(client=arguments.client))
    if arguments.json:
        session.screen.json({name: getattr(report, name) for name in report.__struct_fields__})
    else:
        say_affinity(report, session.screen)
    return ExitCode.FINE


def _answers(arguments: Namespace, found: list[Diagnostic]) -> Answers | None:
    where = place(arguments.vip, found.append)
    named = servers(arguments.hosts, found.append)
    inside = networks(arguments.inside, found.append)
    version = Version(arguments.version)
    modes = [mode for mode in edition(version).modes if arguments.mode and f"mode {arguments.mode}" in mode]
    if arguments.mode and not modes:
        raise UsageError(f"Exchange {version} needs one server for a client, so it has source-hash: leave --mode out")
    if where is None:
        return None
    ports = Ports(
        https=arguments.https_port, client_access=arguments.client_access_port, address_book=arguments.address_book_port
    )
    return Answers(
        version=version,
        vip=where[0],
        prefix_length=where[1],
        servers=named,
        key=arguments.key or secrets.token_hex(4),
        table=arguments.table,
        namespace=arguments.namespace,
        array_fqdn=arguments.array_fqdn,
        ad_site=arguments.ad_site,
        method=Kind(arguments.method),
        gateway=arguments.gateway,
        wishes=frozenset(map(Wish, arguments.wishes or ())),
        https_affinity=arguments.https_affinity,
        mode=next(iter(modes), ""),
        ports=ports,
        admin_port=arguments.admin_port,
        interface=arguments.interface,
        zones=arguments.zones or bool(inside),
        inside=inside or PRIVATE,
    )


def _load(answers: Answers, arguments: Namespace, session: Session) -> int:
    """Put a farm into the working copy; where another session edits it meanwhile, into what that one has written."""
    made = Farm(text="")

    def change(text: str) -> Edited:
        nonlocal made
        made = farm(answers, text)
        return Edited(text=made.text, diagnostics=made.diagnostics)

    desk = Desk(session.connect(arguments.socket))
    _, loaded = desk.edit(change)
    if made.diagnostics:
        return _complain(made.diagnostics, Source("your working copy", desk.copy.text.encode()), session)
    _say(made, session)
    if loaded is None:
        session.screen.say("nothing changes: it stands there already")
        return ExitCode.FINE
    for line in report(loaded.diagnostics, Source("your working copy", made.text.encode())):
        session.screen.say(line)
    session.screen.say(loaded.sentence)
    return ExitCode.FINE


def _write(answers: Answers, name: str, session: Session) -> int:
    there = Path(name).exists()
    source = read_source(name, session.stdin) if there else Source(name, b"")
    try:
        made = farm(answers, source.text.decode())
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is no UTF-8: {error.reason} at byte {error.start}") from error
    if made.diagnostics:
        return _complain(made.diagnostics, source, session)
    if there:
        replace_source(name, made.text.encode())
    else:
        try:
            with Path(name).open("xb") as file:
                file.write(made.text.encode())
        except OSError as error:
            raise UsageError(f"cannot write {name}: {error.strerror or error}") from error
    _say(made, session)
    session.screen.say(f"{name} holds it: `bascule check {name}` says how it fits this machine")
    return ExitCode.FINE


def _say(made: Farm, session: Session) -> None:
    session.screen.table(_HEADINGS, _cells(made))
    session.screen.say("")
    for note in made.notes:
        session.screen.say(f"* {note}")
    session.screen.say("")


def _comments(made: Farm) -> Iterator[str]:
    """Yield the table and what is to be done as lines that a configuration may hold as comments."""
    cells = [_HEADINGS, *_cells(made)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield from (f"* {note}" for note in made.notes)
    yield ""


def _cells(made: Farm) -> Sequence[Sequence[str]]:
    return [(row.client, row.protocol, row.ports, row.zone, row.services) for row in made.rows]


def _complain(found: Sequence[Diagnostic], source: Source, session: Session) -> ExitCode:
    """Say what is wrong: with the lines of a text that was there, and with answers, which have no place."""
    for each in found:
        if each.span.line:
            for line in report([each], source):
                session.screen.complain(line)
        else:
            session.screen.complain("bascule: ", each.words)
    return ExitCode.REFUSED

"""What may stand on the command line, and the help that says so."""

import argparse
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from bascule import __version__
from bascule.cli.adding import AddParser, only
from bascule.cli.adding import add as _add
from bascule.cli.adding import add_json as _add_json
from bascule.cli.adding import add_socket as _add_socket
from bascule.cli.alert import add_alert
from bascule.cli.exchange import add_exchange
from bascule.cli.paths import Places, published
from bascule.cli.people_arguments import add_people
from bascule.config.firewall import Protocol
from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.kinds.numbers import duration
from bascule.config.lexer import Token, TokenKind
from bascule.service.capture import LARGEST_CAPTURE, LONGEST_CAPTURE, SMALLEST_CAPTURE
from bascule.service.deployment import LONGEST_TEST, MAXIMUM_REVISIONS
from bascule.service.measured import LONGEST_HISTORY
from bascule.service.operations import LONGEST_ORDER, MAXIMUM_EVENTS
from bascule.service.sessions import MAXIMUM_LISTED

_EXIT_CODES: Final = """\
exit codes:
  0  fine
  1  refused: what was asked is wrong, and the diagnostics say where
  2  usage: the command line is wrong, or a file it names cannot be read
  3  the machine, or the Bascule that runs on it, would not
  4  status: degraded; doctor, show drift: something was found
  5  status only: down
"""
_LAST_PORT: Final = 65535
_CALLS_OTHERS: Final = "configure"
_EXPORT: Final = "export"
_PROTOCOLS: Final = tuple(protocol.value for protocol in Protocol)
"""What stands in the place of a revision's number."""
_ORDER_TIME: Final = duration(1, LONGEST_ORDER)
_TEST_TIME: Final = duration(5, LONGEST_TEST)
_HISTORY_TIME: Final = duration(60, LONGEST_HISTORY)
_CAPTURE_TIME: Final = duration(1, LONGEST_CAPTURE)
_LONG_NUMBER: Final = 9
_LONGEST_MESSAGE: Final = 256
_LAST: Final = 100
_DIGITS: Final = 5
_ID: Final = re.compile("[0-9a-f]{16}")


def parser(places: Places, word: str = "") -> argparse.ArgumentParser:
    """Return the parser of the whole command line; a parsed one's `command` is the function to call.

    Where its first word is known, and a command, the parser takes that command alone: it is made in a fifth of the time.
    """
    top = argparse.ArgumentParser(
        prog="bascule",
        description="Firewall and load balancer for Microsoft Exchange.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"bascule {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    add_parser: AddParser = only(word, commands.add_parser) if word and word != _CALLS_OTHERS else commands.add_parser
    _add_configuration(add_parser, places)
    _add_show(add_parser, places)
    _add_table(add_parser, places)
    _add_explain(add_parser, places)
    _add_sessions(add_parser, places)
    _add_capture(add_parser, places)
    _add_sticky(add_parser, places)
    _add_host(add_parser, places)
    add_exchange(add_parser, places)
    add_alert(add_parser, places)
    _add_editing(add_parser, places, top)
    _add_deployment(add_parser, places)
    add_people(add_parser, places)
    _add_life(add_parser, places)
    return top if commands.choices else parser(places)


def _add_configuration(add_parser: AddParser, places: Places) -> None:
    checking = _add(
        add_parser, "check", "configuration.check", "say everything that is wrong or doubtful with a configuration"
    )
    checking.add_argument(
        "file", metavar="FILE", nargs="?", help="the configuration; - reads standard input (default: your working copy)"
    )
    _add_state(checking, places)
    _add_socket(checking, places)
    formatting = _add(
        add_parser, "format", "configuration.format_file", "print a configuration in its usual form; it means the same"
    )
    formatting.add_argument("file", metavar="FILE", help="the configuration; - reads standard input")
    formatting.add_argument("--write", action="store_true", help="bring the file itself into that form")
    running = _add(
        add_parser, "run", "configuration.run", "run a configuration in the foreground until ctrl-C or `bascule stop`"
    )
    running.add_argument(
        "--config", metavar="FILE", help="run this file alone, which is never written to (default: what was committed)"
    )
    _add_state(running, places)
    _add_socket(running, places)
    playing = _add(
        add_parser, "demo", "play.demo", "show the balancer in front of simulated servers, on loopback, as any user"
    )
    playing.add_argument("--once", action="store_true", help="end when the story is told")


def _add_show(add_parser: AddParser, places: Places) -> None:
    about = "show what runs"
    showing = add_parser("show", help=about, description=f"{about}.".capitalize(), allow_abbrev=False)
    add_view = showing.add_subparsers(metavar="WHAT", required=True).add_parser
    for name, summary in (
        ("summary", "every relay, with its tables and their hosts"),
        ("relays", "relays: where they listen, who carries them, how many sessions"),
        ("tables", "tables, as each relay sees them"),
        ("hosts", "hosts: what the checks say, since when, why, how many sessions"),
        ("routers", "routers: which gateway has the routes, which are down, since when, why"),
    ):
        view = _add(add_view, name, "show.show", summary)
        view.set_defaults(view=name)
        view.add_argument("--watch", action="store_true", help="print it again whenever something happens, until ctrl-C")
        _add_json(view)
        _add_socket(view, places)
    _add_exchange(add_view, places)
    log = _add(add_view, "log", "events.show_log", "what happened: hosts, relays, configurations, processes, rules")
    log.add_argument("--last", metavar="N", type=_events, default=_LAST, help="so many events (default: %(default)s)")
    log.add_argument("--follow", action="store_true", help="go on with what happens, until ctrl-C")
    _add_json(log)
    _add_socket(log, places)
    _add_socket(_add(add_view, "drift", "show.show_drift", "how the machine differs from what it should be"), places)
    _add_socket(_add(add_view, "backups", "backups.show_backups", "the backups that are made by themselves"), places)
    audit = _add(add_view, "audit", "events.show_audit", "who changed what, and who was refused")
    audit.add_argument("--last", metavar="N", type=_events, default=_LAST, help="so many lines (default: %(default)s)")
    _add_json(audit)
    _add_socket(audit, places)
    sessions = _add(
        add_view, "sessions", "sessions.show_sessions", "sessions: whose they are, how old, how silent, how many bytes"
    )
    _add_chosen(sessions)
    sessions.add_argument(
        "--sort",
        default="age",
        choices=("age", "bytes", "none"),
        help="the oldest or the largest first, or any, which is quick (default: age)",
    )
    sessions.add_argument("--limit", metavar="N", type=_listed, default=1000, help="so many at most (default: %(default)s)")
    _add_json(sessions)
    _add_socket(sessions, places)
    counters = _add(
        add_view, "counters", "counters.show_counters", "what relays and hosts have carried, and what comes in a second"
    )
    how = counters.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="print it again every few seconds, until ctrl-C")
    how.add_argument("--history", action="store_true", help="what was carried in the last hours, days or months, instead")
    counters.add_argument("--relay", metavar="R", help="of the history, this relay or redirect only")
    counters.add_argument("--host", metavar="H", help="of this host only: a name, an address, or address and port")
    counters.add_argument("--last", metavar="T", type=_history, help="as far back as this, a year at most (default: 1h)")
    _add_json(counters)
    _add_socket(counters, places)
    sticky = _add(add_view, "sticky", "sticky.show_sticky", "clients that stay with a host, because it is remembered")
    sticky.add_argument("--client", metavar="A", type=_address, help="this client only")
    sticky.add_argument("--relay", metavar="R", help="of this relay or redirect only")
    _add_json(sticky)
    _add_socket(sticky, places)
    copy = _add(add_view, "working-copy", "editing.show_copy", "your working copy; without one, what was committed last")
    _add_words(copy, "PATH", "only this block, or statement: load-balancer relay HTTPS", needed=False)
    _add_socket(copy, places)
    firewall = _add(add_view, "firewall", "show.show_firewall", "the rules of the firewall, with the line that caused each")
    firewall.add_argument("--counters", action="store_true", help="with the packets that each rule has decided about")
    firewall.add_argument("--kernel", action="store_true", help="all our rules as the kernel has them, instead")
    interfaces = _add(add_view, "interfaces", "network.show_interfaces", "interfaces: state, addresses and whose, traffic")
    routes = _add(add_view, "routes", "network.show_routes", "routes of the main table, and who made them")
    for view in (firewall, interfaces, routes):
        _add_json(view)
        _add_socket(view, places)


def _add_exchange(add_view: AddParser, places: Places) -> None:
    about = "what Exchange thinks of itself, by virtual directory and server"
    exchange = _add(add_view, "exchange", "exchange_health.show_exchange", about)
    _add_json(exchange)
    _add_socket(exchange, places)


def _add_sessions(add_parser: AddParser, places: Places) -> None:
    killing = _add(add_parser, "kill", "sessions.kill", "end sessions: both ends see a reset at once")
    _add_chosen(killing)
    killing.add_argument("--id", metavar="ID", type=_session_id, help="this session alone, as `show sessions` names it")
    killing.add_argument("--all", action="store_true", help="every session; must be said where nothing else is")
    asking = _add(
        add_parser, "client", "sessions.client", "say everything about one client: its hosts, its sessions of the last hour"
    )
    asking.add_argument("address", metavar="ADDRESS", type=_address, help="the client's address")
    finding = _add(add_parser, "who", "sessions.who", "say which client stands behind an address and port in a host's log")
    finding.add_argument("source", metavar="SOURCE:PORT", type=_place, help="what the host's log has as its client")
    finding.add_argument("at", metavar="at TIME", nargs="*", help="when: HH:MM[:SS], or a date and time of ISO 8601")
    for command in (killing, asking, finding):
        _add_json(command)
        _add_socket(command, places)


def _add_capture(add_parser: AddParser, places: Places) -> None:
    command = _add(add_parser, "capture", "capture.capture", "write the packets of a client, or a relay, to a pcapng file")
    command.add_argument("--client", metavar="A", type=_address, help="packets of this client only, on both sides")
    command.add_argument("--relay", metavar="R", help="of this relay or redirect only")
    command.add_argument(
        "--seconds", metavar="T", type=_capture, default=30, help="so long at most: 90s, 5m (default: 30 s)"
    )
    command.add_argument(
        "--bytes", metavar="N", type=_file_size, default=16 << 20, help="so large a file at most: 500K, 16M (default: 16M)"
    )
    command.add_argument(
        "--full", action="store_true", help="whole packets (default: headers, and 128 bytes of what they carry)"
    )
    command.add_argument("file", metavar="FILE", help="the file to write, of mode 0600; - is standard output")
    _add_socket(command, places)


def _add_sticky(add_parser: AddParser, places: Places) -> None:
    about = "change what is remembered of clients"
    changing = add_parser("sticky", help=about, description=f"{about}.".capitalize(), allow_abbrev=False)
    add_action = changing.add_subparsers(metavar="ACTION", required=True).add_parser
    forgetting = _add(add_action, "forget", "sticky.forget", "deal a client, or all, a host anew at the next connection")
    whom = forgetting.add_mutually_exclusive_group(required=True)
    whom.add_argument("client", metavar="CLIENT", nargs="?", type=_address, help="the client's address")
    whom.add_argument("--all", action="store_true", help="every client")
    forgetting.add_argument(
        "--in", metavar="NAME", dest="relay", help="in this relay or redirect alone (default: everywhere)"
    )
    _add_socket(forgetting, places)


def _add_chosen(command: argparse.ArgumentParser) -> None:
    command.add_argument("--client", metavar="A", type=_address, help="sessions of this client only")
    command.add_argument("--host", metavar="H", help="of this host only: a name, an address, or address and port")
    command.add_argument("--relay", metavar="R", help="of this relay only")


def _add_table(add_parser: AddParser, places: Places) -> None:
    summary = "list the firewall's address tables, or put addresses in and take them out while it runs"
    command = _add(add_parser, "table", "table.table", summary)
    command.add_argument("name", metavar="NAME", nargs="?", help="the table (default: all)")
    command.add_argument("action", metavar="add|remove", nargs="?", choices=("add", "remove"), help="what to do")
    command.add_argument("addresses", metavar="ADDRESS", nargs="*", help="an address or a network")
    command.add_argument(
        "--for",
        metavar="T",
        dest="seconds",
        type=_time,
        help="take them out after T: 90s, 10m, 2h (default: the table's own)",
    )
    command.add_argument("--reason", metavar="TEXT", default="", help="why, for everybody who looks")
    command.add_argument("--force", action="store_true", help="also where it shuts out who is connected now")
    _add_json(command)
    _add_socket(command, places)


def _add_explain(add_parser: AddParser, places: Places) -> None:
    command = _add(
        add_parser, "explain", "explain.explain", "say what becomes of a client: firewall, relay, table, host, and why"
    )
    which = command.add_mutually_exclusive_group()
    which.add_argument("--config", metavar="FILE", help="explain this configuration, every host up, not what runs")
    which.add_argument("--working-copy", action="store_true", help="explain your working copy, as if it were deployed now")
    command.add_argument("--in", metavar="IF", dest="interface", help="the interface that packets come in by")
    command.add_argument("--to", metavar="ADDR", type=_address, help="the address that clients connect to")
    command.add_argument(
        "--proto",
        metavar="P",
        dest="protocol",
        default="tcp",
        choices=_PROTOCOLS,
        help=f"{', '.join(_PROTOCOLS)}; of icmp, PORT is the type",
    )
    command.add_argument(
        "--down", metavar="HOST", action="append", default=[], help="take this host as down (name or address; repeatable)"
    )
    command.add_argument("--rules", action="store_true", help="list every rule of the firewall that is asked")
    command.add_argument("port", metavar="PORT", type=_port, help="the port that clients connect to")
    command.add_argument(
        "clients", metavar="CLIENT", nargs="+", type=_client, help="a client's address; - reads one a line from input"
    )
    _add_json(command)
    _add_state(command, places)
    _add_socket(command, places)


def _add_host(add_parser: AddParser, places: Places) -> None:
    about = "order something of a host while everything runs; orders outlive restarts"
    ordering = add_parser("host", help=about, description=f"{about}.".capitalize(), allow_abbrev=False)
    add_action = ordering.add_subparsers(metavar="ACTION", required=True).add_parser
    for action, summary, time in (
        ("drain", "give it no new clients; those it has may stay to their end", "end the sessions that are left after T"),
        ("disable", "give it no clients, end its sessions now, and do not count its checks", "enable it again after T"),
        ("enable", "let its checks decide again", ""),
        ("flush", "end its sessions now, at both ends; it goes on to take clients", ""),
        ("force", "override its checks", "believe its checks again after T"),
    ):
        command = _add(add_action, action, "host.host", summary)
        command.set_defaults(action=action, seconds=None, reason="")
        command.add_argument("host", metavar="HOST", help="the host's name or address")
        if action == "force":
            command.add_argument("forced", choices=("up", "down"), help="what it is from now on")
        command.add_argument("--in", metavar="RELAY", dest="relay", help="in this relay alone (default: everywhere)")
        if time:
            command.add_argument("--for", metavar="T", dest="seconds", type=_time, help=f"{time}: 90s, 10m, 2h")
            command.add_argument("--reason", metavar="TEXT", help="why, for everybody who looks")
        _add_socket(command, places)


def _add_deployment(add_parser: AddParser, places: Places) -> None:
    deploying = _add(
        add_parser,
        "deploy",
        "deployment.deploy",
        "put a configuration into effect until it is committed, or its time is over",
    )
    deploying.add_argument(
        "file", metavar="FILE", nargs="?", help="the configuration; - reads standard input (default: your working copy)"
    )
    deploying.add_argument(
        "--rebase", action="store_true", help="where somebody committed since your working copy was made, make both one"
    )
    deploying.add_argument(
        "--base", metavar="N", type=_revision, help="the revision FILE was written from; refused where it is not the newest"
    )
    rolling = _add(add_parser, "rollback", "deployment.rollback", "deploy a revision again")
    rolling.add_argument("number", metavar="N", type=_revision, help="the revision")
    for command in (deploying, rolling):
        command.add_argument(
            "--seconds", metavar="T", type=_test, default=60.0, help="take it back after T: 60, 90s, 10m (default: 60 s)"
        )
        command.add_argument("-m", "--message", metavar="TEXT", type=_message, default="", help="what is changed, and why")
        command.add_argument("--commit", action="store_true", help="keep it at once, without a test")
        command.add_argument("--force", action="store_true", help="let it shut out administrators who are connected now")
        command.add_argument(
            "--ignore-health", action="store_true", help="let it stand although hosts that were up go down by it"
        )
        _add_socket(command, places)
    loading = _add(add_parser, "load", "copies.load", "keep a file as your working copy, in the place of the one you had")
    loading.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default=str(published(places.state)),
        help="the configuration; - reads standard input (default: %(default)s)",
    )
    loading.add_argument(
        "--base", metavar="N", type=_revision, help="the revision it was written from (default: the newest)"
    )
    _add_socket(loading, places)
    _add_socket(
        _add(add_parser, "edit", "copies.edit", "open your working copy in an editor ($VISUAL, $EDITOR, vi)"), places
    )
    _add_socket(_add(add_parser, "discard", "copies.discard", "forget your working copy"), places)
    _add_socket(_add(add_parser, "commit", "deployment.commit", "keep what is deployed as the next revision"), places)
    _add_socket(_add(add_parser, "cancel", "deployment.cancel", "take back what is deployed"), places)
    listing = _add(add_parser, "revisions", "deployment.revisions", "list what was committed, or print one revision")
    listing.add_argument(
        "number", metavar="N|export", nargs="?", type=_revision_or_export, help="print this one, or write all to a folder"
    )
    listing.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, help="the folder of an export: new, or empty")
    listing.add_argument("--git", action="store_true", help="make the folder a git repository, a commit for each revision")
    listing.add_argument("--limit", metavar="N", type=_limit, default=20, help="so many at most (default: %(default)s)")
    _add_json(listing)
    _add_socket(listing, places)
    comparing = _add(
        add_parser, "diff", "comparing.diff", "show what a file, or a revision, changes in the text of another"
    )
    comparing.add_argument(
        "what",
        metavar="FILE|N",
        nargs="?",
        help="a file, or the number of a revision; - reads standard input (default: your working copy)",
    )
    comparing.add_argument("base", metavar="N", nargs="?", type=_revision, help="over this revision (default: the newest)")
    _add_socket(comparing, places)


def _add_editing(add_parser: AddParser, places: Places, top: argparse.ArgumentParser) -> None:
    setting = _add(add_parser, "set", "editing.set_statement", "put a statement into your working copy")
    _add_words(setting, "WORD", "its path, then its own words: load-balancer relay HTTPS session timeout 40m")
    deleting = _add(
        add_parser, "delete", "editing.delete_statement", "take a statement or a block out of your working copy"
    )
    _add_words(deleting, "WORD", "its path: load-balancer relay HTTPS; or one of its options")
    comparing = _add(
        add_parser, "compare", "comparing.compare", "show what your working copy changes, in the text and in effect"
    )
    comparing.add_argument(
        "old", metavar="N", nargs="?", type=_revision, help="over this revision (default: the one it was written from)"
    )
    comparing.add_argument("new", metavar="M", nargs="?", type=_revision, help="what this revision changes over N")
    about = "edit your working copy line by line, with completion; or by the lines of standard input"
    editing = _add(add_parser, _CALLS_OTHERS, "configure.configure", about)
    editing.set_defaults(parse=top.parse_args)
    for command in (setting, deleting, comparing, editing):
        _add_socket(command, places)


def _add_words(command: argparse.ArgumentParser, name: str, about: str, *, needed: bool = True) -> None:
    command.add_argument("words", metavar=name, nargs="+" if needed else "*", help=about)


def _add_life(add_parser: AddParser, places: Places) -> None:
    how = _add(add_parser, "status", "life.status", "say in one sentence how it goes")
    _add_json(how)
    _add_socket(how, places)
    asking = _add(add_parser, "doctor", "doctor.doctor", "say what is wrong with what runs, and what to do")
    _add_json(asking)
    _add_socket(asking, places)
    _add_certificate(add_parser, places)
    _add_socket(_add(add_parser, "poll", "life.poll", "check every host now, and say how that went"), places)
    following = _add(add_parser, "monitor", "events.monitor", "print every event as it happens, until ctrl-C")
    following.add_argument("--sessions", action="store_true", help="the end of every session, too")
    _add_json(following)
    _add_socket(following, places)
    _add_socket(_add(add_parser, "reload", "life.reload", "have the running Bascule read its configuration again"), places)
    _add_socket(
        _add(add_parser, "stop", "life.stop", "end the running Bascule; relays go on without health checks"), places
    )
    saving = _add(add_parser, "backup", "backups.backup", "write everything that is kept (revisions, orders) to one file")
    saving.add_argument("file", metavar="FILE", type=Path, help="the file to write; one that is there is replaced")
    saving.add_argument("--ask", action="store_true", help="have the running Bascule hand it out, from any account")
    _add_socket(saving, places)
    returning = _add(add_parser, "restore", "restoring.restore", "go back to a backup, while no Bascule runs or beside one")
    returning.add_argument("file", metavar="FILE", type=Path, help="the backup; with --ask also the name of one it keeps")
    returning.add_argument("--ask", action="store_true", help="beside the running Bascule; clients notice nothing of it")
    _add_socket(returning, places)
    for command in (saving, returning):
        _add_state(command, places)
    clearing = _add(
        add_parser, "clear", "life.clear", "end every session and take everything of Bascule's from the machine"
    )
    _add_state(clearing, places)
    _add_socket(clearing, places)


def _add_certificate(add_parser: AddParser, places: Places) -> None:
    keeping = _add(
        add_parser, "certificate", "certificate.keep", "keep a certificate for the admin server, and print what names it"
    )
    keeping.add_argument("certificate", metavar="FILE", type=Path, help="the certificate with its chain, in PEM")
    keeping.add_argument("key", metavar="KEY", type=Path, help="its key, in PEM, without a password")
    _add_socket(keeping, places)


def _add_state(command: argparse.ArgumentParser, places: Places) -> None:
    command.add_argument(
        "--state", metavar="DIR", type=Path, default=places.state, help="the state directory (default: %(default)s)"
    )


def _events(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS or int(text) > MAXIMUM_EVENTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of events (0 to {MAXIMUM_EVENTS})")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (1 to {_LAST_PORT})")
    return int(text)


def _listed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:6]) > MAXIMUM_LISTED:
        raise argparse.ArgumentTypeError(f"{text!r} is no number up to {MAXIMUM_LISTED}")
    return int(text)


def _place(text: str) -> tuple[str, int]:
    """Return an address and a port: `10.2.0.50:40123`, `[2001:db8::1]:40123`."""
    address, colon, port = text.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is no address and port")
    return _address(address.removeprefix("[").removesuffix("]")), _port(port)


def _revision(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= _LONG_NUMBER or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of a revision")
    return int(text)


def _revision_or_export(text: str) -> int | str:
    return text if text == _EXPORT else _revision(text)


def _message(text: str) -> str:
    if len(text) > _LONGEST_MESSAGE or not text.isprintable():
        raise argparse.ArgumentTypeError(f"a message is one line of at most {_LONGEST_MESSAGE} characters")
    return text


def _limit(text: str) -> int:
    number = _revision(text)
    if number > MAXIMUM_REVISIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is more than {MAXIMUM_REVISIONS}")
    return number


def _test(text: str) -> float:
    return _seconds(text, _TEST_TIME)


def _history(text: str) -> int:
    return int(_seconds(text, _HISTORY_TIME))


def _capture(text: str) -> int:
    return int(_seconds(text, _CAPTURE_TIME))


def _file_size(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})([KM]?)", text)
    number = 0 if found is None else int(found[1]) << {"": 0, "K": 10, "M": 20}[found[2]]
    if not SMALLEST_CAPTURE <= number <= LARGEST_CAPTURE:
        raise argparse.ArgumentTypeError(f"{text!r} is no size of a file (4K to {LARGEST_CAPTURE >> 20}M)")
    return number


def _time(text: str) -> float:
    return _seconds(text, _ORDER_TIME)


def _seconds(text: str, kind: Kind[float]) -> float:
    seconds = kind.read(Token(TokenKind.WORD, text, 1, 1))
    if isinstance(seconds, Flaw):
        raise argparse.ArgumentTypeError(seconds.message)
    return seconds


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no IP address") from None


def _session_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no session's: `show sessions` names them, 16 digits from 0 to f")
    return text


def _client(text: str) -> str:
    return text if text == "-" else _address(text)

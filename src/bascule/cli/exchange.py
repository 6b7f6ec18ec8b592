"""What may stand behind `bascule exchange`, and the help that says so."""

import argparse
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TypeAlias

from bascule.cli.command import Command
from bascule.cli.paths import Places
from bascule.config.exchange import Version
from bascule.exchange.ports import Ports

_AddParser: TypeAlias = Callable[..., argparse.ArgumentParser]

_HELP = {
    "https": "OWA, EWS, ActiveSync, Outlook Anywhere, MAPI over HTTP",
    "client_access": "Exchange 2010: RPC Client Access, as in the servers' registry",
    "address_book": "Exchange 2010: the Address Book service, as in the servers' registry",
}
"""Ports that farms differ in."""


def add_exchange(add_parser: _AddParser, places: Places) -> None:
    """Add `exchange` with what it does."""
    about = "set an Exchange farm up, and see who meets which server"
    exchange = add_parser("exchange", help=about, description=f"{about}.".capitalize(), allow_abbrev=False)
    add_action = exchange.add_subparsers(metavar="ACTION", required=True).add_parser
    _add_wizard(
        _add(add_action, "wizard", "print a farm's table and text, or put it into your working copy or a file"), places
    )
    asking = _add(add_action, "affinity", "say which host clients get, whether any is split, and who comes from behind NAT")
    asking.add_argument("client", metavar="CLIENT", nargs="?", help="its address: its hosts now, and if each one failed")
    asking.add_argument("--json", action="store_true", help="print one JSON object")
    _add_socket(asking, places)


def _add_wizard(wizard: argparse.ArgumentParser, places: Places) -> None:
    wizard.add_argument("--version", required=True, choices=[each.value for each in Version], help="of Exchange Server")
    wizard.add_argument(
        "--vip", metavar="ADDRESS", required=True, help="where clients connect to; with /LENGTH as the interface has it"
    )
    wizard.add_argument("--hosts", metavar="NAME=ADDRESS,…", required=True, help="the servers: EX1=10.2.0.11,EX2=10.2.0.12")
    wizard.add_argument("--namespace", metavar="NAME", default="", help="the name that clients know: mail.example.com")
    wizard.add_argument("--array-fqdn", metavar="NAME", default="", help="2010: the name of the client access array")
    wizard.add_argument("--ad-site", metavar="NAME", default="", help="the Active Directory site of the servers")
    wizard.add_argument(
        "--method",
        choices=("relay", "redirect"),
        default="relay",
        help="redirect only where this machine is the servers' default gateway (default: relay)",
    )
    wizard.add_argument("--gateway", action="store_true", help="this machine is their default gateway: SMTP is a redirect")
    for wish, what in (
        ("http", "port 80 as it is"),
        ("smtp", "SMTP, and submission since 2013"),
        ("imap", "IMAP4; 2010 always has it"),
        ("pop", "POP3; 2010 always has it"),
    ):
        wizard.add_argument(f"--{wish}", action="append_const", dest="wishes", const=wish, help=f"balance {what}")
    wizard.add_argument("--https-affinity", action="store_true", help="2010: HTTPS is one of Outlook's affinity group")
    wizard.add_argument("--mode", choices=("least-states", "roundrobin"), help="2013 and later (default: least-states)")
    for port in fields(Ports):
        if port.name in _HELP:
            option = f"--{port.name.replace('_', '-')}-port"
            wizard.add_argument(
                option, metavar="PORT", type=_port, default=port.default, help=f"{_HELP[port.name]} (default: %(default)s)"
            )
    wizard.add_argument(
        "--admin-port", metavar="PORT", type=_port, help="the admin server's (default: 4433 if 443 is taken)"
    )
    wizard.add_argument("--interface", metavar="NAME", default="", help="have Bascule give the address to this interface")
    wizard.add_argument("--zones", action="store_true", help="write the table's zones; RPC is for the zone internal then")
    wizard.add_argument("--inside", metavar="NETWORK,…", default="", help="the zone internal (default: private networks)")
    wizard.add_argument("--table", metavar="NAME", default="exchange", help="of the servers (default: %(default)s)")
    wizard.add_argument("--key", metavar="KEY", default="", help="the table's: 8 hexadecimal digits (default: random)")
    where = wizard.add_mutually_exclusive_group()
    where.add_argument("--load", action="store_true", help="put it into your working copy; what stands there stays")
    where.add_argument("--output", metavar="FILE", help="put it into this file, a new one or one that is there")
    _add_socket(wizard, places)


def _add(add_parser: _AddParser, name: str, summary: str) -> argparse.ArgumentParser:
    added = add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False)
    added.set_defaults(command=Command(f"exchange.{name}"))
    return added


def _add_socket(command: argparse.ArgumentParser, places: Places) -> None:
    command.add_argument(
        "--socket", metavar="PATH", type=Path, default=places.socket, help="the control socket (default: %(default)s)"
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 65535:  # noqa: PLR2004 - the largest port
        raise argparse.ArgumentTypeError(f"{text!r} is no port (1 to 65535)")
    return int(text)

"""The words of `account` and `token`: who may do what, and what proves it."""

import argparse

from bascule.cli.adding import AddParser, add, add_json, add_socket
from bascule.cli.paths import Places
from bascule.service.permissions import ROLES
from bascule.service.tokens import LONGEST_DAYS, USUAL_DAYS


def add_people(add_parser: AddParser, places: Places) -> None:
    """Add `account` and `token`."""
    about = "say who may do what here"
    keeping = add_parser("account", help=about, description=f"{about}.".capitalize(), allow_abbrev=False)
    add_action = keeping.add_subparsers(metavar="ACTION", required=True).add_parser
    listing = add(add_action, "list", "account.list_accounts", "list accounts with their roles")
    add_json(listing)
    adding = add(add_action, "add", "account.add", "make an account; the password is asked for, or read from the input")
    changing = add(add_action, "role", "account.role", "change what an account may do")
    opening = add(add_action, "password", "account.password", "give an account another password")
    removing = add(add_action, "remove", "account.remove", "take an account away")
    leaving = add(add_action, "logout", "account.logout", "log an account out of the pages everywhere")
    enrolling = add(add_action, "totp", "account.totp", "have your account need a code of an app beside its password")
    ending = add(add_action, "totp-off", "account.totp_off", "have an account need no code any more")
    for command in (adding, changing, opening, removing, leaving, ending):
        command.add_argument("name", metavar="NAME", help="the account; a Unix user of that name has its role")
    adding.add_argument("--role", required=True, choices=[role.value for role in ROLES], help="what it may do")
    adding.add_argument("--no-password", action="store_true", help="it opens no page: for the command line alone")
    changing.add_argument(
        "role", metavar="ROLE", choices=[role.value for role in ROLES], help="administrator, operator or viewer"
    )
    opening.add_argument("--own", action="store_true", help="it is yours and you know the old one: any role may")
    ending.add_argument("--own", action="store_true", help="it is yours and you know the password: any role may")
    linking = add(
        add_action, "setup-link", "account.setup_link", "print a link to the pages that makes an administrator, once"
    )
    add_json(linking)
    for command in (listing, adding, changing, opening, removing, leaving, enrolling, ending, linking):
        add_socket(command, places)
    _add_tokens(add_parser, places)


def _add_tokens(add_parser: AddParser, places: Places) -> None:
    about = "say what programs are known by to the REST API"
    keeping = add_parser("token", help=about, description=f"{about}.".capitalize(), allow_abbrev=False)
    add_action = keeping.add_subparsers(metavar="ACTION", required=True).add_parser
    adding = add(add_action, "add", "token.add", "make an API token, which is printed this once")
    listing = add(add_action, "list", "token.list_tokens", "list API tokens: yours, or for administrators all")
    removing = add(add_action, "remove", "token.remove", "take an API token away")
    for command in (adding, removing):
        command.add_argument("name", metavar="NAME", help="what the token is called")
        command.add_argument("--account", metavar="ACCOUNT", help="whose it is (default: yours)")
    adding.add_argument("--role", required=True, choices=[role.value for role in ROLES], help="what it may do at most")
    adding.add_argument(
        "--days", metavar="N", type=_days, default=USUAL_DAYS, help=f"how long it lasts (default: {USUAL_DAYS})"
    )
    for command in (adding, listing, removing):
        add_json(command)
        add_socket(command, places)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days (1 to {LONGEST_DAYS})")
    return int(text)

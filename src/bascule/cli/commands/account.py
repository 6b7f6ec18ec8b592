"""`account`: who may do what here."""

import getpass
from argparse import Namespace
from typing import Final

from bascule.cli.screen import QUIET, styled
from bascule.cli.session import Session
from bascule.cli.source import UsageError
from bascule.service import accounts
from bascule.service.failures import ExitCode
from bascule.service.logins import MakeSetupLink
from bascule.service.permissions import Role
from bascule.service.second_factor import LONGEST_CODE, BeginTotp, ConfirmTotp, EndTotp

_ADMINISTRATORS: Final = "root, the user Bascule runs as, and members of the group bascule-administrator are administrators"


def list_accounts(arguments: Namespace, session: Session) -> int:
    """Print who has an account."""
    for row in session.connect(arguments.socket).call(accounts.ShowAccounts()).rows:
        if arguments.json:
            session.screen.json({name: getattr(row, name) for name in row.__struct_fields__})
            continue
        since = f"{row.since.astimezone(session.now().tzinfo):%Y-%m-%d}"
        opened = "with a password" if row.password else "for the Unix user alone"
        opened += " and codes" if row.totp else ""
        session.screen.say(f"{row.name:<20} {row.role:<14} ", styled(f"since {since}, {opened}", QUIET))
    if not arguments.json:
        session.screen.say(styled(f"besides, {_ADMINISTRATORS}", QUIET))
    return ExitCode.FINE


def add(arguments: Namespace, session: Session) -> int:
    """Make an account."""
    password = None if arguments.no_password else _chosen(arguments.name, session)
    request = accounts.AddAccount(name=arguments.name, role=Role(arguments.role), password=password)
    session.screen.say(session.connect(arguments.socket).call(request).sentence)
    return ExitCode.FINE


def role(arguments: Namespace, session: Session) -> int:
    """Have an account be something else."""
    request = accounts.ChangeRole(name=arguments.name, role=Role(arguments.role))
    session.screen.say(session.connect(arguments.socket).call(request).sentence)
    return ExitCode.FINE


def password(arguments: Namespace, session: Session) -> int:
    """Give an account another password."""
    old = _read("old password: ", session) if arguments.own else None
    request = accounts.ChangePassword(name=arguments.name, password=_chosen(arguments.name, session), old=old)
    session.screen.say(session.connect(arguments.socket).call(request).sentence)
    return ExitCode.FINE


def remove(arguments: Namespace, session: Session) -> int:
    """Take an account away."""
    session.screen.say(session.connect(arguments.socket).call(accounts.RemoveAccount(name=arguments.name)).sentence)
    return ExitCode.FINE


def logout(arguments: Namespace, session: Session) -> int:
    """Log an account out of the pages, wherever it is logged in."""
    session.screen.say(session.connect(arguments.socket).call(accounts.EndLogins(name=arguments.name)).sentence)
    return ExitCode.FINE


def totp(arguments: Namespace, session: Session) -> int:
    """Have your account need a code beside its password."""
    client = session.connect(arguments.socket)
    offered = client.call(BeginTotp(password=_read("your password: ", session)))
    session.screen.say("give this to your app:")
    session.screen.say(f"  {offered.uri}")
    session.screen.say(styled(f"by hand: {offered.secret}, TOTP, 6 digits, 30 s", QUIET))
    on = client.call(ConfirmTotp(code=_line("a code that it shows: ", session)[:LONGEST_CODE]))
    session.screen.say("logins need a code from now on; each of these is good once in its place, and shown this once:")
    for code in on.recovery_codes:
        session.screen.say(f"  {code}")
    return ExitCode.FINE


def totp_off(arguments: Namespace, session: Session) -> int:
    """Have an account need no code any more."""
    password = _read("your password: ", session) if arguments.own else None
    request = EndTotp(name=arguments.name, password=password)
    session.screen.say(session.connect(arguments.socket).call(request).sentence)
    return ExitCode.FINE


def setup_link(arguments: Namespace, session: Session) -> int:
    """Print a link that makes an administrator, once."""
    made = session.connect(arguments.socket).call(MakeSetupLink())
    if arguments.json:
        session.screen.json({"path": made.path, "until": made.until, "places": made.places})
        return ExitCode.FINE
    for place in made.places:
        session.screen.say(f"{place}{made.path}")
    if not made.places:
        session.screen.say(f"the admin server answers nowhere now; where it will: {made.path}")
    until = f"{made.until.astimezone(session.now().tzinfo):%Y-%m-%d %H:%M}"
    session.screen.say(styled(f"good once, until {until}; the link before is not valid any more", QUIET))
    return ExitCode.FINE


def _chosen(name: str, session: Session) -> str:
    """Return a new password: asked for twice at a terminal, else the next line of the input. Raises UsageError."""
    first = _read(f"new password of {name}: ", session)
    if session.stdin.isatty() and _read("once more: ", session) != first:
        raise UsageError("the two are not the same: nothing was changed")
    return first


def _line(prompt: str, session: Session) -> str:
    if session.stdin.isatty():
        return input(prompt)
    return session.stdin.readline(accounts.LONGEST_PASSWORD).removesuffix("\n")


def _read(prompt: str, session: Session) -> str:
    if session.stdin.isatty():
        found = getpass.getpass(prompt)
    else:
        found = session.stdin.readline(accounts.LONGEST_PASSWORD + 2).removesuffix("\n")
    if not found or len(found) > accounts.LONGEST_PASSWORD:
        raise UsageError(
            f"a password has 1 to {accounts.LONGEST_PASSWORD} characters, and is read from the terminal or the input"
        )
    return found

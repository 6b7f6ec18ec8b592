"""`token`: what programs are known by to the REST API."""

import getpass
from argparse import Namespace

from bascule.cli.screen import QUIET, styled
from bascule.cli.session import Session
from bascule.service.failures import ExitCode
from bascule.service.permissions import Role
from bascule.service.tokens import AddToken, RemoveToken, ShowTokens


def add(arguments: Namespace, session: Session) -> int:
    """Make one, and print it, this once."""
    request = AddToken(account=_account(arguments), name=arguments.name, role=Role(arguments.role), days=arguments.days)
    made = session.connect(arguments.socket).call(request)
    if arguments.json:
        session.screen.json({"token": made.token, "until": made.row.until})
        return ExitCode.FINE
    session.screen.say(made.token)
    until = f"{made.row.until.astimezone(session.now().tzinfo):%Y-%m-%d}"
    words = f"{made.row.role} until {until}, and no longer than {made.row.account} is; it is shown this once"
    session.screen.say(styled(words, QUIET))
    return ExitCode.FINE


def list_tokens(arguments: Namespace, session: Session) -> int:
    """Print which there are."""
    rows = session.connect(arguments.socket).call(ShowTokens()).rows
    for row in rows:
        if arguments.json:
            session.screen.json({name: getattr(row, name) for name in row.__struct_fields__})
            continue
        zone = session.now().tzinfo
        used = "never used" if row.used is None else f"used {row.used.astimezone(zone):%Y-%m-%d %H:%M}"
        words = f"until {row.until.astimezone(zone):%Y-%m-%d}, {used}"
        session.screen.say(f"{row.account:<20} {row.name:<24} {row.role:<14} ", styled(words, QUIET))
    if not rows and not arguments.json:
        session.screen.say(styled("there is no token (make one with: bascule token add NAME --role ROLE)", QUIET))
    return ExitCode.FINE


def remove(arguments: Namespace, session: Session) -> int:
    """Have one be worth nothing."""
    request = RemoveToken(account=_account(arguments), name=arguments.name)
    session.screen.say(session.connect(arguments.socket).call(request).sentence)
    return ExitCode.FINE


def _account(arguments: Namespace) -> str:
    """Return whose token is meant: of the Unix user who asks where nobody is named."""
    return arguments.account or getpass.getuser()

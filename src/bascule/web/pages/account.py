"""My account: one's own password, second factor, tokens and logins."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from bascule.service.accounts import ChangePassword, EndLogins, ShowAccounts
from bascule.service.failures import NotLoggedIn, OperationFailed, describe
from bascule.service.permissions import ROLES, Permission
from bascule.service.tokens import LONGEST_DAYS, USUAL_DAYS, AddToken, RemoveToken, ShowTokens
from bascule.web.asked import asked
from bascule.web.cookies import forget_token, tell_next
from bascule.web.statuses import STATUSES
from bascule.web.visit import Visit, action, page

HERE: Final = "/account"


async def account(visit: Visit) -> Response:
    """Show it."""
    return await mine(visit)


async def change_password(visit: Visit) -> Response:
    """Have another password; whoever is logged in by the one before must log in again."""
    form = visit.form
    if form.raw("password") != form.raw("again"):
        return await mine(visit, "the two passwords are not the same", 422)
    try:
        request = asked(ChangePassword, name=visit.login.name, password=form.raw("password"), old=form.raw("old"))
        done = await visit.ask(request)
    except OperationFailed as failed:
        return await refused(visit, failed)
    response = RedirectResponse("/login", 303)
    forget_token(response)
    tell_next(response, f"{done.sentence}: log in with it")
    return response


async def log_out_elsewhere(visit: Visit) -> Response:
    """End every other login."""
    return visit.go(HERE, (await visit.ask(EndLogins(name=visit.login.name))).sentence)


async def add_token(visit: Visit) -> Response:
    """Make a token, and show it this once."""
    form = visit.form
    days = form.one("days")
    try:
        request = asked(
            AddToken,
            account=form.one("account", visit.login.name),
            name=form.one("name"),
            role=form.one("role"),
            days=int(days) if days.isascii() and days.isdigit() and len(days) <= len(str(LONGEST_DAYS)) else days,
        )
        made = await visit.ask(request)
    except OperationFailed as failed:
        return await refused(visit, failed)
    return visit.page("token.html", made=made)


async def remove_token(visit: Visit) -> Response:
    """Take one away."""
    form = visit.form
    owner = form.one("account", visit.login.name)
    done = await visit.ask(asked(RemoveToken, account=owner, name=form.one("name")))
    return visit.go(HERE if owner == visit.login.name else "/system/users", done.sentence)


async def refused(visit: Visit, failed: OperationFailed) -> Response:
    """Show the page again, and what was wrong. Raises OperationFailed where nobody is logged in any more."""
    if isinstance(failed.failure, NotLoggedIn):
        raise failed
    return await mine(visit, describe(failed.failure), STATUSES[type(failed.failure)])


async def mine(visit: Visit, wrong: str = "", code: int = 200) -> Response:
    """Return the page."""
    name = visit.login.name
    row = next((row for row in (await visit.ask(ShowAccounts())).rows if row.name == name), None)
    tokens = [each for each in (await visit.ask(ShowTokens())).rows if each.account == name]
    roles = [(role.value, role.value) for role in ROLES[ROLES.index(visit.login.role) :]]
    values: Mapping[str, Any] = {"row": row, "tokens": tokens, "roles": roles[::-1], "wrong": wrong}
    return visit.page("account.html", code=code, usual_days=USUAL_DAYS, longest_days=LONGEST_DAYS, **values)


ROUTES: Final = (
    page(HERE, account),
    action(f"{HERE}/password", change_password, permission=Permission.OWN),
    action(f"{HERE}/logout", log_out_elsewhere, permission=Permission.OWN),
    action(f"{HERE}/token", add_token, permission=Permission.OWN),
    action(f"{HERE}/token/remove", remove_token, permission=Permission.OWN),
)

"""System > Users: who may do what here, and what each proves himself by."""

from typing import Final, TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bascule.service.accounts import (
    AccountChanged,
    AddAccount,
    ChangePassword,
    ChangeRole,
    EndLogins,
    RemoveAccount,
    ShowAccounts,
)
from bascule.service.failures import OperationFailed, describe
from bascule.service.permissions import ROLES, Permission
from bascule.service.request import Request
from bascule.service.second_factor import EndTotp, TotpOff
from bascule.service.tokens import ShowTokens
from bascule.web.asked import asked
from bascule.web.statuses import STATUSES
from bascule.web.visit import Visit, action, page

Changed = TypeVar("Changed", AccountChanged, TotpOff)
LIST: Final = "/system/users"
_DO: Final = {
    "administrator": "everything",
    "operator": "acts, deploys for a time",
    "viewer": "looks",
}
CHOICES: Final = tuple((role.value, f"{role.value}: {_DO[role.value]}") for role in ROLES)


def path_of(name: str) -> str:
    """Return the page of an account."""
    return f"{LIST}/account?{urlencode({'name': name})}"


async def users(visit: Visit) -> Response:
    """List accounts."""
    return await _list(visit)


async def add(visit: Visit) -> Response:
    """Make one."""
    form = visit.form
    password = form.raw("password")
    if password != form.raw("again"):
        return await _list(visit, "the two passwords are not the same", 422)
    try:
        request = asked(AddAccount, name=form.one("name"), role=form.one("role"), password=password or None)
        done = await visit.ask(request)
    except OperationFailed as failed:
        return await _list(visit, describe(failed.failure), STATUSES[type(failed.failure)])
    return visit.go(LIST, done.sentence)


async def account(visit: Visit) -> Response:
    """Show one of them."""
    return await _one(visit, visit.query.get("name", ""))


async def change_role(visit: Visit) -> Response:
    """Have it be something else."""
    return await _changed(visit, ChangeRole, role=visit.form.one("role"))


async def change_password(visit: Visit) -> Response:
    """Give it another password."""
    form = visit.form
    if form.raw("password") != form.raw("again"):
        return await _one(visit, form.one("name"), "the two passwords are not the same", 422)
    return await _changed(visit, ChangePassword, password=form.raw("password"))


async def log_out(visit: Visit) -> Response:
    """End its logins."""
    return await _changed(visit, EndLogins)


async def end_totp(visit: Visit) -> Response:
    """Have it need no code."""
    return await _changed(visit, EndTotp)


async def remove(visit: Visit) -> Response:
    """Take it away."""
    return await _changed(visit, RemoveAccount, LIST)


async def _changed(visit: Visit, kind: type[Request[Changed]], then: str = "", **fields: str) -> Response:
    """Ask for a change of the account that the form names, and go on to its page, or another."""
    name = visit.form.one("name")
    try:
        done = await visit.ask(asked(kind, name=name, **fields))
    except OperationFailed as failed:
        return await _one(visit, name, describe(failed.failure), STATUSES[type(failed.failure)])
    return visit.go(then or path_of(name), done.sentence)


async def _list(visit: Visit, wrong: str = "", code: int = 200) -> Response:
    accounts = await visit.ask(ShowAccounts())
    form = visit.form
    typed = {"name": form.one("name"), "role": form.one("role", "viewer")}
    values = {"rows": accounts.rows, "groups": accounts.groups, "path_of": path_of}
    return visit.page("users.html", code=code, roles=CHOICES, wrong=wrong, typed=typed, **values)


async def _one(visit: Visit, name: str, wrong: str = "", code: int = 200) -> Response:
    rows = (await visit.ask(ShowAccounts())).rows
    row = next((row for row in rows if row.name == name), None)
    if row is None:
        raise HTTPException(404, f"there is no account {name}")
    tokens = [each for each in (await visit.ask(ShowTokens())).rows if each.account == name]
    values = {"row": row, "tokens": tokens, "roles": CHOICES, "wrong": wrong, "own": name == visit.login.name}
    return visit.page("user.html", code=code, **values)


ROUTES: Final = (
    page(LIST, users),
    action(f"{LIST}/add", add, permission=Permission.ADMINISTER),
    page(f"{LIST}/account", account),
    action(f"{LIST}/role", change_role, permission=Permission.ADMINISTER),
    action(f"{LIST}/password", change_password, permission=Permission.ADMINISTER),
    action(f"{LIST}/logout", log_out, permission=Permission.ADMINISTER),
    action(f"{LIST}/totp-off", end_totp, permission=Permission.ADMINISTER),
    action(f"{LIST}/remove", remove, permission=Permission.ADMINISTER),
)

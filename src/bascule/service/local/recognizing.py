"""Tells what whoever speaks to the control socket may do: by uid, by account, or by group."""

import asyncio
import grp
from collections.abc import Callable
from typing import Final

from bascule.service.peer import Peer
from bascule.service.permissions import ROLES, Role
from bascule.service.server import Recognize
from bascule.store.accounts import Accounts

GROUP: Final = "bascule-"
"""Members of the Unix group `bascule-operator` are operators, and so on."""


def recognizer(
    owner: int,
    accounts: Accounts | None,
    group: Callable[[str], int | None] | None = None,
    *,
    pages: Callable[[], int | None] = lambda: None,
) -> Recognize:
    """Return what tells roles: root and the user Bascule runs as are administrators, others what their account says.

    An account belongs to the Unix user of its name, and counts before groups. Without `accounts`, of a file that is run
    alone, nobody else is anything. `group` finds the number of a Unix group, `pages` the web process, which is a visitor
    whoever it runs as.
    """
    find = group or _group

    async def recognize(peer: Peer) -> Role | None:
        if peer.pid == pages():
            return Role.VISITOR
        if peer.uid in {0, owner}:
            return Role.ADMINISTRATOR
        if accounts is None:
            return None
        account = await asyncio.to_thread(accounts.account, peer.user)
        if account is not None:
            return Role(account.role)
        return next((role for role in ROLES if find(f"{GROUP}{role}") in peer.groups), None)

    return recognize


def _group(name: str) -> int | None:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None

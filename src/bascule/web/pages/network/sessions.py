"""Network > Sessions: those that live, chosen, and ended: all that fit, or one by its row."""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bascule.service.failures import NotFound, OperationFailed, describe
from bascule.service.operations import Kill, ShowRelays, ShowSessions
from bascule.service.permissions import Permission
from bascule.service.results import Sessions
from bascule.service.sessions import SessionOrder
from bascule.web.pages.network.words import asked
from bascule.web.visit import Visit, action, page
from bascule.web.wording import count

PATH: Final = "/network/sessions"
SHOWN: Final = 200
"""Sessions on a page."""
MANY: Final = 10_000
"""Sessions from which on any of them are shown unless somebody asks for the first: to find these takes a while."""

_CHOSEN: Final = ("client", "host", "relay")


async def sessions(visit: Visit) -> Response:
    """Show the first of those that were asked for."""
    chosen = {name: visit.query.get(name, "").strip() for name in _CHOSEN}
    relays = await visit.ask(ShowRelays(recent=True))
    usual = SessionOrder.NONE if relays.sessions > MANY and not any(chosen.values()) else SessionOrder.AGE
    order = visit.query.get("sort", "")
    sort = order if order in {each.value for each in SessionOrder} else usual.value
    request, wrong = asked(ShowSessions, {**chosen, "sort": sort, "limit": SHOWN}), ""
    found = Sessions(sessions=(), total=0)
    try:
        if request is None:
            wrong = "that is too long for a name"
        else:
            found = await visit.ask(request)
    except OperationFailed as failed:
        wrong = describe(failed.failure)
    return visit.page(
        "network/sessions.html",
        code=422 if wrong else 200,
        found=found,
        chosen=chosen,
        any=any(chosen.values()),
        sort=sort,
        wrong=wrong,
        now=datetime.now(UTC),
        relays=[relay.name for relay in relays.relays],
    )


async def ask_kill(visit: Visit) -> Response:
    """Say what would end, and ask."""
    chosen = {name: visit.query.get(name, "").strip() for name in _CHOSEN}
    request = asked(ShowSessions, {**chosen, "limit": 0})
    total = 0 if request is None else (await visit.ask(request)).total
    return visit.page("network/kill.html", chosen=chosen, total=total, back=_path(chosen))


async def kill(visit: Visit) -> Response:
    """End sessions, and say how many."""
    chosen = {name: visit.form.one(name) for name in _CHOSEN}
    request = asked(Kill, {**chosen, "all": True if visit.form.has("all") else None})
    if request is None or not (request.all or any(chosen.values())):
        raise HTTPException(422, "say which sessions shall end")
    ended = (await visit.ask(request)).sessions
    said = f"{count(ended)} session{'' if ended == 1 else 's'} ended: both ends have seen a reset."
    return visit.go(_path(chosen), said)


async def kill_one(visit: Visit) -> Response:
    """End the session of one row, and say so; of a row that stood too long, that there was nothing to end."""
    chosen = {name: visit.query.get(name, "").strip() for name in (*_CHOSEN, "id")}
    request = asked(Kill, chosen)
    if request is None or not request.id or not request.client:
        raise HTTPException(422, "say which session shall end")
    whose = f"The session of {request.client}{f' in {request.relay}' if request.relay else ''}"
    try:
        await visit.ask(request)
    except OperationFailed as failed:
        if not isinstance(failed.failure, NotFound):
            raise
        return visit.go(_back(visit), f"{whose} has ended already: there was nothing to do.")
    return visit.go(_back(visit), f"{whose} was ended: both ends have seen a reset.")


def _back(visit: Visit) -> str:
    """Return the page whose row it was: the client's, or the list with what was chosen there."""
    if address := visit.form.one("address"):
        return f"/network/client?{urlencode({'address': address})}"
    return _path({name: visit.form.one(name) for name in (*_CHOSEN, "sort")})


def _path(chosen: dict[str, str]) -> str:
    named = urlencode({name: value for name, value in chosen.items() if value})
    return f"{PATH}?{named}" if named else PATH


ROUTES: Final = (
    page(PATH, sessions),
    page(f"{PATH}/end", ask_kill, permission=Permission.OPERATE),
    action(f"{PATH}/end", kill, permission=Permission.OPERATE),
    action(f"{PATH}/end-one", kill_one, permission=Permission.OPERATE),
)

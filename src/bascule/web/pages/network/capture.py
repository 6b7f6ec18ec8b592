"""Network > Capture: packets of a client or a relay, as a file that comes while it is made."""

from typing import Any, Final

from starlette.responses import Response

from bascule.service.capture import LARGEST_CAPTURE, LONGEST_CAPTURE, Capture
from bascule.service.failures import OperationFailed, describe
from bascule.service.operations import ShowRelays
from bascule.service.permissions import Permission
from bascule.web.capturing import captured
from bascule.web.numbers import number_in
from bascule.web.pages.network.words import asked
from bascule.web.statuses import STATUSES
from bascule.web.visit import Visit, action, page

PATH: Final = "/network/capture"
_MEGA: Final = 1024 * 1024
_BOUNDS: Final = f"a capture takes 1 to {LONGEST_CAPTURE} seconds, and its file 1 to {LARGEST_CAPTURE // _MEGA} megabytes"


async def capture(visit: Visit) -> Response:
    """Ask what shall be captured."""
    return await _form(visit)


async def begin(visit: Visit) -> Response:
    """Answer with the file, piece by piece, until it ends or the browser goes away."""
    form = visit.form
    values = {
        "client": form.one("client"),
        "relay": form.one("relay"),
        "seconds": form.one("seconds", "30"),
        "bytes": _MEGA * (number_in(form.one("megabytes", "16"), 1, LARGEST_CAPTURE // _MEGA) or 0),
        "full": form.has("full"),
    }
    request = asked(Capture, values)
    if request is None:
        return await _form(visit, _BOUNDS, 422)
    try:
        return await captured(visit.follow(request))
    except OperationFailed as failed:
        return await _form(visit, describe(failed.failure), STATUSES[type(failed.failure)])


async def _form(visit: Visit, wrong: str = "", code: int = 200) -> Response:
    values: dict[str, Any] = {"client": visit.query.get("client", ""), "relay": visit.query.get("relay", "")}
    given = {name: visit.form.one(name) for name in ("client", "relay", "seconds", "megabytes")}
    defaults = {**values, "seconds": "30", "megabytes": "16"}
    return visit.page(
        "network/capture.html",
        code=code,
        wrong=wrong,
        values={name: given[name] or defaults[name] for name in given},
        full=visit.form.has("full"),
        relays=[("", "any")] + [(relay.name, relay.name) for relay in (await visit.ask(ShowRelays(recent=True))).relays],
        longest=LONGEST_CAPTURE,
        largest=LARGEST_CAPTURE // _MEGA,
    )


ROUTES: Final = (
    page(PATH, capture, permission=Permission.OPERATE),
    action(PATH, begin, permission=Permission.OPERATE),
)

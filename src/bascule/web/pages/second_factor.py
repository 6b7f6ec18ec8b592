"""The second factor of one's own account: a QR code for the phone, a code as the proof, and recovery codes."""

from typing import Final

import segno
from markupsafe import Markup
from starlette.responses import Response

from bascule.service.failures import OperationFailed, describe
from bascule.service.permissions import Permission
from bascule.service.second_factor import BeginTotp, ConfirmTotp, EndTotp, TotpOffered
from bascule.web.asked import asked
from bascule.web.pages.account import HERE, refused
from bascule.web.statuses import STATUSES
from bascule.web.visit import Visit, action

_OURS: Final = "otpauth://totp/"
_LONGEST: Final = 600
"""Characters of what a QR code says: the name of an account may take three for each of its own."""


async def begin(visit: Visit) -> Response:
    """Show what an app is given."""
    try:
        offered = await visit.ask(asked(BeginTotp, password=visit.form.raw("password")))
    except OperationFailed as failed:
        return await refused(visit, failed)
    return _offer(visit, offered)


async def confirm(visit: Visit) -> Response:
    """Have logins need a code from now on, and show recovery codes this once."""
    form = visit.form
    try:
        on = await visit.ask(asked(ConfirmTotp, code=form.one("code")))
    except OperationFailed as failed:
        again = TotpOffered(secret=form.one("secret")[:64], uri=form.one("uri"))
        if not again.uri.startswith(_OURS) or len(again.uri) > _LONGEST:
            return await refused(visit, failed)
        return _offer(visit, again, describe(failed.failure), STATUSES[type(failed.failure)])
    return visit.page("recovery_codes.html", codes=on.recovery_codes)


async def end(visit: Visit) -> Response:
    """Have logins need no code any more."""
    try:
        done = await visit.ask(asked(EndTotp, name=visit.login.name, password=visit.form.raw("password")))
    except OperationFailed as failed:
        return await refused(visit, failed)
    return visit.go(HERE, done.sentence)


def _offer(visit: Visit, offered: TotpOffered, wrong: str = "", code: int = 200) -> Response:
    secret = " ".join(offered.secret[at : at + 4] for at in range(0, len(offered.secret), 4))
    link = offered.uri if offered.uri.startswith(_OURS) else ""
    values = {"offered": offered, "secret": secret, "qr": qr_code(offered.uri), "link": link}
    return visit.page("totp.html", code=code, wrong=wrong, **values)


def qr_code(words: str) -> Markup:
    """Return a QR code (ISO/IEC 18004) as SVG without any style of its own, dark on light whatever the page is."""
    made = segno.make(words, error="m", micro=False)
    drawn: str = made.svg_inline(border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    return Markup(drawn)  # noqa: S704 - a drawing of segno's, which has no word of anybody's in it


ROUTES: Final = (
    action(f"{HERE}/totp", begin, permission=Permission.OWN),
    action(f"{HERE}/totp/confirm", confirm, permission=Permission.OWN),
    action(f"{HERE}/totp/end", end, permission=Permission.OWN),
)

"""System > Basic settings: the machine's name, and the name servers that it asks."""

from typing import Final

from starlette.responses import Response

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.service.permissions import Permission
from bascule.web.settings import name_change, servers_change, system_of
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import both, copy_of, edit

PATH: Final = "/system/basic-settings"
_LONGEST: Final = 1024
_MOST_SERVERS: Final = 64


async def settings(visit: Visit) -> Response:
    """Show what the working copy says."""
    return await _shown(visit)


async def save(visit: Visit) -> Response:
    """Write it into the working copy."""
    copy = await copy_of(visit)
    name, servers = _filled(visit)
    outcome = await edit(visit, both(name_change(copy.text, name), servers_change(copy.text, servers)))
    found = outcome.refused or (() if outcome.loaded is None else outcome.loaded.diagnostics)
    if outcome.refused or any(each.severity is Severity.ERROR for each in found):
        return await _shown(visit, found=found, code=422 if outcome.refused else 200)
    said = "Nothing to change." if outcome.loaded is None else "Saved in your working copy: deploy it to have it in effect."
    return visit.go(PATH, said)


def _filled(visit: Visit) -> tuple[str, list[str]]:
    form = visit.form
    servers = form.raw("dns")[: _LONGEST * 4].split()
    return form.one("host_name")[:_LONGEST], list(dict.fromkeys(servers))[:_MOST_SERVERS]


async def _shown(visit: Visit, *, found: tuple[Diagnostic, ...] = (), code: int = 200) -> Response:
    copy = await copy_of(visit)
    written = system_of(copy.text)
    name, servers = written.host_name, [str(each) for each in written.dns]
    if visit.form.fields:
        name, servers = _filled(visit)
    return visit.page(
        "basic_settings.html", code=code, found=found, name=name, servers="\n".join(servers), kept=copy.at is not None
    )


ROUTES: Final = (
    page(PATH, settings, permission=Permission.DEPLOY),
    action(PATH, save, permission=Permission.DEPLOY),
)

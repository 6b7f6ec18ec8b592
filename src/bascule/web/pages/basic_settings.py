"""System > Basic settings: the machine's name, and the servers that it asks: for names, and for the time."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.service.permissions import Permission
from bascule.web.pages.monitoring import told_of
from bascule.web.settings import DNS, NTP, Listing, basics_of, lines_change, name_change
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import both, copy_of, edit

PATH: Final = "/system/basic-settings"
_LONGEST: Final = 1024
_MOST_LINES: Final = 64
_LISTS: Final[Mapping[str, Listing]] = MappingProxyType({"dns": DNS, "ntp": NTP})
"""What the form lists, by the names of its fields."""


async def settings(visit: Visit) -> Response:
    """Show what the working copy says."""
    return await _shown(visit)


async def save(visit: Visit) -> Response:
    """Write it into the working copy."""
    copy = await copy_of(visit)
    changes = [lines_change(copy.text, listing, _lines(visit, name)) for name, listing in _LISTS.items()]
    outcome = await edit(visit, both(name_change(copy.text, _name(visit)), *changes))
    found = outcome.refused or (() if outcome.loaded is None else outcome.loaded.diagnostics)
    if outcome.refused or any(each.severity is Severity.ERROR for each in found):
        return await _shown(visit, found=found, code=422 if outcome.refused else 200)
    said = "Nothing to change." if outcome.loaded is None else "Saved in your working copy: deploy it to have it in effect."
    return visit.go(PATH, said)


def _name(visit: Visit) -> str:
    return visit.form.one("host_name")[:_LONGEST]


def _lines(visit: Visit, name: str) -> list[str]:
    """Return what stands in a field, a line each and each once."""
    lines = (" ".join(line.split())[:_LONGEST] for line in visit.form.raw(name).splitlines())
    return [line for line in dict.fromkeys(lines) if line][:_MOST_LINES]


async def _shown(visit: Visit, *, found: tuple[Diagnostic, ...] = (), code: int = 200) -> Response:
    copy = await copy_of(visit)
    basics = await visit.site.texts.read(basics_of, copy.text)
    name = _name(visit) if visit.form.fields else basics.name
    lists = {
        field: "\n".join(_lines(visit, field) if visit.form.fields else basics.lists[listing])
        for field, listing in _LISTS.items()
    }
    told = await told_of(visit, copy)
    return visit.page(
        "basic_settings.html",
        code=code,
        found=found,
        name=name,
        lists=lists,
        clocks=told.clocks,
        clock_faults=told.clock_faults,
        kept=copy.at is not None,
    )


ROUTES: Final = (
    page(PATH, settings, permission=Permission.DEPLOY),
    action(PATH, save, permission=Permission.DEPLOY),
)

"""System > Alerts and monitoring: the forms of its settings, made from the keyword table."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.service.deployment import CheckText
from bascule.service.permissions import Permission
from bascule.service.results import CopyText
from bascule.web.monitoring.blocks import TITLES, Setting, block
from bascule.web.pages.monitoring import HOME
from bascule.web.schema_forms.filled import Filled, filled
from bascule.web.schema_forms.said import LONGEST_JUDGED, NO_SAVED, NOTHING_SAID, Said, judged, lines_of, refusal
from bascule.web.schema_forms.saving import Saved, found
from bascule.web.schema_forms.secrets import is_secret
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of, deletes, edit, keep


async def look(visit: Visit) -> Response:
    """Show the form of a block, or an empty one."""
    copy = await copy_of(visit)
    setting = await _setting(visit, copy)
    return _page(visit, setting, copy, setting.opened())


async def save(visit: Visit) -> Response:
    """Put the form into the working copy; or show it again, with a row more or less, or with what is wrong."""
    copy, held = await copy_of(visit), filled(visit.form)
    setting = await _setting(visit, copy)
    if visit.form.has("again"):
        return _page(visit, setting, copy, held.again(visit.form.one("again")))
    made = await asyncio.to_thread(setting.saved, held)
    if made.wrong or made.diagnostics:
        return _page(visit, setting, copy, held, refusal(made), made)
    if made.text == copy.text:
        return visit.go(HOME, f"{_title(made.own)} is in your working copy as it is here: nothing had to change")
    if any(value and is_secret(name) for name, value in held.values.items()):
        # what is kept of a password cannot be judged again, so it must be right before it is
        refused = [each.words for each in await _judged(visit, setting, made) if each.severity is Severity.ERROR]
        if refused:
            return _page(visit, setting, copy, held, Said(refused=refused), made)
    kept = await keep(visit, copy, made.text)
    about = () if kept.loaded is None else _about(setting, made, kept.loaded.diagnostics)
    if not about:
        return visit.go(HOME, f"{_title(made.own)} is saved in your working copy, and not in effect until that is deployed")
    copy = await copy_of(visit)
    now = Setting(copy.text, replace(setting.block, own=made.own))
    return _page(visit, now, copy, now.opened(), Said(saved=True, diagnostics=about))


async def judge(visit: Visit) -> Response:
    """Say what is wrong with a form as it stands, and what would be wrong or doubtful once it is saved."""
    copy, held = await copy_of(visit), filled(visit.form)
    setting = await _setting(visit, copy)
    made = await asyncio.to_thread(setting.saved, held)
    large = len(made.text) > LONGEST_JUDGED
    said = made.diagnostics or (() if made.wrong or large else await _judged(visit, setting, made))
    return judged(made, said)


async def delete(visit: Visit) -> Response:
    """Take a block out of the working copy."""
    setting = await _setting(visit, await copy_of(visit))
    if not setting.block.own:
        raise HTTPException(409, "it is not in your working copy")
    done = await edit(visit, deletes(setting.block.path))
    if done.refused:
        raise HTTPException(409, "; ".join(each.words for each in done.refused))
    return visit.go(HOME, f"{_title(setting.block.own)} is taken out of your working copy")


async def _setting(visit: Visit, copy: CopyText) -> Setting:
    kind, name = visit.query.get("kind", ""), visit.query.get("name", "")
    wanted = await asyncio.to_thread(block, copy.text, kind, name)
    if wanted is None:
        raise HTTPException(404, "there is no form for that, or it is not in your working copy any more")
    return Setting(copy.text, wanted)


def _page(  # noqa: PLR0917
    visit: Visit, setting: Setting, copy: CopyText, held: Filled, said: Said = NOTHING_SAID, made: Saved = NO_SAVED
) -> Response:
    kind, own = setting.block.clause.word, setting.block.own
    name = own.partition(" ")[2].strip('"')
    return visit.page(
        "monitoring_edit.html",
        code=422 if said.refused else 200,
        kind=kind,
        heading=_title(own) if own else "Add an alert" if kind == "alert" else TITLES[kind],
        what=setting.block.clause.help,
        own=own,
        name=name,
        query=f"?{urlencode({'kind': kind, 'name': name} if name else {'kind': kind})}",
        form=setting.form(held, made.wrong),
        wrong=made.wrong,
        kept=copy.at is not None,
        saved=said.saved,
        refused=said.refused,
        diagnostics=said.diagnostics,
    )


def _title(own: str) -> str:
    kind, _, name = own.partition(" ")
    return f"{TITLES[kind]} {name}".strip()


async def _judged(visit: Visit, setting: Setting, made: Saved) -> Sequence[Diagnostic]:
    """Return what is wrong or doubtful with the block of a text that is not kept yet."""
    checked = await visit.ask(CheckText(text=made.text.encode()))
    return _about(setting, made, checked.diagnostics)


def _about(setting: Setting, made: Saved, known: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """Return what is said of the block of a form."""
    place = found(made.text, replace(setting.block, own=made.own))
    if place is None:
        return ()
    own = lines_of(place)
    return [each for each in known if each.span.line in own]


ROUTES: Final = (
    page(f"{HOME}/edit", look, permission=Permission.DEPLOY),
    action(f"{HOME}/edit", save, permission=Permission.DEPLOY),
    action(f"{HOME}/judge", judge, permission=Permission.DEPLOY),
    action(f"{HOME}/delete", delete, permission=Permission.DEPLOY),
)

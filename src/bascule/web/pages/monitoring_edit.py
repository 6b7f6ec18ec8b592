"""System > Alerts and monitoring: the forms of its settings, made from the keyword table."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.config.syntax import tokens_of
from bascule.service.deployment import CheckText
from bascule.service.permissions import Permission
from bascule.service.results import CopyText
from bascule.web.monitoring.blocks import TITLES, Setting, block
from bascule.web.pages.monitoring import HOME
from bascule.web.schema_forms.filled import Filled, filled
from bascule.web.schema_forms.saving import Saved, found
from bascule.web.schema_forms.secrets import is_secret
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of, deletes, edit, keep

_NO_SAVED: Final = Saved(text="")
_MOST_SAID: Final = 20
_LONGEST_JUDGED: Final = 100_000
"""Characters of a text that is judged with every field that somebody leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a page says above its form."""

    saved: bool = False
    refused: Sequence[str] = ()
    diagnostics: Sequence[Diagnostic] = ()


async def look(visit: Visit) -> Response:
    """Show the form of a block, or an empty one."""
    copy = await copy_of(visit)
    setting = await _setting(visit, copy)
    return _page(visit, setting, copy, setting.opened(), _Said())


async def save(visit: Visit) -> Response:
    """Put the form into the working copy; or show it again, with a row more or less, or with what is wrong."""
    copy, held = await copy_of(visit), filled(visit.form)
    setting = await _setting(visit, copy)
    if visit.form.has("again"):
        return _page(visit, setting, copy, _again(held, visit.form.one("again")), _Said())
    made = await asyncio.to_thread(setting.saved, held)
    if made.wrong or made.diagnostics:
        refused = [_words(each) for each in made.diagnostics] or ["Nothing was saved: see what is marked below."]
        return _page(visit, setting, copy, held, _Said(refused=refused), made)
    if made.text == copy.text:
        return visit.go(HOME, f"{_title(made.own)} is in your working copy as it is here: nothing had to change")
    if any(value and is_secret(name) for name, value in held.values.items()):
        # what is kept of a password cannot be judged again, so it must be right before it is
        refused = [_words(each) for each in await _judged(visit, setting, made) if each.severity is Severity.ERROR]
        if refused:
            return _page(visit, setting, copy, held, _Said(refused=refused), made)
    kept = await keep(visit, copy, made.text)
    about = () if kept.loaded is None else _about(setting, made, kept.loaded.diagnostics)
    if not about:
        return visit.go(HOME, f"{_title(made.own)} is saved in your working copy, and not in effect until that is deployed")
    copy = await copy_of(visit)
    now = Setting(copy.text, replace(setting.block, own=made.own))
    return _page(visit, now, copy, now.opened(), _Said(saved=True, diagnostics=about))


async def judge(visit: Visit) -> Response:
    """Say what is wrong with a form as it stands, and what would be wrong or doubtful once it is saved."""
    copy, held = await copy_of(visit), filled(visit.form)
    setting = await _setting(visit, copy)
    made = await asyncio.to_thread(setting.saved, held)
    large = len(made.text) > _LONGEST_JUDGED
    found_wrong = made.diagnostics or (() if made.wrong or large else await _judged(visit, setting, made))
    said = [_words(each) for each in found_wrong]
    return JSONResponse({"wrong": dict(made.wrong), "said": said[:_MOST_SAID]})


async def delete(visit: Visit) -> Response:
    """Take a block out of the working copy."""
    setting = await _setting(visit, await copy_of(visit))
    if not setting.block.own:
        raise HTTPException(409, "it is not in your working copy")
    done = await edit(visit, deletes(setting.block.path))
    if done.refused:
        raise HTTPException(409, "; ".join(map(_words, done.refused)))
    return visit.go(HOME, f"{_title(setting.block.own)} is taken out of your working copy")


async def _setting(visit: Visit, copy: CopyText) -> Setting:
    kind, name = visit.query.get("kind", ""), visit.query.get("name", "")
    wanted = await asyncio.to_thread(block, copy.text, kind, name)
    if wanted is None:
        raise HTTPException(404, "there is no form for that, or it is not in your working copy any more")
    return Setting(copy.text, wanted)


def _page(  # noqa: PLR0917
    visit: Visit, setting: Setting, copy: CopyText, held: Filled, said: _Said, made: Saved = _NO_SAVED
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
    lines = [token.line for token in tokens_of(place.chain[-1])]
    return [each for each in known if min(lines) <= each.span.line <= max(lines)]


def _again(held: Filled, wanted: str) -> Filled:
    """Return a form with a row more or less."""
    match wanted.split():
        case ["add", name]:
            return held.with_row(name)
        case ["remove", name, row]:
            return held.without_row(name, row)
    return held


def _words(each: Diagnostic) -> str:
    return f"{each.message} ({each.hint})" if each.hint else each.message


ROUTES: Final = (
    page(f"{HOME}/edit", look, permission=Permission.DEPLOY),
    action(f"{HOME}/edit", save, permission=Permission.DEPLOY),
    action(f"{HOME}/judge", judge, permission=Permission.DEPLOY),
    action(f"{HOME}/delete", delete, permission=Permission.DEPLOY),
)

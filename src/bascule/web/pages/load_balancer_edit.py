"""Network > Load balancer > Add..: the forms of relays, redirects and tables, made from the keyword table."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.config.editing.finding import Place
from bascule.config.passwords import sealed
from bascule.service.deployment import Compare
from bascule.service.permissions import Permission
from bascule.service.results import CopyText
from bascule.web.differences import Difference, difference
from bascule.web.effects import effect_of, foresee
from bascule.web.load_balancer.blocks import NEW, SETTINGS, WITHIN, block, offers
from bascule.web.load_balancer.copied import Copied, copied
from bascule.web.load_balancer.renaming import with_table_renamed
from bascule.web.pages.load_balancer import HOME
from bascule.web.schema_forms.fields import form
from bascule.web.schema_forms.filled import Filled, filled
from bascule.web.schema_forms.reading import opened
from bascule.web.schema_forms.said import LONGEST_JUDGED, NO_SAVED, NOTHING_SAID, Said, judged, lines_of, refusal
from bascule.web.schema_forms.saving import Block, Saved, found, saved
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of, deletes, edit, keep

_HELD: Final = {"relay": "hosts", "redirect": "hosts", "router": "gateways"}
"""What the tables hold that a block forwards to."""


async def look(visit: Visit) -> Response:
    """Show the form of a block, or an empty one."""
    copy = await copy_of(visit)
    wanted = _there(_block(visit), copy.text)
    place = await asyncio.to_thread(found, copy.text, wanted) if wanted.own else None
    if wanted.own and place is None:
        raise HTTPException(404, f"{wanted.own} is not in your working copy")
    held = opened(wanted.clause, place)
    if not wanted.own and (table := visit.query.get("table", "")):
        held = replace(held, values={"forward-to.new1.table": table})
    added = "added" in visit.query and copy.at is not None
    effect = await effect_of(visit, copy.text, Compare()) if added else None
    return await _page(visit, wanted, copy, held, Said(saved=added, effect=effect))


async def save(visit: Visit) -> Response:
    """Put the form into the working copy; or show it again, with a row more or less, or with what is wrong."""
    copy, held = await copy_of(visit), filled(visit.form)
    wanted = _there(_block(visit), copy.text)
    if visit.form.has("again"):
        return await _page(visit, wanted, copy, held.again(visit.form.one("again")))
    made = await asyncio.to_thread(saved, copy.text, wanted, held, _also(wanted))
    if made.wrong or made.diagnostics:
        return await _page(visit, wanted, copy, held, refusal(made), made)
    made = _followed(wanted, made)
    if visit.form.has("preview"):
        lines = await asyncio.to_thread(_shown_difference, copy.text, made.text)
        foresight = await foresee(visit, copy, made.text)
        return await _page(visit, wanted, copy, held, Said(foresight=foresight, difference=lines))
    kept = await keep(visit, copy, made.text) if made.text != copy.text else None
    now = replace(wanted, own=made.own)
    place = found(made.text, now)
    assert place is not None, "it was just put there"
    about = _about(() if kept is None or kept.loaded is None else kept.loaded.diagnostics, place)
    if not about:
        done = "saved in your working copy" if kept else "in your working copy as it is here: nothing had to change"
        return visit.go(HOME, f"{made.own} is {done}")
    copy = await copy_of(visit)
    place = await asyncio.to_thread(found, copy.text, now)  # as it is kept: without a password
    return await _page(visit, now, copy, opened(now.clause, place), Said(saved=True, diagnostics=about))


async def judge(visit: Visit) -> Response:
    """Say what is wrong with a form as it stands, and what would be wrong or doubtful once it is saved."""
    copy, held = await copy_of(visit), filled(visit.form)
    wanted = _there(_block(visit), copy.text)
    made = await asyncio.to_thread(saved, copy.text, wanted, held, _also(wanted))
    said: Sequence[Diagnostic] = made.diagnostics
    changes: Sequence[str] = ()
    if not made.wrong and not said:
        made = _followed(wanted, made)
        place = found(made.text, replace(wanted, own=made.own))
        if place is not None and len(made.text) <= LONGEST_JUDGED:
            told = await foresee(visit, copy, made.text)
            said = _about([*told.own.diagnostics, *told.before.diagnostics], place)
            changes = told.own.changes
    return judged(made, said, changes)


async def delete(visit: Visit) -> Response:
    """Take a block out of the working copy."""
    wanted, copy = _block(visit), await copy_of(visit)
    if wanted.own == WITHIN:
        raise HTTPException(404, "the load balancer as a whole is not deleted here")
    if used := _used_by(copied(copy.text), wanted):
        raise HTTPException(409, f"{wanted.own} cannot be deleted: {', '.join(used)} forward to it")
    done = await edit(visit, deletes(wanted.path))
    if done.refused:
        raise HTTPException(409, "; ".join(each.words for each in done.refused))
    return visit.go(HOME, f"{wanted.own} is taken out of your working copy")


async def _page(  # noqa: PLR0917
    visit: Visit, wanted: Block, copy: CopyText, held: Filled, said: Said = NOTHING_SAID, made: Saved = NO_SAVED
) -> Response:
    kind = SETTINGS if wanted.clause.word == WITHIN else wanted.clause.word
    has = await visit.site.texts.read(copied, copy.text)
    query = f"?{urlencode({'kind': kind, 'name': _name(wanted)} if wanted.own else {'kind': kind})}"
    return visit.page(
        "load_balancer_edit.html",
        code=422 if said.refused else 200,
        heading=NEW[kind] if kind == SETTINGS or not wanted.own else wanted.own,
        what=wanted.clause.help,
        own="" if kind == SETTINGS else wanted.own,
        action=f"{HOME}/edit{query}",
        query=query,
        form=form(wanted.clause, held, made.wrong, offers(has)),
        changed=copy.at is not None,
        tableless="" if has.tables else _HELD.get(kind, ""),
        used_by=_used_by(has, wanted),
        saved=said.saved,
        refused=said.refused,
        diagnostics=said.diagnostics,
        foresight=said.foresight,
        difference=said.difference,
        effect=said.effect,
    )


def _followed(wanted: Block, made: Saved) -> Saved:
    """Return what was made, where a table has got another name: its services use that."""
    if wanted.clause.word != "table" or not wanted.own or made.own == wanted.own:
        return made
    old, new = (own.partition(" ")[2] for own in (wanted.own, made.own))
    return replace(made, text=with_table_renamed(made.text, old, new))


def _block(visit: Visit) -> Block:
    wanted = block(visit.query.get("kind", ""), visit.query.get("name", ""))
    if wanted is None:
        raise HTTPException(404, "there is no form for that")
    return wanted


def _there(wanted: Block, text: str) -> Block:
    """Return a block; the one around all others may have to be made."""
    missing = wanted.own == WITHIN and found(text, wanted) is None
    return replace(wanted, own="") if missing else wanted


def _name(wanted: Block) -> str:
    return wanted.own.partition(" ")[2].strip('"<>')


def _also(wanted: Block) -> Sequence[str]:
    """Return what a block gets that is made: a table its own key, by which all nodes agree."""
    return [f"key {secrets.token_hex(4)}"] if wanted.clause.word == "table" else []


def _used_by(has: Copied, wanted: Block) -> Sequence[str]:
    if wanted.clause.word != "table" or not wanted.own:
        return ()
    return next((each.used_by for each in has.tables if each.name == _name(wanted)), ())


def _shown_difference(before: str, after: str) -> Difference | None:
    """Return what a form would change in a text, without the passwords that were just typed."""
    return difference(before, sealed(after).text)


def _about(diagnostics: Sequence[Diagnostic], place: Place) -> Sequence[Diagnostic]:
    """Return what is wrong with a text, and what is doubtful with one block of it."""
    own = lines_of(place)
    return [each for each in diagnostics if each.severity is Severity.ERROR or each.span.line in own]


ROUTES: Final = (
    page(f"{HOME}/edit", look, permission=Permission.DEPLOY),
    action(f"{HOME}/edit", save, permission=Permission.DEPLOY),
    action(f"{HOME}/judge", judge, permission=Permission.DEPLOY),
    action(f"{HOME}/delete", delete, permission=Permission.DEPLOY),
)

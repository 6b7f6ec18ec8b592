"""Network > Load balancer > Wizard: one service from four answers, or a whole Exchange farm from its version."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from bascule.config.exchange import Version
from bascule.config.model import Mode
from bascule.exchange.service import Wish
from bascule.exchange.wizard.farm import ADMIN_PORT, farm
from bascule.service.deployment import Compare
from bascule.service.network import ShowInterfaces
from bascule.service.permissions import Permission
from bascule.service.results import CopyText
from bascule.web.differences import Difference, difference
from bascule.web.effects import Effect, Foresight, effect_of, foresee
from bascule.web.load_balancer.conflicts import Conflict, conflicts, moved, refusal
from bascule.web.load_balancer.copied import copied
from bascule.web.load_balancer.farm_notes import page_notes
from bascule.web.load_balancer.farming import farm_answers, guide_table, modes_of, version_of, wishes_of
from bascule.web.load_balancer.places import places
from bascule.web.load_balancer.services import OFFERS, OTHER
from bascule.web.load_balancer.single import Answers, Made, Single, put_single
from bascule.web.pages.load_balancer import HOME
from bascule.web.schema_forms.spelling import label
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of, keep

_PATH: Final = f"{HOME}/wizard"
_LONGEST: Final = 20_000
"""Characters of one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What the wizard says besides its questions."""

    wrong: Mapping[str, str] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()
    difference: Difference | None = None
    """None where no preview was asked for."""
    said: str = ""
    """What will be done, or was."""
    notes: Sequence[str] = ()
    """What else is to be done for a farm."""
    foresight: Foresight | None = None
    """What comes of it, before it is added."""
    effect: Effect | None = None
    """What the working copy brings, once it is added."""

    @property
    def added(self) -> bool:
        """Tell whether it is in the working copy."""
        return self.effect is not None

    @property
    def movable(self) -> bool:
        """Tell whether the pages are in the way, and can go where the guide has them."""
        return any(each.movable for each in self.conflicts)

    @property
    def code(self) -> int:
        """Return the status of the answer."""
        return 422 if self.wrong or self.conflicts else 200


async def ask(visit: Visit) -> Response:
    """Show the questions."""
    return await _page(visit, await copy_of(visit), _Shown())


async def answer(visit: Visit) -> Response:
    """Show what the answers come to, or add it to the working copy."""
    version = version_of(visit.query.get("farm", ""))
    return await (_single(visit) if version is None else _farm(visit, version))


async def _single(visit: Visit) -> Response:
    copy, read = await copy_of(visit), Answers(_fields(visit))
    wanted = read.single()
    if wanted is None:
        return await _page(visit, copy, _Shown(wrong=read.wrong))
    text = moved(copy.text) if visit.form.has("move") else copy.text
    found = await asyncio.to_thread(conflicts, text, wanted)
    made = await asyncio.to_thread(put_single, text, wanted)
    found = [*found, *map(refusal, made.diagnostics)]
    if found or visit.form.has("preview"):
        return await _page(visit, copy, _Shown(conflicts=found) if found else await _preview(visit, copy, wanted, made))
    await keep(visit, copy, made.text)
    query = urlencode({"kind": wanted.kind, "name": wanted.name, "added": ""})
    return visit.go(f"{HOME}/edit?{query}")


async def _preview(visit: Visit, copy: CopyText, wanted: Single, made: Made) -> _Shown:
    lines = await asyncio.to_thread(difference, copy.text, made.text)
    return _Shown(difference=lines, said=_said(made, wanted), foresight=await foresee(visit, copy, made.text))


async def _farm(visit: Visit, version: Version) -> Response:
    wrong: dict[str, str] = {}
    copy = await copy_of(visit)
    has = await visit.site.texts.read(copied, copy.text)
    answers = farm_answers(version, _fields(visit), visit.form.fields.keys(), wrong, has)
    if answers is None:
        return await _page(visit, copy, _Shown(wrong=wrong))
    made = await asyncio.to_thread(farm, answers, copy.text)
    if made.diagnostics:
        return await _page(visit, copy, _Shown(conflicts=[refusal(each) for each in made.diagnostics]))
    lines = await asyncio.to_thread(difference, copy.text, made.text)
    notes = page_notes(made.notes)
    if not lines:
        said = "nothing changes: it stands in your working copy already"
        return await _page(visit, copy, _Shown(difference=lines, notes=notes, said=said))
    if visit.form.has("preview"):
        foresight = await foresee(visit, copy, made.text)
        return await _page(visit, copy, _Shown(difference=lines, notes=notes, foresight=foresight))
    await keep(visit, copy, made.text)
    copy = await copy_of(visit)
    effect = await effect_of(visit, copy.text, Compare())
    return await _page(visit, copy, _Shown(difference=lines, notes=notes, effect=effect))


def _fields(visit: Visit) -> Mapping[str, str]:
    return {name: visit.form.one(name)[:_LONGEST] for name in visit.form.fields}


def _said(made: Made, wanted: Single) -> str:
    if not made.reused:
        return f"table <{made.table}> is new"
    names = ", with the names that it has for them" if any(node.name for node in wanted.nodes) else ""
    return f"table <{made.table}> has just these hosts, and is used again{names}"


async def _page(visit: Visit, copy: CopyText, shown: _Shown) -> Response:
    version = version_of(visit.query.get("farm", ""))
    interfaces = await visit.ask(ShowInterfaces())
    has = await visit.site.texts.read(copied, copy.text)
    wishes = frozenset(wish for wish in Wish if visit.form.has(f"wish-{wish}"))
    return visit.page(
        "load_balancer_wizard.html",
        code=shown.code,
        version=version,
        versions=tuple(Version),
        places=places(has, interfaces),
        services=OFFERS,
        other=OTHER,
        elsewhere=ADMIN_PORT,
        modes=[(each.value, label(each)) for each in Mode] if version is None else modes_of(version),
        wishes=() if version is None else wishes_of(version),
        rows=() if version is None else guide_table(version, wishes),
        key=visit.form.one("key") or secrets.token_hex(4),
        sent=visit.form,
        changed=copy.at is not None,
        shown=shown,
        wrong=defaultdict(str, shown.wrong),
        action=_PATH if version is None else f"{_PATH}?{urlencode({'farm': version})}",
    )


ROUTES: Final = (
    page(_PATH, ask, permission=Permission.DEPLOY),
    action(_PATH, answer, permission=Permission.DEPLOY),
)

"""Configuration > Editor: the text of the working copy, with what is wrong beside its line."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from bascule.config.completion import expected
from bascule.service.deployment import LAST_NUMBER, LONGEST_TEXT, CheckText, DiscardCopy, LoadCopy, ShowCopy
from bascule.service.failures import Conflict, OperationFailed
from bascule.service.permissions import Permission
from bascule.service.results import CopyText
from bascule.web.differences import Difference, difference
from bascule.web.margins import margins
from bascule.web.numbers import number_in
from bascule.web.visit import Visit, action, page

PATH: Final = "/configuration/editor"
_MOST_OFFERED: Final = 80
_NOT_KEPT: Final = "This is not saved yet."


CHECKED_AT_ONCE: Final = 60_000
"""Characters of a text that is checked before it is shown; of a longer one that takes a second, and comes afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What stands in the editor."""

    text: str
    base: int
    expected: str
    """The digest of the working copy that it takes the place of."""
    notice: str = ""
    """What to say of it; empty for what is kept."""
    theirs: Difference = field(default_factory=Difference)
    """What it changes in the working copy that another session has kept meanwhile."""


async def edit(visit: Visit) -> Response:
    """Show the working copy."""
    copy = await visit.ask(ShowCopy())
    draft = Draft(text=copy.text, base=copy.base, expected=copy.digest)
    return await _shown(visit, copy, draft, check=len(copy.text) <= CHECKED_AT_ONCE)


async def save(visit: Visit) -> Response:
    """Keep what was written, or only say what is wrong with it."""
    draft = _drafted(visit)
    if visit.form.one("do") == "check":
        return await _shown(visit, await visit.ask(ShowCopy()), draft)
    try:
        await visit.ask(LoadCopy(text=draft.text.encode(), base=draft.base, expected=draft.expected))
    except OperationFailed as failed:
        if not isinstance(failed.failure, Conflict):
            raise
        return await _conflict(visit, draft)
    return visit.go(PATH, "Saved as your working copy.")


async def discard(visit: Visit) -> Response:
    """Forget the working copy, if it is the one that somebody looked at."""
    copy = await visit.ask(ShowCopy())
    if copy.digest != visit.form.one("expected"):
        return visit.go(PATH, "The working copy was changed meanwhile, and is still there: look at it.")
    return visit.go(PATH, f"{_sentence((await visit.ask(DiscardCopy())).sentence)} Here is what runs.")


async def upload(visit: Visit) -> Response:
    """Show a file in the editor; it is kept when somebody saves it."""
    copy = await visit.ask(ShowCopy())
    content = visit.form.files.get("file", b"")
    if not content:
        return visit.go(PATH, "No file was chosen, or it is empty.")
    text = _lines(content.decode(errors="replace"))
    _require_short(text)
    notice = f"The file is in the editor, and is not saved yet. {'It is no UTF-8: look for �.' if '�' in text else ''}"
    return await _shown(visit, copy, Draft(text=text, base=copy.newest, expected=copy.digest, notice=notice.strip()))


async def download(visit: Visit) -> Response:
    """Hand out the working copy."""
    copy = await visit.ask(ShowCopy())
    return attached(copy.text, "working-copy.conf")


async def complete(visit: Visit) -> Response:
    """Say what may stand behind a text."""
    before = _lines(visit.form.raw("before"))
    _require_short(before)
    wanted = await asyncio.to_thread(expected, before)
    return JSONResponse(
        [{"text": each.whole or each.text, "help": each.help, "literal": each.literal} for each in wanted[:_MOST_OFFERED]]
    )


async def check(visit: Visit) -> Response:
    """Say what is wrong with a text, for whoever is writing."""
    text = _lines(visit.form.raw("text"))
    _require_short(text)
    checked = await visit.ask(CheckText(text=text.encode()))
    return JSONResponse(
        [
            {"line": each.span.line, "severity": each.severity.value, "message": each.message, "hint": each.hint}
            for each in checked.diagnostics
        ]
    )


async def _conflict(visit: Visit, draft: Draft) -> Response:
    """Show both: what somebody has written, and what it changes in what is kept by now."""
    copy = await visit.ask(ShowCopy())
    theirs = await asyncio.to_thread(difference, copy.text, draft.text)
    notice = "Your working copy was changed meanwhile, by another session of yours. What you wrote is still here."
    both = replace(draft, expected=copy.digest, base=copy.base, notice=notice, theirs=theirs)
    return await _shown(visit, copy, both, code=409)


async def _shown(visit: Visit, copy: CopyText, draft: Draft, code: int = 200, *, check: bool = True) -> Response:
    found = (await visit.ask(CheckText(text=draft.text.encode()))).diagnostics if check else ()
    return visit.page(
        "editor.html",
        code=code,
        copy=copy,
        draft=draft,
        checked=check,
        found=found,
        margins=margins(draft.text, found),
    )


def _drafted(visit: Visit) -> Draft:
    form = visit.form
    base, text = number_in(form.one("base"), 0, LAST_NUMBER), _lines(form.raw("text"))
    _require_short(text)
    if base is None:
        raise HTTPException(422, "the form does not say which revision it was written from")
    return Draft(text=text, base=base, expected=form.one("expected")[:64], notice=_NOT_KEPT)


def _require_short(text: str) -> None:
    if len(text.encode(errors="replace")) > LONGEST_TEXT:
        raise HTTPException(413, f"a configuration has {LONGEST_TEXT // 1_000_000} MB at most")


def _lines(text: str) -> str:
    """Return a text with the line ends of files; browsers send others (HTML, 4.10.22.4)."""
    return text.replace("\r\n", "\n")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def attached(text: str, name: str) -> Response:
    """Return a text that a browser keeps as a file."""
    return Response(
        text.encode(),
        media_type="text/plain; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


ROUTES: Final = (
    page(PATH, edit, permission=Permission.DEPLOY),
    action(PATH, save, permission=Permission.DEPLOY),
    action(f"{PATH}/discard", discard, permission=Permission.DEPLOY),
    action(f"{PATH}/upload", upload, permission=Permission.DEPLOY),
    page(f"{PATH}/download", download, permission=Permission.DEPLOY),
    action(f"{PATH}/complete", complete, permission=Permission.DEPLOY),
    action(f"{PATH}/check", check, permission=Permission.DEPLOY),
)

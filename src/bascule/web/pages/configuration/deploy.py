"""Configuration > Deploy working copy: what it changes, for how long, and whether it stays."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from starlette.responses import Response

from bascule.service.deployment import (
    LAST_NUMBER,
    LONGEST_TEST,
    Cancel,
    Commit,
    Compare,
    Deploy,
    ShowCopy,
    ShowRevision,
    copy_digest,
)
from bascule.service.events import Event, EventKind
from bascule.service.failures import Failure, Rejected, describe
from bascule.service.operations import ShowLog, Status
from bascule.service.permissions import Permission
from bascule.service.results import StatusReport
from bascule.web.admin_places import Move, move
from bascule.web.attention import again
from bascule.web.differences import Difference, difference
from bascule.web.effects import effect_of
from bascule.web.guard import policy
from bascule.web.numbers import number_in
from bascule.web.statuses import STATUSES
from bascule.web.visit import Visit, action, page
from bascule.web.works import Told, Work

PATH: Final = "/configuration/deploy"
_SECONDS: Final = 60
_SHORTEST_TEST: Final = 5
_LONGEST_MESSAGE: Final = 256
_AGAIN: Final = 1
"""Seconds until a page looks again whose operation goes on."""
_TESTING: Final = "testing"
"""What a deployment is called that waits for its commit."""
_LATELY: Final = 3000
"""Events among which the last deployment is looked for: up to 2,000 of them are packets that the firewall logged."""
_NEWS: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would be deployed: the working copy, or a revision that was committed before."""

    text: str
    name: str
    base: int
    """The revision that it was written from."""
    newest: int
    digest: str
    """Tells this state of a working copy from all others."""
    revision: int = 0
    """0 for the working copy."""
    exists: bool = True
    """There is something to deploy."""

    @property
    def passed_by(self) -> bool:
        """Tell whether something was committed since it was written."""
        return self.base != self.newest


async def deploy(visit: Visit) -> Response:
    """Show what waits for its commit, how far an operation is, or what there is to deploy."""
    work = visit.site.works.of(visit.bearer.token)
    if work is not None and work.runs:
        response = visit.page("deploying.html", work=work)
        response.headers["refresh"] = f"{_AGAIN}; url={again(PATH)}"
        return response
    status = await visit.ask(Status())
    if status.pending is not None:
        return _pending(visit, status, work)
    visit.site.works.forget(visit.bearer.token)
    return await _proposed(visit, work, taken_back=await _taken_back(visit))


async def _taken_back(visit: Visit) -> Event | None:
    """Return what became of the last deployment where it did not stay, while that is news."""
    events = (await visit.ask(ShowLog(last=_LATELY))).events
    last = next((each for each in reversed(events) if each.event is EventKind.CONFIGURATION), None)
    if last is None or last.state != "reverted" or datetime.now(UTC) - last.time > _NEWS:
        return None
    return last


async def begin(visit: Visit) -> Response:
    """Put it into effect for a time."""
    proposal = await _proposal(visit, visit.form.one("revision"))
    if visit.form.one("digest") != proposal.digest:
        return await _proposed(visit, refused="the working copy was changed meanwhile: look at what it changes", code=409)
    asked = _asked(visit, proposal)
    if isinstance(asked, str):
        return await _proposed(visit, refused=asked, code=422)

    async def work(told: Told) -> Any:
        return await visit.ask(asked, told)

    return await _begun(visit, await visit.site.works.start(visit.bearer.token, "Deploying", work))


async def commit(visit: Visit) -> Response:
    """Keep what is deployed."""
    status = await visit.ask(Status())

    async def work(told: Told) -> Any:
        return await visit.ask(Commit(progress=True), told)

    done = await visit.site.works.start(visit.bearer.token, "Committing", work)
    stays = [each for each in status.admin if not each.until_commit]
    return await _begun(visit, done, move(stays, visit.origin, visit.host))


async def cancel(visit: Visit) -> Response:
    """Take back what is deployed."""
    status = await visit.ask(Status())

    async def work(told: Told) -> Any:
        return await visit.ask(Cancel(progress=True), told)

    done = await visit.site.works.start(visit.bearer.token, "Taking it back", work)
    before = [each for each in status.admin if each.until_commit]
    return await _begun(visit, done, move(before, visit.origin, visit.host))


async def _begun(visit: Visit, work: Work, moved: Move | None = None) -> Response:
    """Answer an operation that was begun: its end, or a page that waits for it."""
    if work.failure is not None:
        if (status := await visit.ask(Status())).pending is not None:
            visit.site.works.forget(visit.bearer.token)
            return _pending(visit, status, work, STATUSES[type(work.failure)])
        return await _proposed(visit, work, code=STATUSES[type(work.failure)])
    if moved is not None and work.done is not None:
        visit.site.works.forget(visit.bearer.token)
        return _polling(visit.page("moved.html", sentence=work.done.sentence, move=moved), moved)
    return visit.go(PATH)


def _asked(visit: Visit, proposal: Proposal) -> Deploy | str:
    """Return what to ask for, or what is wrong with the form."""
    form = visit.form
    seconds = number_in(form.one("seconds", str(_SECONDS)), _SHORTEST_TEST, LONGEST_TEST)
    if seconds is None:
        return f"the time must be {_SHORTEST_TEST} to {LONGEST_TEST} seconds"
    if len(form.one("message")) > _LONGEST_MESSAGE:
        return f"the message has more than {_LONGEST_MESSAGE} characters"
    asked = Deploy(
        seconds=seconds,
        message=form.one("message"),
        ignore_health=form.has("ignore_health"),
        force=form.has("force"),
        origin=visit.origin,
        progress=True,
    )
    if not proposal.revision:
        return asked
    return msgspec.structs.replace(asked, text=proposal.text.encode(), base=proposal.newest, again=True)


async def _proposal(visit: Visit, revision: str) -> Proposal:
    """Return the revision of that number, or for none the working copy. Raises OperationFailed."""
    copy = await visit.ask(ShowCopy())
    asked = number_in(revision, 1, LAST_NUMBER)
    if asked is not None:
        found = await visit.ask(ShowRevision(number=asked))
        number, text = found.row.number, found.text
        return Proposal(
            text=text,
            name=f"revision {number}",
            base=copy.newest,
            newest=copy.newest,
            digest=copy_digest(copy.newest, text.encode()),
            revision=number,
        )
    return Proposal(
        text=copy.text,
        name="your working copy",
        base=copy.base,
        newest=copy.newest,
        digest=copy.digest,
        exists=copy.at is not None,
    )


async def _proposed(
    visit: Visit, work: Work | None = None, *, refused: str = "", code: int = 200, taken_back: Event | None = None
) -> Response:
    """Show what there is to deploy, and what came of the operation before."""
    proposal = await _proposal(visit, visit.form.one("revision") or visit.query.get("revision", ""))
    effect = text = None
    if proposal.exists:
        effect = await effect_of(visit, proposal.text, Compare(new=proposal.revision or None))
        text = await _difference(visit, proposal)
    failure = None if work is None else work.failure
    filled = {name: visit.form.one(name) for name in ("message", "seconds")}
    if proposal.revision and not visit.form.fields:
        filled["message"] = f"back to revision {proposal.revision}"
    return visit.page(
        "deploy.html",
        code=code,
        proposal=proposal,
        effect=effect,
        text=text,
        refused=refused or _words(failure),
        found=failure.diagnostics if isinstance(failure, Rejected) else (),
        done=None if work is None or work.done is None or work.done.until is not None else work.done,
        taken_back=taken_back,
        filled={**filled, "seconds": filled["seconds"] or str(_SECONDS)},
        ticked={name for name in ("ignore_health", "force") if visit.form.has(name)},
    )


async def _difference(visit: Visit, proposal: Proposal) -> Difference:
    old = (await visit.ask(ShowRevision(number=proposal.newest))).text if proposal.newest else ""
    return await asyncio.to_thread(difference, old, proposal.text)


def _pending(visit: Visit, status: StatusReport, work: Work | None, code: int = 200) -> Response:
    """Show the deployment that waits, and where to go on."""
    origin = visit.origin
    new = [each for each in status.admin if not each.until_commit]
    old = [each for each in status.admin if each.until_commit]
    moved = move(new, origin, visit.host) if old else None
    back = None if moved else move(old, origin, visit.host)
    assert status.pending is not None, "it was looked at"
    tested = status.pending.stage == _TESTING
    left = max(0, int((status.pending.until - datetime.now(UTC)).total_seconds())) if tested else 0
    failure = None if work is None else work.failure
    response = visit.page(
        "deployed.html",
        code=code,
        pending=status.pending,
        tested=tested,
        left=left,
        move=moved,
        back=back,
        done=None if work is None else work.done,
        refused=_words(failure),
        level=status.level,
        sentence=status.sentence,
    )
    response.headers["refresh"] = f"{left + _AGAIN}; url={'' if back is None else back.urls[0]}{again(PATH)}"
    return _polling(response, moved)


def _polling(response: Response, moved: Move | None) -> Response:
    """Have a page's scripts ask where the pages will be."""
    if moved is not None:
        name, value = policy(*moved.urls)
        response.headers[name] = value
    return response


def _words(failure: Failure | None) -> str:
    if failure is None:
        return ""
    return "it was refused, and nothing has changed" if isinstance(failure, Rejected) else describe(failure)


ROUTES: Final = (
    page(PATH, deploy, permission=Permission.DEPLOY),
    action(PATH, begin, permission=Permission.DEPLOY),
    action(f"{PATH}/commit", commit, permission=Permission.COMMIT),
    action(f"{PATH}/cancel", cancel, permission=Permission.DEPLOY),
)

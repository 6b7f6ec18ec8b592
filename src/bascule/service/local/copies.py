"""Working copies: what an administrator is writing is kept, and never undoes what another has committed meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.config.merge import Clash, merged
from bascule.service.deployment import Deploy, LoadCopy, copy_digest
from bascule.service.failures import Conflict, NotFound, OperationFailed
from bascule.service.local.account_book import AccountBook
from bascule.service.local.preparation import Looks, Use, judge_here
from bascule.service.local.words import counted
from bascule.service.results import CopyText, Discarded, Loaded
from bascule.store.copies import Copies, WorkingCopy
from bascule.store.history import History
from bascule.store.revisions import Revision, number_of

_TOLD: Final = 5
"""Revisions, or clashes, that are told one by one."""

_UNREADABLE: Final = "surrogateescape"
"""How bytes that are no UTF-8 go through a merge: the language says what is wrong with them, nobody loses them."""


class WorkingCopies:
    """One for each account. Every method may raise OperationFailed and MachineError."""

    def __init__(
        self, copies: Copies, history: History, machine: Looks, accounts: AccountBook, *, now: Callable[[], datetime]
    ) -> None:
        self._copies = copies
        self._history = history
        self._machine = machine
        self._accounts = accounts
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        """Holds from looking at a copy to keeping another in its place."""

    async def load(self, request: LoadCopy, by: str) -> Loaded:
        """Keep a text without its plain passwords, whatever is wrong with it, and say what is.

        Raises OperationFailed where the copy is not the one any more that the text shall take the place of.
        """
        newest = number_of(await asyncio.to_thread(self._history.newest))
        base = newest if request.base is None else request.base
        if base > newest:
            raise OperationFailed(NotFound(message=f"there is no revision {base}"))
        text = await self._accounts.sealed(request.text, by)
        copy = WorkingCopy(account=by, base=base, text=text, at=self._now())
        async with self._one_at_a_time:
            await self._unchanged(request.expected, by)
            await asyncio.to_thread(self._copies.keep, copy)
        judged, _ = await judge_here(request.text, self._machine, use=Use.DEPLOYED)
        found = judged.diagnostics
        sentence = f"kept as your working copy, written from {_named(base)}: {_wrong(found)}"
        return Loaded(sentence=sentence, diagnostics=found, digest=copy_digest(base, text))

    async def _unchanged(self, expected: str | None, by: str) -> None:
        if expected is None:
            return
        copy = await asyncio.to_thread(self._copies.copy, by)
        if expected != ("" if copy is None else copy_digest(copy.base, copy.text)):
            words = "your working copy was changed meanwhile, by another session of yours: look at it, and try again"
            raise OperationFailed(Conflict(message=words))

    async def show(self, by: str) -> CopyText:
        """Return the account's, or the newest revision to begin with."""
        copy = await asyncio.to_thread(self._copies.copy, by)
        newest = await asyncio.to_thread(self._history.newest)
        number = number_of(newest)
        if copy is not None:
            digest = copy_digest(copy.base, copy.text)
            return CopyText(text=_shown(copy.text), base=copy.base, newest=number, at=copy.at, digest=digest)
        return CopyText(text="" if newest is None else _shown(newest.text), base=number, newest=number)

    async def discard(self, by: str) -> Discarded:
        """Forget the account's."""
        async with self._one_at_a_time:
            if await asyncio.to_thread(self._copies.copy, by) is None:
                raise OperationFailed(NotFound(message="you have no working copy"))
            await asyncio.to_thread(self._copies.drop, by)
        return Discarded(sentence="your working copy is gone")

    async def meant(self, request: Deploy, by: str) -> Deploy:
        """Return what to deploy: a text as it came, or the account's working copy, on the newest revision.

        Raises OperationFailed where something was committed since it was written, unless it shall be rebased and nothing
        clashes; then the merged text is the working copy.
        """
        if request.text is not None:
            return request
        async with self._one_at_a_time:
            copy = await asyncio.to_thread(self._copies.copy, by)
            if copy is None:
                words = "you have no working copy: `bascule edit`, `set` or `load FILE` makes one"
                raise OperationFailed(NotFound(message=words))
            newest = await asyncio.to_thread(self._history.newest)
            if newest is not None and newest.number != copy.base:
                if not request.rebase:
                    raise OperationFailed(Conflict(message=await self._moved_on(copy, newest)))
                copy = await self._rebased(copy, newest)
        return msgspec.structs.replace(request, text=copy.text, base=copy.base)

    async def settle(self, text: bytes) -> None:
        """Forget the working copies that have just been committed."""
        async with self._one_at_a_time:
            for copy in await asyncio.to_thread(self._copies.every):
                if copy.text == text:
                    await asyncio.to_thread(self._copies.drop, copy.account)

    async def _moved_on(self, copy: WorkingCopy, newest: Revision) -> str:
        """Return what was committed since, and what to do about it."""
        between = newest.number - copy.base
        heads = await asyncio.to_thread(self._history.heads, min(between, _TOLD))
        told = [f"revision {head.number} of {head.author}{head.message and f': {head.message}'}" for head in heads]
        told += [f"and {between - _TOLD} more"] if between > _TOLD else []
        return (
            f"your working copy was written from {_named(copy.base)}, and since then there is {'; '.join(told)}. "
            f"See `bascule diff {newest.number}{f' {copy.base}' if copy.base else ''}`; "
            "`bascule deploy --rebase` makes both edits one"
        )

    async def _rebased(self, copy: WorkingCopy, newest: Revision) -> WorkingCopy:
        before = await asyncio.to_thread(self._history.revision, copy.base) if copy.base else None
        texts = (b"" if before is None else before.text, copy.text, newest.text)
        both = await asyncio.to_thread(merged, *(text.decode(errors=_UNREADABLE) for text in texts))
        if both.clashes:
            raise OperationFailed(Conflict(message=_clashing(both.clashes, newest)))
        rebased = WorkingCopy(
            account=copy.account, base=newest.number, text=both.text.encode(errors=_UNREADABLE), at=self._now()
        )
        await asyncio.to_thread(self._copies.keep, rebased)
        return rebased


def _clashing(clashes: Sequence[Clash], newest: Revision) -> str:
    """Return where both have changed the same lines."""
    told = [
        f"line {clash.line} of yours has `{_first(clash.mine)}`, revision {newest.number} has `{_first(clash.theirs)}`"
        for clash in clashes[:_TOLD]
    ]
    told += [f"and {len(clashes) - _TOLD} more"] if len(clashes) > _TOLD else []
    return f"both edits change the same lines: {'; '.join(told)}. Write what shall be with `bascule edit`"


def _first(lines: Sequence[str]) -> str:
    """Return what stands there, in short; a password is nobody's business."""
    words = lines[0].strip() if lines else "nothing"
    if "password" in words:
        return "password …"
    return words[:80].encode(errors=_UNREADABLE).decode(errors="replace")


def _shown(text: bytes) -> str:
    return text.decode(errors="replace")


def _named(base: int) -> str:
    return f"revision {base}" if base else "nothing"


def _wrong(found: Sequence[Diagnostic]) -> str:
    errors = sum(each.severity is Severity.ERROR for each in found)
    if errors:
        return f"{counted(errors, 'error')} must be mended before it can be deployed"
    return "`bascule deploy` puts it into effect"

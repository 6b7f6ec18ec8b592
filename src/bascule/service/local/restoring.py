"""Goes back to a backup while Bascule runs: what is kept is another at once, what clients meet only by a deployment."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import structs

from bascule.service.events import EventKind, Grade
from bascule.service.failures import Conflict, NotFound, OperationFailed
from bascule.service.local.archives import kept_backup
from bascule.service.local.backup_people import changed, doubts, people_of
from bascule.service.local.deploying import Deployments, Loads, revision_row
from bascule.service.local.journal import Journal
from bascule.service.local.logins.book import LoginBook
from bascule.service.local.uploads import Uploads, unfit
from bascule.service.local.words import counted
from bascule.service.request import Context
from bascule.service.restoring import (
    BackupContents,
    BackupUploaded,
    RestoreBackup,
    Restored,
    ShowBackup,
    UploadBackup,
)
from bascule.store.backups import FOLDER, back_up, forget_replaced, replaced
from bascule.store.database import DamagedError, Database, LaterError
from bascule.store.history import DatabaseHistory
from bascule.store.restoring import Source, UnfitError, begins, heads_of, last_deed, opened, take_over
from bascule.store.revisions import Head, Revision, number_of
from bascule.store.schema import VERSIONS
from bascule.store.secrets import Secrets
from bascule.store.tokens import DatabaseTokens

_MOST_TOLD: Final = 200
"""Accounts, and tokens, that are told one by one."""


class Restoring:
    """Looks into backups, and takes them over. Methods may raise OperationFailed and MachineError."""

    def __init__(
        self,
        database: Database,
        state: Path,
        *,
        deployments: Deployments,
        balancer: Loads,
        logins: LoginBook,
        secrets: Secrets,
        journal: Journal,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._state = state
        self._deployments = deployments
        self._balancer = balancer
        self._logins = logins
        self._secrets = secrets
        self._journal = journal
        self._now = now
        self._uploads = Uploads(state / FOLDER)

    async def upload(self, request: UploadBackup) -> BackupUploaded:
        """Take a part of a backup."""
        return await self._uploads.take(request)

    async def look(self, request: ShowBackup, context: Context) -> BackupContents:
        """Say what a backup holds, and what is otherwise now."""
        contents, text = await asyncio.to_thread(self._contents, request.name, context)
        if text is None or contents.same:
            return contents
        compared = await self._deployments.compare_text(text)
        return structs.replace(contents, changes=compared.changes, untold=compared.untold)

    async def restore(self, request: RestoreBackup, context: Context) -> Restored:
        """Have what is kept be what a backup holds; its text waits to be deployed."""
        await self._logins.require_proof(context, request.password, request.code)
        async with self._deployments.resting(), self._deployments.accounts.resting():
            restored = await asyncio.to_thread(self._restore, request, context.user)
            await asyncio.to_thread(self._secrets.read_again)
            await self._balancer.log_in_anew()
            self._logins.end(restored.ended)
            if not self._balancer.running.held:
                await self._balancer.settle_for(f"revision {restored.newest}" if restored.newest else "no configuration")
        words = f"{context.user} restored backup {request.name}; what was kept before is backup {restored.kept}"
        self._journal.note(EventKind.CONFIGURATION, words, grade=Grade.WARNING, state="restored")
        return restored

    def _contents(self, name: str, context: Context) -> tuple[BackupContents, bytes | None]:
        with self._opened(name) as source:
            runs, newest = DatabaseHistory(self._database).newest(), source.newest
            then = people_of(source.database)
            people = tuple(changed(people_of(self._database), then))
            known = {token.digest for token in DatabaseTokens(self._database).every()}
            tokens = [each for each in DatabaseTokens(source.database).every() if each.until > self._now()]
            contents = BackupContents(
                name=name,
                digest=source.digest,
                size=source.size,
                layout=source.layout,
                own_layout=len(VERSIONS),
                last=last_deed(source.database),
                revisions=len(source.heads),
                newest=None if newest is None else revision_row(newest),
                text="" if newest is None else newest.text.decode(),
                same=newest is None or (runs is not None and runs.text == newest.text),
                history=_becomes_of_history(heads_of(self._database), source, runs),
                accounts=len(then),
                people=people[:_MOST_TOLD],
                tokens=tuple(f"{each.name} of {each.account}" for each in tokens if each.digest not in known)[:_MOST_TOLD],
                doubts=tuple(doubts(then, people, context)),
            )
            return contents, None if newest is None else newest.text

    def _restore(self, request: RestoreBackup, by: str) -> Restored:
        now = self._now()
        kept = replaced(self._state, now)
        with self._opened(request.name) as source:
            if source.digest != request.digest:
                words = f"backup {request.name} is another by now: look at what it holds, and try again"
                raise OperationFailed(Conflict(message=words))
            before, runs = people_of(self._database), DatabaseHistory(self._database).newest()
            configuration = self._balancer.running.configuration
            used = {table.name for table in (() if configuration.firewall is None else configuration.firewall.tables)}
            keep = partial(back_up, self._state, kept)
            taken = take_over(self._database, source, keep=keep, used=used, at=now, by=by, called=f"backup {request.name}")
            newest = source.newest
            waits = newest is not None and (runs is None or runs.text != newest.text)
            ended = tuple(person.name for person in changed(before, people_of(self._database)))
        forget_replaced(self._state)
        then = f"its text is revision {number_of(newest)}, and waits to be deployed" if waits else "its text is in effect"
        return Restored(
            sentence=f"restored backup {request.name}: {then}; what was kept before is backup {kept.name}",
            revision=number_of(newest) if waits else 0,
            newest=taken.newest,
            kept=kept.name,
            ended=ended,
        )

    @contextmanager
    def _opened(self, name: str) -> Iterator[Source]:
        found = kept_backup(self._state / FOLDER, name)
        if found is None:
            raise OperationFailed(NotFound(message=f"there is no backup {name}"))
        try:
            with opened(found, self._state) as source:
                yield source
        except (UnfitError, DamagedError, LaterError) as error:
            raise unfit(f"backup {name}", error) from error


def _becomes_of_history(mine: Sequence[Head], source: Source, runs: Revision | None) -> str:
    """Return what becomes of the revisions that are kept now."""
    theirs = source.heads
    if begins(mine, theirs):
        later = len(mine) - len(theirs)
        return "the history stays as it is" + (f": {counted(later, 'revision')} came after the backup" if later else "")
    runs_text = b"" if runs is None else runs.text
    same = source.newest is not None and source.newest.text == runs_text
    added = "" if same else "; what runs now follows as the newest"
    if begins(theirs, mine):
        return f"the history goes on with {counted(len(theirs) - len(mine), 'revision')} of the backup{added}"
    return f"the history becomes another, of {counted(len(theirs), 'revision')} in the place of {len(mine)}{added}"

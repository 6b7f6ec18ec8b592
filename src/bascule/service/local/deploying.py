"""Deployments: a text goes live for a time, and stays only when somebody who still reaches the machine commits it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from bascule.config.diagnostics import Diagnostic
from bascule.config.facts import Facts
from bascule.config.model import Configuration
from bascule.deploy.effects import apart, effects
from bascule.deploy.harm import Situation, harmed
from bascule.deploy.transaction import RehearsalRefused
from bascule.plan.model import Plan
from bascule.service.deployment import LONGEST_TEST, Compare, Deploy
from bascule.service.events import EventKind, Grade
from bascule.service.failures import Busy, Conflict, NotFound, OperationFailed, Rejected
from bascule.service.local.account_book import AccountBook
from bascule.service.local.administrators import Administrators
from bascule.service.local.copies import WorkingCopies
from bascule.service.local.journal import Journal
from bascule.service.local.preparation import Looks, Use, judge, judge_here
from bascule.service.local.rows import SessionCounts
from bascule.service.local.running import Running
from bascule.service.permissions import Role
from bascule.service.request import Origin
from bascule.service.results import Compared, Deployed, PendingRow, RevisionRow, Revisions, RevisionText
from bascule.store.history import History
from bascule.store.pending import Pending, Stage
from bascule.store.revisions import Head, Revision, number_of
from bascule.system.clock import Clock
from bascule.system.errors import MachineError
from bascule.system.progress import Tell, silence

TICK: Final = 0.25
"""Seconds between two looks at the clock while a deployment waits for its commit."""

AGAIN: Final = 5.0
"""Seconds until what could not be taken back is tried again."""

HELD: Final = 30.0
"""Seconds until what was committed is tried again, where it was refused at the start."""

NOTHING: Final = b""
"""What runs before the first commit: a text without a relay."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A deployment that is in effect."""

    until: datetime
    said: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to say of a deployment besides that it is done."""

    warnings: tuple[Diagnostic, ...] = ()
    changes: tuple[str, ...] = ()


NOTHING_TOLD: Final = Told()


class Loads(Protocol):
    """The balancer, as far as deployments concern it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...

    async def reload(
        self,
        configuration: Configuration,
        name: str,
        facts: Facts,
        tell: Tell = silence,
        *,
        committed: Configuration | None = None,
        back: bool = False,
    ) -> Sequence[Diagnostic]:
        """Put another configuration into effect: for a test, after which `committed` comes back, or as what comes `back`.

        Raises RehearsalRefused and MachineError; then nothing has changed.
        """
        ...

    async def settle_for(self, name: str) -> None:
        """Go on with what was tested, under a name of its own."""
        ...

    async def log_in_anew(self) -> None:
        """Have checks log in with the secrets as they are kept now."""
        ...

    def tell_trouble(self, trouble: str) -> None:
        """Have it known what the machine would not do."""
        ...

    def supposed(self, plan: Plan, *, runs: bool = False) -> Plan:
        """Return a plan as it would be with every host up; it runs, or may never."""
        ...

    def imagined(self, configuration: Configuration, facts: Facts, committed: Configuration | None = None) -> Plan:
        """Return what a configuration would come to with every host up, when it is tested. Raises MachineError."""
        ...


class Knows(Looks, Protocol):
    """The machine, as far as deployments ask it."""

    @property
    def clock(self) -> Clock:
        """Return what measures time."""
        ...


class Follower(Protocol):
    """Who does something with what is committed: the file for people, the backups."""

    async def follow(self, before: bytes, committed: bytes) -> None:
        """Take a text that was committed just now, and the one before."""
        ...


class Deployments:
    """Carries deployments from a text to a revision, or back. What it does next is kept before it is done."""

    def __init__(
        self,
        history: History,
        balancer: Loads,
        machine: Knows,
        journal: Journal,
        *,
        copies: WorkingCopies,
        accounts: AccountBook,
        followers: Sequence[Follower],
        administrators: Administrators,
        count: Callable[[Running], Awaitable[SessionCounts]],
        now: Callable[[], datetime],
    ) -> None:
        self.copies = copies
        self.accounts = accounts
        self._administrators = administrators
        self._followers = followers
        self._history = history
        self._balancer = balancer
        self._machine = machine
        self._journal = journal
        self._count = count
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self._pending = _left(history.pending(), balancer.running)
        self._due = self._time_left(self._pending)
        """When the deployment's time is over, by the clock that nobody sets; the date in its row is for the next start."""
        self._held_until = self._machine.clock.monotonic() + HELD
        """When what was committed is tried again, where it was refused at the start."""
        self._trouble = ""
        self._why = "Bascule ended while it was taken back"
        """Why the deployment that is taken back is."""
        self._before: Situation | None = None
        """What ran before the deployment that is tested, and what was believed of its hosts; None where harm does not
        count, or it is not known any more."""

    @property
    def pending(self) -> PendingRow | None:
        """Return the deployment that waits for its commit."""
        waiting = self._pending
        if waiting is None:
            return None
        return PendingRow(author=waiting.author, message=waiting.message, until=waiting.until, stage=waiting.stage.value)

    def troubles(self) -> Sequence[str]:
        """Return why a deployment cannot be taken back; it is tried again and again."""
        return [self._trouble] if self._trouble else []

    async def deploy(self, request: Deploy, by: str, tell: Tell = silence, *, role: Role = Role.ADMINISTRATOR) -> Deployed:
        """Put a text into effect until it is committed, or its time is over; commit at once where that is asked.

        Raises OperationFailed where another deployment is under way, the text is refused, or somebody committed since
        whoever asks looked; MachineError where the machine would not. Then what ran before runs on.
        """
        text = request.text
        assert text is not None, "a working copy was looked up by whoever was asked"
        async with self._one_at_a_time:
            self._nothing_else()
            tell("judging the configuration", 0, 0)
            newest = await asyncio.to_thread(self._history.newest)
            base = number_of(newest)
            if request.base is not None and request.base != base:
                raise OperationFailed(Conflict(message=_moved_on(request.base, newest)))
            refusal = self._balancer.running.facts.no_nftables
            judged, facts = await judge_here(text, self._machine, refusal, Use.DEPLOYED)
            if judged.configuration is None:
                raise OperationFailed(Rejected(diagnostics=judged.diagnostics))
            await self.accounts.require_known(judged.configuration.system.users, role, by)
            doubts = await self.accounts.doubts(judged.configuration.system.users)
            text, meant = await self._sealed(text, judged.configuration, facts, by)
            doubts = (*doubts, *self.accounts.lacking(meant))
            running = self._balancer.running
            same = newest is not None and newest.text == text and facts.table_files == running.facts.table_files
            if same and not running.held:
                sentence = f"nothing to deploy: the text is revision {base}, which is in effect"
                return Deployed(sentence=sentence, revision=base, warnings=judged.diagnostics)
            if not request.force:
                await self._admit(meant, facts, request.origin)
            pending = Pending(
                stage=Stage.APPLYING,
                base=base,
                text=text,
                author=by,
                message=request.message,
                until=self._now() + timedelta(seconds=request.seconds),
                again=request.again,
            )
            before, sessions = _situation(self._balancer.running), await self._counted()
            applied = await self._apply(pending, meant, facts, request.seconds, tell)
            self._before = None if request.ignore_health else before
            after = self._balancer.running.plan
            changes = await asyncio.to_thread(self._changed, before.plan, after, sessions)
            told = Told(warnings=(*judged.diagnostics, *applied.said), changes=(*changes, *doubts))
            if request.commit:
                return await self._commit_or_revert(by, told, tell)
            words = f"{by} deployed a configuration: it is taken back in {request.seconds:g} s if nobody commits it"
            self._journal.note(EventKind.CONFIGURATION, words, state="deployed")
            sentence = f"in effect for {request.seconds:g} s: keep it with `bascule commit`"
            return Deployed(sentence=sentence, until=applied.until, warnings=told.warnings, changes=told.changes)

    def _changed(self, before: Plan, after: Plan, sessions: SessionCounts) -> Sequence[str]:
        """Return what is another than before, with every host up: of hundreds of relays that takes seconds."""
        old, new = apart(before, after)
        return effects(self._balancer.supposed(old), self._balancer.supposed(new, runs=True), sessions)

    async def _admit(self, configuration: Configuration, facts: Facts, asker: Origin | None) -> None:
        """Raise OperationFailed where a configuration would shut out somebody who administers this machine just now."""
        if configuration.firewall is None:
            return
        running = self._balancer.running
        plan = await asyncio.to_thread(self._balancer.imagined, configuration, facts, running.configuration)
        found = await self._administrators.shut_out(running.plan, plan, configuration, facts, asker)
        if found:
            raise OperationFailed(Rejected(diagnostics=found))

    async def _sealed(
        self, text: bytes, configuration: Configuration, facts: Facts, by: str
    ) -> tuple[bytes, Configuration]:
        """Return a text as it is kept and runs, without passwords, and what it means then: it still loads."""
        kept = await self.accounts.sealed(text, by)
        if kept == text:
            return text, configuration
        found = await asyncio.to_thread(judge, kept, facts, Use.DEPLOYED)
        if found.configuration is None:
            raise OperationFailed(Rejected(diagnostics=found.diagnostics))
        return kept, found.configuration

    async def commit(self, by: str, tell: Tell = silence) -> Deployed:
        """Keep what is deployed as the next revision. Raises OperationFailed where nothing waits for it, MachineError."""
        async with self._one_at_a_time:
            self._waiting()
            return await self._commit(by, tell=tell)

    async def cancel(self, by: str, tell: Tell = silence) -> Deployed:
        """Take back what is deployed. Raises OperationFailed where nothing waits, MachineError where it cannot be."""
        async with self._one_at_a_time:
            pending = self._waiting()
            name = await self._revert(pending, f"{by} cancelled it", tell)
            return Deployed(sentence=f"taken back: {name} is in effect", revision=pending.base or None)

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """Have no deployment begin meanwhile. Raises OperationFailed where one is under way."""
        async with self._one_at_a_time:
            self._nothing_else()
            yield

    async def revisions(self, most: int) -> Revisions:
        """Return what was committed, the newest first. Raises MachineError."""
        found = await asyncio.to_thread(self._history.heads, most)
        return Revisions(rows=tuple(revision_row(head) for head in found))

    async def revision(self, number: int | None) -> RevisionText:
        """Return a revision, the newest for None. Raises OperationFailed where there is none, MachineError."""
        found = await asyncio.to_thread(self._find, number)
        if found is None:
            words = "nothing was ever committed" if number is None else f"there is no revision {number}"
            raise OperationFailed(NotFound(message=words))
        return RevisionText(row=revision_row(found), text=found.text.decode())

    async def compare(self, request: Compare, by: str) -> Compared:
        """Say what a text changes over another, in effect. Raises OperationFailed where there is none, MachineError."""
        newest = number_of(await asyncio.to_thread(self._history.newest))
        old = newest if request.old is None else request.old
        before = (await self.revision(old)).text.encode() if old else NOTHING
        return await self._compared((before, f"revision {old}"), (await self._meant(request, by), "it"))

    async def compare_text(self, text: bytes) -> Compared:
        """Say what a text of a backup changes over the newest revision. Raises OperationFailed, MachineError."""
        return await self._compared(await asyncio.to_thread(self._newest), (text, "it"))

    async def _compared(self, *told: tuple[bytes, str]) -> Compared:
        no_nftables = self._balancer.running.facts.no_nftables
        plans: list[Plan] = []
        one: Configuration | None = None
        for text, name in told:
            judged, facts = await judge_here(text, self._machine, no_nftables, Use.COMMITTED)
            if judged.configuration is None:
                return Compared(untold=f"what it changes cannot be told: {name} cannot run here, and `check` says why")
            plans.append(await asyncio.to_thread(self._balancer.imagined, judged.configuration, facts, one))
            one = judged.configuration
        before, after = plans
        sessions = await self._counted()
        return Compared(changes=tuple(await asyncio.to_thread(effects, before, after, sessions)))

    async def _meant(self, request: Compare, by: str) -> bytes:
        """Return the text whose effect is asked for. Raises OperationFailed where there is none, MachineError."""
        if request.text is not None:
            return request.text
        found = await self.copies.show(by) if request.new is None else await self.revision(request.new)
        return found.text.encode()

    async def watch(self) -> None:
        """Take back what nobody commits in time, and what takes hosts out that were well, until cancelled."""
        while True:
            await self._machine.clock.sleep(AGAIN if self._trouble else TICK)
            async with self._one_at_a_time:
                if self._pending is not None and (why := self._why_to_revert(self._pending)):
                    await self._try_to_revert(self._pending, why)
                elif self._balancer.running.held and self._machine.clock.monotonic() >= self._held_until:
                    await self._try_again()

    async def _try_again(self) -> None:
        """Put into effect what was committed and refused at the start: the machine may be another by now."""
        name = "what was committed"
        try:
            text, name = await asyncio.to_thread(self._newest)
            refusal = self._balancer.running.facts.no_nftables
            judged, facts = await judge_here(text, self._machine, refusal, Use.COMMITTED)
            await self._balancer.reload(judged.accepted(), name, facts, back=True)
        except (OperationFailed, RehearsalRefused, MachineError) as refused:
            self._balancer.tell_trouble(f"{name} cannot be put into effect: {refused}")
            self._held_until = self._machine.clock.monotonic() + HELD
        else:
            self._journal.note(EventKind.CONFIGURATION, f"{name} is in effect now", state="loaded")

    async def leave(self) -> None:
        """Take back what nobody has committed, before Bascule ends: nobody would be there to do it in time."""
        async with self._one_at_a_time:
            if self._pending is not None:
                await self._try_to_revert(self._pending, "Bascule ends")

    def _time_left(self, pending: Pending | None) -> float:
        """Return when a deployment's time is over."""
        seconds = 0.0 if pending is None else (pending.until - self._now()).total_seconds()
        return self._machine.clock.monotonic() + min(seconds, LONGEST_TEST)

    def _why_to_revert(self, pending: Pending) -> str:
        """Return why a deployment cannot stay; empty while it may."""
        if pending.stage is Stage.REVERTING:
            return self._why
        if self._due <= self._machine.clock.monotonic():
            return "nobody committed it in time"
        harm = [] if self._before is None else harmed(self._before, _situation(self._balancer.running))
        return f"hosts went down by it: {', '.join(harm)}" if harm else ""

    # --- steps, each kept before it is done ---------------------------------------------------------------------------

    async def _apply(
        self, pending: Pending, configuration: Configuration, facts: Facts, seconds: float, tell: Tell
    ) -> Applied:
        """Put a deployment into effect. Whatever goes wrong after it may have begun is left to `watch` to take back."""
        await self._keep(pending)
        self._before, self._why = None, "it could not be kept"
        self._pending = replace(pending, stage=Stage.REVERTING)
        try:
            before = self._balancer.running.configuration
            said = await self._balancer.reload(configuration, uncommitted(pending.base), facts, tell, committed=before)
        except RehearsalRefused as refused:
            await self._try_to_forget()
            raise OperationFailed(Rejected(diagnostics=refused.diagnostics)) from refused
        except MachineError:
            await self._try_to_forget()
            raise
        tested = replace(pending, stage=Stage.TESTING, until=self._now() + timedelta(seconds=seconds))
        await self._keep(tested)
        self._due = self._time_left(tested)
        return Applied(tested.until, tuple(said))

    async def _commit_or_revert(self, by: str, told: Told, tell: Tell) -> Deployed:
        """Keep what was deployed without a test; where that fails it does not stay."""
        pending = self._waiting()
        try:
            return await self._commit(by, told, tell)
        except MachineError:
            self._pending, self._why = replace(pending, stage=Stage.REVERTING), "it could not be committed"
            raise

    async def _commit(self, by: str, told: Told = NOTHING_TOLD, tell: Tell = silence) -> Deployed:
        pending = self._waiting()
        tell("keeping the revision", 0, 2)
        before, _ = await asyncio.to_thread(committed, self._history, pending.base)
        made = () if pending.again else await self.accounts.settle(before, pending.text, pending.author)
        revision = await asyncio.to_thread(self._committed, pending)
        self._pending, self._trouble = None, ""
        name = f"revision {revision.number}"
        await self._balancer.settle_for(name)
        words = f"{by} committed {name}" + (f": {revision.message}" if revision.message else "")
        self._journal.note(EventKind.CONFIGURATION, words, state="committed", number=revision.number)
        tell("writing it for people and the next boot, and a backup", 1, 2)
        await self._follow_up(before, revision.text)
        whose = "" if pending.author == by else f", as {pending.author} deployed it"
        sentence = f"committed: {name} is in effect{whose}"
        changes = (*told.changes, *made)
        return Deployed(sentence=sentence, revision=revision.number, warnings=told.warnings, changes=changes)

    async def _follow_up(self, before: bytes, text: bytes) -> None:
        """Do what a commit brings with it; what fails of it is said, and the commit stands."""
        try:
            await self.copies.settle(text)
            for follower in self._followers:
                await follower.follow(before, text)
        except MachineError as error:
            self._journal.note(EventKind.MACHINE, f"committed, but could not {error}", grade=Grade.WARNING)

    async def _counted(self) -> SessionCounts:
        """Return how many sessions hosts have; where that cannot be told, none is named."""
        try:
            return await self._count(self._balancer.running)
        except MachineError:
            return Counter()

    def _committed(self, pending: Pending) -> Revision:
        return self._history.commit(pending.text, at=self._now(), author=pending.author, message=pending.message)

    async def _revert(self, pending: Pending, why: str, tell: Tell = silence) -> str:
        """Bring back what was committed, and return its name. Raises MachineError, OperationFailed; it is tried again."""
        self._pending, self._why = replace(pending, stage=Stage.REVERTING), why
        with suppress(MachineError):  # the row says already that it has a time; a full disk must not keep it in effect
            await self._keep(self._pending)
        text, name = await asyncio.to_thread(self._newest)  # the disk may have kept a commit that it did not admit to
        refusal = self._balancer.running.facts.no_nftables
        judged, facts = await judge_here(text, self._machine, refusal, Use.COMMITTED)
        if judged.configuration is None:
            raise OperationFailed(Rejected(diagnostics=judged.diagnostics, name=name))
        try:
            await self._balancer.reload(judged.configuration, name, facts, tell, back=True)
        except RehearsalRefused as refused:
            raise OperationFailed(Rejected(diagnostics=refused.diagnostics, name=name)) from refused
        await self._keep(None)
        self._trouble = ""
        words = f"the deployment of {pending.author} was taken back, {name} is in effect: {why}"
        self._journal.note(EventKind.CONFIGURATION, words, grade=Grade.WARNING, state="reverted", number=pending.base)
        return name

    async def _try_to_revert(self, pending: Pending, why: str) -> None:
        try:
            await self._revert(pending, why)
        except (OperationFailed, MachineError) as error:
            trouble = f"the deployment of {pending.author} could not be taken back: {error}"
            if trouble != self._trouble:
                self._journal.note(EventKind.MACHINE, trouble, grade=Grade.WARNING)
            self._trouble = trouble

    async def _try_to_forget(self) -> None:
        """Keep no deployment any more; where that fails too, what failed first is told, and `watch` does it later."""
        with suppress(MachineError):
            await self._keep(None)

    async def _keep(self, pending: Pending | None) -> None:
        await asyncio.to_thread(self._history.keep, pending)
        self._pending = pending

    def _newest(self) -> tuple[bytes, str]:
        return committed(self._history, number_of(self._history.newest()))

    def _find(self, number: int | None) -> Revision | None:
        return self._history.newest() if number is None else self._history.revision(number)

    def _nothing_else(self) -> None:
        if self._pending is not None:
            until = f"{self._pending.until.astimezone():%H:%M:%S}"
            words = f"a deployment of {self._pending.author} waits for its commit until {until}: commit or cancel it first"
            if self._pending.stage is not Stage.TESTING:
                words = f"a deployment of {self._pending.author} is being taken back: try again when that is done"
                words = (self._trouble and f"{self._trouble}; `bascule commit` keeps it") or words
            raise OperationFailed(Busy(message=words))

    def _waiting(self) -> Pending:
        if self._pending is None or not (self._pending.stage is Stage.TESTING or self._trouble):
            raise OperationFailed(NotFound(message="no deployment waits for a commit"))
        return self._pending


def _left(found: Pending | None, running: Running) -> Pending | None:
    """Return the deployment that a start has found: one that it did not go on with is to be forgotten."""
    if found is None or running.name == uncommitted(found.base):
        return found
    return replace(found, stage=Stage.REVERTING)


def _situation(running: Running) -> Situation:
    return Situation(running.plan, running.hosts.states())


def committed(history: History, number: int) -> tuple[bytes, str]:
    """Return the text of a revision and what it is called; 0 stands for what runs before the first. Raises MachineError."""
    if not number:
        return NOTHING, "no configuration"
    revision = history.revision(number)
    if revision is None:
        raise MachineError(f"read revision {number}", "it is gone")
    return revision.text, f"revision {number}"


def uncommitted(base: int) -> str:
    """Return what a deployment over a revision is called until it is committed."""
    return f"revision {base + 1}, not committed"


def revision_row(revision: Revision | Head) -> RevisionRow:
    """Return a revision as it is listed."""
    return RevisionRow(
        number=revision.number,
        at=revision.at,
        author=revision.author,
        message=revision.message,
        digest=revision.digest,
    )


def _moved_on(base: int, newest: Revision | None) -> str:
    if newest is None:
        return f"there is no revision {base}"
    return (
        f"revision {base} is not the newest any more: {newest.author} committed revision {newest.number} "
        f"at {newest.at.astimezone():%Y-%m-%d %H:%M:%S}"
    )

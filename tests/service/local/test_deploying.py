"""A deployment goes live for a time; it stays when it is committed, and is taken back in every other case."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.facts import Facts, TableFile
from bascule.config.load import load
from bascule.config.model import Configuration
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.deploy.transaction import RehearsalRefused
from bascule.plan.model import Plan
from bascule.service.deployment import Compare, Deploy, LoadCopy
from bascule.service.events import Event
from bascule.service.failures import Busy, Conflict, NotFound, OperationFailed, Rejected
from bascule.service.local.account_book import AccountBook
from bascule.service.local.administrators import Administrators
from bascule.service.local.copies import WorkingCopies
from bascule.service.local.deploying import HELD, Deployments
from bascule.service.local.journal import Journal
from bascule.service.local.preparation import rehearsal_plan
from bascule.service.local.rows import SessionCounts
from bascule.service.local.running import Running
from bascule.service.permissions import Role
from bascule.service.request import Origin
from bascule.store.pending import Pending, Stage
from bascule.system.errors import MachineError
from bascule.system.progress import Tell, silence
from bascule.system.visitors import Visitor
from bed.accounts import QUICK, MemoryAccounts
from bed.clock import SteppedClock
from bed.copies import MemoryCopies
from bed.history import FullDisk, MemoryHistory
from bed.wait import eventually
from service.local.situations import FACTS, TWO_SERVICES, running

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE = TWO_SERVICES.encode() + b"system { http-server { port 4433 } }\n"
OTHER = ONE.replace(b"port 443\n", b"port 8443\n")
OBJECTION = Diagnostic.error(Span(), "nftables would not take the rules")


def _beside_the_loop() -> None:
    """Require what takes seconds of hundreds of relays to hold up nobody else."""
    assert threading.current_thread() is not threading.main_thread()


class PretendedBalancer:
    """Takes configurations, unless the test says otherwise."""

    def __init__(self) -> None:
        self.running: Running = running()
        self.trouble: Exception | None = None
        self.loaded: list[str] = []
        self.names: list[str] = []
        self.told: list[str] = []
        self.meets: Callable[[], None] = lambda: None
        self.renewed: Callable[[], None] = lambda: None

    async def reload(
        self,
        configuration: Configuration,
        name: str,
        _: Facts,
        tell: Tell = silence,
        *,
        committed: Configuration | None = None,
        back: bool = False,
    ) -> Sequence[Diagnostic]:
        """Take it; what is tested is told what comes back, and only that."""
        tell("rehearsing the kernel's rules", 1, 4)
        assert (committed is None) == back
        self.meets()
        if self.trouble is not None:
            raise self.trouble
        self.loaded.append(" ".join(str(relay.listens[0].ports[0]) for relay in configuration.load_balancer.relays))
        self.names.append(name)
        return []

    def supposed(self, plan: Plan, *, runs: bool = False) -> Plan:  # noqa: ARG002 - nothing is kept here
        """Return it as it is."""
        _beside_the_loop()
        return plan

    def imagined(self, configuration: Configuration, facts: Facts, committed: Configuration | None = None) -> Plan:
        """Return its plan."""
        del committed
        _beside_the_loop()
        return rehearsal_plan(configuration, facts)

    def tell_trouble(self, trouble: str) -> None:
        """Keep it."""
        self.told.append(trouble)

    async def log_in_anew(self) -> None:
        """Log in with what is known now."""
        self.renewed()

    async def settle_for(self, name: str) -> None:
        """Take the name."""
        self.names.append(name)


class PretendedMachine:
    """A machine of one arm, whose clock the test steps."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.files: dict[str, TableFile] = {}

    async def facts(self, _: str | None = None, __: Questions = NOTHING_TO_ASK, ___: object = ()) -> Facts:
        """Return its facts."""
        return replace(FACTS, table_files=self.files)


class PretendedFile:
    """The committed text for people, in memory."""

    text = b""

    async def follow(self, before: bytes, committed: bytes) -> None:
        """Take the next."""
        del before
        self.text = committed


class Desk:
    """Deployments, and everything that comes of them."""

    def __init__(self, history: MemoryHistory | None = None) -> None:
        self.history = MemoryHistory() if history is None else history
        self.balancer, self.machine = PretendedBalancer(), PretendedMachine()
        self.ahead = timedelta()
        """By how much somebody has set the time of day."""
        self.visitors: list[Visitor] = []
        self.events: list[Event] = []
        journal = Journal(now=self.now, write=self.events.append)
        self.published = PretendedFile()
        self.accounts = MemoryAccounts()
        book = AccountBook(self.accounts, QUICK, now=self.now)
        copies = WorkingCopies(MemoryCopies(), self.history, self.machine, book, now=self.now)
        self.deployments = Deployments(
            self.history,
            self.balancer,
            self.machine,
            journal,
            copies=copies,
            accounts=book,
            administrators=Administrators(lambda _: self.visitors),
            followers=(self.published,),
            count=self.count,
            now=self.now,
        )

    async def count(self, _: Running) -> SessionCounts:
        """Say that no host has a session."""
        return Counter()

    def now(self) -> datetime:
        """Return the time that the stepped clock stands for."""
        return START + timedelta(seconds=self.machine.clock.monotonic() - 1000) + self.ahead

    def states(self) -> list[str]:
        """Return what the events say became of configurations."""
        return [event.state for event in self.events]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Return deployments whose time is watched; revision 1 is committed."""
    desk = Desk()
    desk.history.commit(ONE, at=START, author="alice", message="first")
    watching = asyncio.create_task(desk.deployments.watch())
    yield desk
    watching.cancel()


async def test_what_is_committed_in_time_stays(desk: Desk) -> None:
    """It becomes the next revision, of whoever deployed it, with the message."""
    deployed = await desk.deployments.deploy(Deploy(text=OTHER, seconds=60, message="port 8443"), "bob")
    assert (deployed.revision, deployed.until) == (None, START + timedelta(seconds=60))
    await desk.machine.clock.advance(59)
    committed = await desk.deployments.commit("carol")
    assert committed.sentence == "committed: revision 2 is in effect, as bob deployed it"
    await desk.machine.clock.advance(120)
    newest = desk.history.newest()
    assert newest is not None
    assert (newest.number, newest.text, newest.author, newest.message) == (2, OTHER, "bob", "port 8443")
    assert desk.published.text == OTHER
    assert desk.balancer.loaded == ["8443 143"]
    assert desk.balancer.names == ["revision 2, not committed", "revision 2"]
    assert desk.states() == ["deployed", "committed"]


async def test_what_nobody_commits_is_taken_back_in_time(desk: Desk) -> None:
    """Within a second of its end; nothing waits for a commit any more."""
    await desk.deployments.deploy(Deploy(text=OTHER, seconds=60), "bob")
    assert desk.deployments.pending is not None
    await desk.machine.clock.advance(59.9)
    assert desk.balancer.loaded == ["8443 143"]
    await desk.machine.clock.advance(1)
    await eventually(lambda: desk.deployments.pending is None)
    assert desk.balancer.loaded == ["8443 143", "443 143"]
    assert desk.states() == ["deployed", "reverted"]
    with pytest.raises(OperationFailed) as failed:
        await desk.deployments.commit("bob")
    assert isinstance(failed.value.failure, NotFound)


async def test_a_clock_that_is_set_changes_no_deadline(desk: Desk) -> None:
    """Neither early nor late: the seconds that were asked for count, not the time of day."""
    await desk.deployments.deploy(Deploy(text=OTHER, seconds=60), "bob")
    desk.ahead = timedelta(days=1)
    await desk.machine.clock.advance(59)
    assert desk.balancer.loaded == ["8443 143"]
    desk.ahead = timedelta(days=-1)
    await desk.machine.clock.advance(2)
    await eventually(lambda: desk.deployments.pending is None)
    assert desk.balancer.loaded == ["8443 143", "443 143"]


async def test_who_ends_takes_back_what_nobody_has_committed(desk: Desk) -> None:
    """Nobody would be there to do it in time."""
    await desk.deployments.leave()
    assert desk.balancer.loaded == []
    await desk.deployments.deploy(Deploy(text=OTHER, seconds=60), "bob")
    await desk.deployments.leave()
    assert desk.balancer.loaded == ["8443 143", "443 143"]
    assert (desk.history.pending(), desk.deployments.pending) == (None, None)
    assert "taken back, revision 1 is in effect: Bascule ends" in desk.events[-1].words


async def test_each_stage_is_kept_before_its_step(desk: Desk) -> None:
    """So that a start after a crash knows what may have been done."""
    await desk.deployments.deploy(Deploy(text=OTHER), "bob")
    assert desk.history.stages == ["applying", "testing"]
    await desk.deployments.cancel("bob")
    assert desk.history.stages == ["applying", "testing", "reverting", "none"]
    assert desk.balancer.loaded == ["8443 143", "443 143"]


async def test_a_commit_at_once_needs_no_test(desk: Desk) -> None:
    """For scripts, and for whoever is sure."""
    deployed = await desk.deployments.deploy(Deploy(text=OTHER, commit=True), "bob")
    assert (deployed.revision, desk.deployments.pending) == (2, None)


async def test_one_deployment_at_a_time(desk: Desk) -> None:
    """The second is told whose the first is, and until when."""
    await desk.deployments.deploy(Deploy(text=OTHER), "bob")
    with pytest.raises(OperationFailed, match="a deployment of bob waits for its commit until") as failed:
        await desk.deployments.deploy(Deploy(text=ONE), "carol")
    assert isinstance(failed.value.failure, Busy)


async def test_a_text_from_an_older_revision_is_refused(desk: Desk) -> None:
    """Whoever wrote it has not seen what somebody committed since."""
    await desk.deployments.deploy(Deploy(text=OTHER, commit=True, base=1), "bob")
    with pytest.raises(OperationFailed, match="revision 1 is not the newest any more: bob committed revision 2") as failed:
        await desk.deployments.deploy(Deploy(text=ONE, base=1), "carol")
    assert isinstance(failed.value.failure, Conflict)
    assert desk.balancer.loaded == ["8443 143"]


async def test_the_text_that_runs_is_deployed_again_for_a_file_that_has_changed(desk: Desk) -> None:
    """Its tables hold something else, and nobody else would read it."""
    desk.machine.files = {"/etc/blocked": TableFile(fault="No such file or directory")}
    deployed = await desk.deployments.deploy(Deploy(text=ONE, commit=True), "bob")
    assert (deployed.revision, desk.balancer.loaded) == (2, ["443 143"])


async def test_the_text_that_runs_is_nothing_to_deploy(desk: Desk) -> None:
    """No revision is made that changes nothing."""
    deployed = await desk.deployments.deploy(Deploy(text=ONE), "bob")
    assert deployed.sentence == "nothing to deploy: the text is revision 1, which is in effect"
    assert (desk.balancer.loaded, desk.history.stages) == ([], [])


@pytest.mark.parametrize(
    "trouble", [RehearsalRefused([OBJECTION]), MachineError("set the slots", "no")], ids=["refused", "failed"]
)
async def test_what_the_machine_would_not_leaves_nothing(desk: Desk, trouble: Exception) -> None:
    """The balancer has taken it back; nothing waits for a commit."""
    desk.balancer.trouble = trouble
    with pytest.raises((OperationFailed, MachineError)):
        await desk.deployments.deploy(Deploy(text=OTHER), "bob")
    assert desk.history.stages == ["applying", "none"]
    assert desk.deployments.pending is None


async def test_a_wrong_text_reaches_nobody(desk: Desk) -> None:
    """All that is wrong comes back."""
    with pytest.raises(OperationFailed) as failed:
        await desk.deployments.deploy(Deploy(text=b"load-balancer { listne 1 }"), "bob")
    assert isinstance(failed.value.failure, Rejected)
    assert (desk.balancer.loaded, desk.history.stages) == ([], [])


async def test_what_cannot_be_taken_back_is_tried_again(desk: Desk) -> None:
    """It is said once, in the log and in the status, until it is done."""
    await desk.deployments.deploy(Deploy(text=OTHER), "bob")
    desk.balancer.trouble = MachineError("set the slots", "no space")
    await desk.machine.clock.advance(65)
    await eventually(lambda: bool(desk.deployments.troubles()))
    assert desk.deployments.troubles() == [
        "the deployment of bob could not be taken back: set the slots: no space",
    ]
    assert [event.words for event in desk.events if "could not" in event.words] == list(desk.deployments.troubles())
    pending = desk.history.pending()
    assert pending is not None
    assert pending.stage is Stage.REVERTING
    with pytest.raises(OperationFailed, match="no space; `bascule commit` keeps it"):
        await desk.deployments.deploy(Deploy(text=ONE), "carol")
    desk.balancer.trouble = None
    await desk.machine.clock.advance(6)
    await eventually(lambda: not desk.deployments.troubles())
    assert desk.balancer.loaded == ["8443 143", "443 143"]


async def test_before_the_first_commit_nothing_runs(desk: Desk) -> None:
    """A first deployment that nobody commits leaves no relay behind."""
    fresh = Desk()
    watching = asyncio.create_task(fresh.deployments.watch())
    await fresh.deployments.deploy(Deploy(text=ONE, seconds=5), "bob")
    await fresh.machine.clock.advance(6)
    await eventually(lambda: fresh.deployments.pending is None)
    watching.cancel()
    assert (fresh.balancer.loaded, fresh.balancer.names[-1]) == (["443 143", ""], "no configuration")
    assert desk.history.revision(1) is not None


async def test_a_deployment_that_takes_hosts_out_is_taken_back(desk: Desk) -> None:
    """At once, with their names; not where it was told to stand."""
    for ignored in (True, False):
        desk.balancer.running = running()
        await desk.deployments.deploy(Deploy(text=OTHER, seconds=60, ignore_health=ignored), "bob")
        desk.balancer.running = running(("HTTPS", "EX1"), ("HTTPS", "EX2"), text=OTHER.decode())
        await desk.machine.clock.advance(2)
        if ignored:
            await desk.deployments.cancel("bob")
        else:
            await eventually(lambda: desk.deployments.pending is None)
    assert desk.events[-1].words.endswith("hosts went down by it: EX1 in relay HTTPS, EX2 in relay HTTPS")


async def test_what_cannot_be_taken_back_may_be_kept(desk: Desk) -> None:
    """It is what runs; whoever sees that it is well commits it, and nothing is wrong any more."""
    await desk.deployments.deploy(Deploy(text=OTHER), "bob")
    desk.balancer.trouble = MachineError("set the slots", "no space")
    await desk.machine.clock.advance(65)
    await eventually(lambda: bool(desk.deployments.troubles()))
    assert (await desk.deployments.commit("carol")).revision == 2
    assert (desk.deployments.troubles(), desk.deployments.pending) == ([], None)


async def test_what_was_refused_at_the_start_is_tried_again(desk: Desk) -> None:
    """By itself after a time; and at once where somebody deploys it, though it is the newest revision."""
    desk.balancer.running = replace(running(), held=True)
    desk.balancer.trouble = MachineError("listen on 10.80.0.10:443", "Address already in use")
    await desk.machine.clock.advance(HELD + 1)
    await eventually(lambda: bool(desk.balancer.told))
    assert desk.balancer.told == ["revision 1 cannot be put into effect: listen on 10.80.0.10:443: Address already in use"]
    with pytest.raises(MachineError, match="Address already in use"):
        await desk.deployments.deploy(Deploy(text=ONE), "bob")
    desk.balancer.trouble = None
    await desk.machine.clock.advance(HELD + 1)
    await eventually(lambda: "revision 1" in desk.balancer.names)
    desk.balancer.running = running()


async def test_a_deployment_that_a_start_has_left_is_forgotten() -> None:
    """The row could not be deleted then; it is never what runs."""
    history = MemoryHistory()
    history.commit(ONE, at=START, author="alice", message="first")
    left = Pending(stage=Stage.TESTING, base=1, text=OTHER, author="bob", message="", until=START + timedelta(seconds=60))
    history.keep(left)
    desk = Desk(history)
    with pytest.raises(OperationFailed, match="no deployment waits"):
        await desk.deployments.commit("bob")
    watching = asyncio.create_task(desk.deployments.watch())
    await desk.machine.clock.advance(1)
    await eventually(lambda: history.pending() is None)
    watching.cancel()


async def test_the_first_cause_is_told_where_the_disk_is_full_too() -> None:
    """What failed in the machine, not that the row could not be deleted; which is done later."""
    disk = FullDisk()
    desk = Desk(disk)
    desk.history.commit(ONE, at=START, author="alice", message="first")

    def full() -> None:
        disk.full = True
        raise MachineError("set the slots", "no memory")

    desk.balancer.meets = full
    with pytest.raises(MachineError, match="set the slots: no memory"):
        await desk.deployments.deploy(Deploy(text=OTHER), "bob")
    disk.full = False
    desk.balancer.meets = lambda: None
    watching = asyncio.create_task(desk.deployments.watch())
    await desk.machine.clock.advance(1)
    await eventually(lambda: desk.history.pending() is None)
    watching.cancel()


async def test_a_commit_that_the_disk_kept_without_admitting_it(desk: Desk) -> None:
    """What is the newest revision is what runs."""
    await desk.deployments.deploy(Deploy(text=OTHER), "bob")
    desk.history.commit(OTHER, at=START, author="bob", message="")
    await desk.deployments.cancel("bob")
    assert desk.balancer.names[-1] == "revision 2"


async def test_a_full_disk_keeps_nothing_in_effect() -> None:
    """What was committed runs again in time, and the row is deleted when that can be written."""
    disk = FullDisk()
    desk = Desk(disk)
    watching = asyncio.create_task(desk.deployments.watch())
    desk.history.commit(ONE, at=START, author="alice", message="first")
    await desk.deployments.deploy(Deploy(text=OTHER, seconds=5), "bob")
    disk.full = True
    await desk.machine.clock.advance(6)
    await eventually(lambda: desk.balancer.loaded[-1:] == ["443 143"])
    disk.full = False
    await desk.machine.clock.advance(6)
    await eventually(lambda: desk.history.pending() is None)
    watching.cancel()


async def test_what_a_working_copy_changes_is_told_before_it_is_deployed(desk: Desk) -> None:
    """In the sentences that its deployment would say; and of one revision over another."""
    desk.history.commit(OTHER, at=START, author="alice", message="second")
    await desk.deployments.copies.load(LoadCopy(text=ONE), "bob")
    back = (await desk.deployments.compare(Compare(), "bob")).changes
    assert any("443" in sentence for sentence in back)
    assert (await desk.deployments.compare(Compare(old=2, new=1), "bob")).changes == back
    assert (await desk.deployments.compare(Compare(old=1), "bob")).changes == ()
    assert (await desk.deployments.compare(Compare(text=ONE), "alice")).changes == back
    assert (await desk.deployments.copies.show("alice")).at is None
    with pytest.raises(OperationFailed, match="there is no revision 7"):
        await desk.deployments.compare(Compare(old=7), "bob")


async def test_what_cannot_run_changes_nothing_that_could_be_told(desk: Desk) -> None:
    """And that is said."""
    await desk.deployments.copies.load(LoadCopy(text=b"load-balancer {"), "bob")
    compared = await desk.deployments.compare(Compare(), "bob")
    assert (compared.changes, compared.untold) == (
        (),
        "what it changes cannot be told: it cannot run here, and `check` says why",
    )


async def test_a_password_leaves_the_text_and_the_text_still_loads(desk: Desk) -> None:
    """Also where no blank stood before it; the account comes with the commit, and not from an operator's text."""
    user = b'system { authentication { user "carol" { role viewer; password"secret12" } }; '
    text = OTHER.replace(b"system { ", user)
    with pytest.raises(OperationFailed, match="carol, who has no account"):
        await desk.deployments.deploy(Deploy(text=text), "bob", role=Role.OPERATOR)
    await desk.deployments.deploy(Deploy(text=text), "bob")
    committed = await desk.deployments.commit("bob")
    assert "carol has an account now, as a viewer" in committed.changes
    newest = desk.history.newest()
    assert newest is not None
    assert b"secret12" not in newest.text
    assert load(newest.text).configuration is not None
    account = desk.accounts.account("carol")
    assert account is not None
    assert QUICK.fits(account.password, "secret12")


async def test_it_tells_how_far_it_is(desk: Desk) -> None:
    """From the judgement over what the engines do to the revision; what is taken back likewise."""
    told: list[str] = []

    def tell(step: str, _: int, __: int, /) -> None:
        told.append(step)

    await desk.deployments.deploy(Deploy(text=OTHER, commit=True), "bob", tell)
    assert told == [
        "judging the configuration",
        "rehearsing the kernel's rules",
        "keeping the revision",
        "writing it for people and the next boot, and a backup",
    ]
    told.clear()
    await desk.deployments.deploy(Deploy(text=ONE), "bob")
    await desk.deployments.cancel("bob", tell)
    assert told == ["rehearsing the kernel's rules"]


SHUT = OTHER + b"firewall { zone internal { from 10.80.0.0/24 } }\n"


async def test_who_is_connected_is_not_shut_out(desk: Desk) -> None:
    """Nothing is changed, and the rule that would do it is named; who says so deploys it all the same."""
    desk.visitors.append(Visitor(source=ip_address("10.80.1.1"), to=ip_address("10.80.0.2"), port=22))
    with pytest.raises(OperationFailed) as refused:
        await desk.deployments.deploy(Deploy(text=SHUT), "bob")
    failure = refused.value.failure
    assert isinstance(failure, Rejected)
    assert [each.message.partition(":")[0] for each in failure.diagnostics] == [
        "this would shut out ssh from 10.80.1.1, port 22"
    ]
    assert desk.states() == []
    await desk.deployments.deploy(Deploy(text=SHUT, force=True), "bob")
    assert desk.states() == ["deployed"]


async def test_who_asks_from_a_port_of_his_own_is_not_shut_out(desk: Desk) -> None:
    """Sshd may listen anywhere: the one who asks says where he came."""
    origin = Origin(source="10.80.0.9", to="10.80.0.2", port=2222)
    with pytest.raises(OperationFailed):
        await desk.deployments.deploy(Deploy(text=SHUT, origin=origin), "bob")
    opened = SHUT.replace(b"firewall {", b"firewall { pass in proto tcp port 2222;")
    await desk.deployments.deploy(Deploy(text=opened, origin=origin), "bob")
    assert desk.states() == ["deployed"]


async def test_without_a_firewall_nobody_is_looked_for(desk: Desk) -> None:
    """A machine that cannot tell who is connected deploys such a text."""
    desk.visitors.append(Visitor(source=ip_address("10.80.1.1"), to=ip_address("10.80.0.2"), port=22))
    await desk.deployments.deploy(Deploy(text=OTHER), "bob")
    assert desk.states() == ["deployed"]

"""A restore asks who one is, changes what is kept at once, and leaves what runs to a deployment."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bascule.service.accounts import AddAccount, ChangePassword, ChangeRole
from bascule.service.deployment import Deploy
from bascule.service.events import Event
from bascule.service.failures import Busy, Conflict, Failure, Forbidden, NotFound, OperationFailed
from bascule.service.local.account_book import AccountBook
from bascule.service.local.administrators import Administrators
from bascule.service.local.copies import WorkingCopies
from bascule.service.local.deploying import Deployments
from bascule.service.local.journal import Journal
from bascule.service.local.logins.book import LoginBook
from bascule.service.local.logins.codes import Codes
from bascule.service.local.logins.token_book import TokenBook
from bascule.service.local.restoring import Restoring
from bascule.service.local.rows import SessionCounts
from bascule.service.local.running import Running
from bascule.service.logins import Bearer, LogIn
from bascule.service.permissions import Role
from bascule.service.request import Context
from bascule.service.restoring import UPLOADED, PersonRow, RestoreBackup, Restored, ShowBackup, UploadBackup
from bascule.service.second_factor import BeginTotp, ConfirmTotp
from bascule.store.accounts import DatabaseAccounts
from bascule.store.backups import FOLDER, back_up, look_at
from bascule.store.copies import DatabaseCopies
from bascule.store.database import Database, open_database
from bascule.store.history import DatabaseHistory
from bascule.store.second_factors import DatabaseSecondFactors
from bascule.store.secrets import DatabaseSecrets
from bascule.store.tokens import DatabaseTokens
from bed.accounts import QUICK
from bed.factors import code_of
from service.local.test_deploying import ONE, OTHER, START, PretendedBalancer, PretendedMachine

PASSWORD = "correct horse"
ROOT = Context(uid=0, pid=1, user="root", role=Role.ADMINISTRATOR)


class House:
    """A Bascule over a file of its own."""

    def __init__(self, database: Database, state: Path) -> None:
        self.database, self.state = database, state
        self.now = START
        self.events: list[Event] = []
        self.history = DatabaseHistory(database)
        self.balancer, machine = PretendedBalancer(), PretendedMachine()
        journal = Journal(now=self.time, write=self.events.append)
        self.accounts = AccountBook(DatabaseAccounts(database), QUICK, now=self.time)
        self.deployments = Deployments(
            *(self.history, self.balancer, machine, journal),
            copies=WorkingCopies(DatabaseCopies(database), self.history, machine, self.accounts, now=self.time),
            accounts=self.accounts,
            administrators=Administrators(lambda _: ()),
            followers=(),
            count=self.count,
            now=self.time,
        )
        self.logins = LoginBook(
            *(self.accounts, QUICK, machine.clock.monotonic),
            codes=Codes(DatabaseSecondFactors(database), machine.clock.monotonic, now=self.time),
            tokens=TokenBook(DatabaseTokens(database), self.accounts, now=self.time),
            now=self.time,
        )
        self.secrets = DatabaseSecrets(database, draw=lambda: "00000000")
        self.restoring = Restoring(
            *(database, state),
            deployments=self.deployments,
            balancer=self.balancer,
            logins=self.logins,
            secrets=self.secrets,
            journal=journal,
            now=self.time,
        )

    def time(self) -> datetime:
        """Return it."""
        return self.now

    async def count(self, _: Running) -> SessionCounts:
        """Say that no host has a session."""
        return Counter()

    async def log_in(self, name: str, code: str = "") -> Context:
        """Return who asks by the pages."""
        asked = LogIn(name=name, password=PASSWORD, code=code, source="10.0.0.1")
        token = (await self.logins.log_in(asked)).token
        return Context(uid=1, pid=1, user=name, role=Role.ADMINISTRATOR, source="10.0.0.1", token=token)

    async def known(self, context: Context) -> bool:
        """Tell whether somebody is still logged in."""
        return await self.logins.borne(Bearer(token=context.token, source="10.0.0.1")) is not None

    async def bring(self, content: bytes, part: int = 10_000) -> str:
        """Bring a backup along, in parts."""
        upload, name = None, ""
        for at in range(0, len(content), part):
            asked = UploadBackup(upload=upload, content=content[at : at + part], last=at + part >= len(content))
            came = await self.restoring.upload(asked)
            upload, name = came.upload, came.name
        return name

    async def restore(self, context: Context = ROOT, name: str = UPLOADED, password: str = "", code: str = "") -> Restored:
        """Look at a backup, and restore it."""
        digest = (await self.restoring.look(ShowBackup(name=name), context)).digest
        return await self.restoring.restore(RestoreBackup(name=name, digest=digest, password=password, code=code), context)

    def saved(self) -> bytes:
        """Return a backup of what is kept now."""
        return back_up(self.state, self.state / "copy.db").path.read_bytes()

    def backups(self) -> list[str]:
        """Return what lies among the backups."""
        return sorted(path.name for path in (self.state / FOLDER).iterdir())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return one that runs its first revision."""
    with closing(open_database(tmp_path)) as database:
        (tmp_path / FOLDER).mkdir()
        made = House(database, tmp_path)
        made.history.commit(ONE, at=START, author="alice", message="first")
        yield made


async def refused(house: House, context: Context, kind: type[Failure], said: str, **words: str) -> None:
    """Have a restore be refused, and nothing be another by it."""
    before = [house.history.newest(), house.backups()]
    with pytest.raises(OperationFailed, match=said) as failed:
        await house.restore(context, **words)
    assert isinstance(failed.value.failure, kind)
    assert [house.history.newest(), house.backups()] == before


async def test_what_runs_goes_on_and_the_text_waits(house: House) -> None:
    """The next start would run the same; the revision to deploy is named, and makes no account when it is committed."""
    for name in ("alice", "bob"):
        await house.accounts.add(AddAccount(name=name, role=Role.ADMINISTRATOR, password=PASSWORD))
    saved = house.saved()
    await house.deployments.deploy(Deploy(text=OTHER, commit=True), "bob")
    await house.accounts.change_password(ChangePassword(name="bob", password="battery staple"), ROOT)
    await house.accounts.add(AddAccount(name="carol", role=Role.VIEWER))
    names = list(house.balancer.names)
    assert await house.bring(saved) == UPLOADED
    found = await house.restoring.look(ShowBackup(name=UPLOADED), ROOT)
    assert (found.revisions, found.same, found.text.encode()) == (1, False, ONE)
    assert found.history == "the history stays as it is: 1 revision came after the backup"
    assert any("8443" in change for change in found.changes), found.changes
    assert found.people == (
        PersonRow(name="bob", now="administrator", then="administrator", proof=True),
        PersonRow(name="carol", now="viewer", then=""),
    )
    restored = await house.restore()
    assert (restored.revision, restored.newest, restored.ended) == (1, 2, ("bob", "carol"))
    assert house.balancer.loaded == ["8443 143"]
    assert house.balancer.names == [*names, "revision 2"]
    assert [row.name for row in (await house.accounts.rows()).rows] == ["alice", "bob"]
    assert look_at(house.state / FOLDER / restored.kept).revisions == 2
    assert house.events[-1].state == "restored"
    await house.deployments.deploy(Deploy(text=ONE, again=True), "root")
    assert (await house.deployments.cancel("root")).revision == 2
    assert house.balancer.loaded == ["8443 143", "443 143", "8443 143"]
    deployed = await house.deployments.deploy(Deploy(text=ONE, again=True, commit=True), "root")
    assert deployed.revision == 3


async def test_checks_log_in_with_what_the_backup_brings(house: House) -> None:
    """A text may run already whose labels meant nothing here before."""
    house.secrets.keep({"3f9a1c22": "login probe\ns3cret"})
    saved = house.saved()
    with house.database.transaction() as change:
        change.execute("DELETE FROM secrets")
    house.secrets.read_again()
    assert await house.bring(saved) == UPLOADED
    known: list[str] = []
    house.balancer.renewed = lambda: known.append(house.secrets.secret("3f9a1c22"))
    await house.restore()
    assert known == ["login probe\ns3cret"]


async def test_logins_end_where_accounts_change(house: House) -> None:
    """Those of the others go on."""
    for name, role in (("alice", Role.ADMINISTRATOR), ("bob", Role.OPERATOR)):
        await house.accounts.add(AddAccount(name=name, role=role, password=PASSWORD))
    await house.bring(house.saved())
    await house.accounts.change_role(ChangeRole(name="bob", role=Role.ADMINISTRATOR))
    alice, bob = await house.log_in("alice"), await house.log_in("bob")
    found = await house.restoring.look(ShowBackup(name=UPLOADED), bob)
    assert found.doubts == ("you are operator there: your login ends, and you may do no more than that afterwards",)
    restored = await house.restore(alice, password=PASSWORD)
    assert (restored.ended, restored.revision, restored.newest) == (("bob",), 0, 1)
    assert [await house.known(each) for each in (alice, bob)] == [True, False]


async def test_by_the_pages_one_proves_again_who_one_is(house: House) -> None:
    """With the password, and the code where logins need one; a token is never enough, and guesses are counted."""
    await house.accounts.add(AddAccount(name="alice", role=Role.ADMINISTRATOR, password=PASSWORD))
    await house.bring(house.saved())
    alice = await house.log_in("alice")
    await refused(house, alice, Forbidden, "the password is not the one")
    offered = await house.logins.begin_totp(BeginTotp(password=PASSWORD), alice, "lb1")
    code = code_of(offered.secret, house.now)
    await house.logins.confirm_totp(ConfirmTotp(code=code), alice)
    await refused(house, alice, Forbidden, "the code is not right", password=PASSWORD, code=code)
    program = Context(uid=1, pid=1, user="alice", role=Role.ADMINISTRATOR, token="bsc_x", program="script")
    await refused(house, program, Forbidden, "a token may not do that", password=PASSWORD)
    house.now += timedelta(seconds=60)
    restored = await house.restore(alice, password=PASSWORD, code=code_of(offered.secret, house.now))
    assert restored.ended == ("alice",)
    assert not await house.known(alice)


async def test_nothing_is_restored_while_a_deployment_waits(house: House) -> None:
    """It would be taken back to a revision that is not there any more."""
    await house.bring(house.saved())
    await house.deployments.deploy(Deploy(text=OTHER), "bob")
    await refused(house, ROOT, Busy, "a deployment of bob waits")


async def test_only_what_was_looked_at_is_restored(house: House) -> None:
    """Another upload may have come meanwhile; and what does not lie among the backups is none."""
    await house.bring(house.saved())
    found = await house.restoring.look(ShowBackup(name=UPLOADED), ROOT)
    await house.accounts.add(AddAccount(name="eve", role=Role.ADMINISTRATOR))
    await house.bring(house.saved())
    for name, kind in ((UPLOADED, Conflict), ("../bascule.db", NotFound), ("replaced.db", NotFound)):
        with pytest.raises(OperationFailed) as failed:
            await house.restoring.restore(RestoreBackup(name=name, digest=found.digest), ROOT)
        assert isinstance(failed.value.failure, kind)


async def test_an_upload_that_is_none_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the one before stays: too long, of two at once, or no backup."""
    saved = house.saved()
    await house.bring(saved)
    with pytest.raises(OperationFailed, match="this file cannot be restored: it is no backup of Bascule's"):
        await house.bring(b"#!/bin/sh\n" * 5000)
    first = await house.restoring.upload(UploadBackup(content=b"one"))
    second = await house.restoring.upload(UploadBackup(content=saved[:10_000]))
    with pytest.raises(OperationFailed, match="another upload began meanwhile"):
        await house.restoring.upload(UploadBackup(upload=first.upload, content=b"one"))
    with pytest.raises(OperationFailed, match="cannot be restored: it is damaged"):
        await house.restoring.upload(UploadBackup(upload=second.upload, content=b"", last=True))
    monkeypatch.setattr("bascule.service.local.uploads.LONGEST_BACKUP", 2**20)
    with pytest.raises(OperationFailed, match="1 MiB at most"):
        await house.bring(bytes(2**20 + 1), part=2**19)
    assert house.backups() == [UPLOADED]
    assert (house.state / FOLDER / UPLOADED).read_bytes() == saved


async def test_a_backup_nobody_can_log_in_by_says_so(house: House) -> None:
    """Before it is too late."""
    await house.bring(house.saved())
    await house.accounts.add(AddAccount(name="alice", role=Role.ADMINISTRATOR, password=PASSWORD))
    found = await house.restoring.look(ShowBackup(name=UPLOADED), await house.log_in("alice"))
    assert [doubt.partition(":")[0] for doubt in found.doubts] == [
        "no administrator of the backup has a password",
        "your own account, alice, is not in the backup",
    ]

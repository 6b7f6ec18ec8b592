"""Accounts come and go by who may, or with a text; the last administrator stays."""

from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bascule.config.kinds.kept import password
from bascule.config.load import load
from bascule.config.model import User
from bascule.service.accounts import AddAccount, ChangePassword, ChangeRole, RemoveAccount
from bascule.service.failures import Conflict, Forbidden, NotFound, OperationFailed
from bascule.service.local.account_book import MOST_PROPOSED, AccountBook
from bascule.service.permissions import Role
from bascule.service.request import Context
from bascule.store.database import open_database
from bascule.store.secrets import DatabaseSecrets
from bed.accounts import QUICK, MemoryAccounts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = Context(uid=0, pid=1, user="root", role=Role.ADMINISTRATOR)
ALICE = Context(uid=1001, pid=2, user="alice", role=Role.VIEWER)
TEXT = b'system {\n\tauthentication {\n\t\tuser "carol" { role operator; password "battery staple" }\n\t}\n}\n'
LOGIN = """load-balancer {
	table <exchange> { 10.80.2.1 }
	relay "IMAP" { listen on 10.80.0.10 port 143; forward to <exchange> check imap tls login "probe" password %s }
}
"""


class Book(AccountBook):
    """Accounts in memory."""

    def __init__(self) -> None:
        self.kept = MemoryAccounts()
        super().__init__(self.kept, QUICK, now=lambda: NOW)

    def fits(self, name: str, password: str) -> bool:
        """Whether a password opens an account."""
        account = self.kept.account(name)
        return account is not None and QUICK.fits(account.password, password)


@pytest.fixture
def book() -> Book:
    """Return one without an account."""
    return Book()


async def test_an_account_is_made_changed_and_removed(book: Book) -> None:
    """With a password that fits, and is changed."""
    made = await book.add(AddAccount(name="bob", role=Role.OPERATOR, password="correct horse"))
    assert made.sentence == "bob is an operator now"
    assert book.fits("bob", "correct horse")
    await book.change_password(ChangePassword(name="bob", password="battery staple"), ROOT)
    assert book.fits("bob", "battery staple")
    assert (await book.change_role(ChangeRole(name="bob", role=Role.VIEWER))).sentence == "bob is a viewer now"
    assert [(row.name, row.role, row.password) for row in (await book.rows()).rows] == [("bob", Role.VIEWER, True)]
    await book.remove(RemoveAccount(name="bob"))
    assert (await book.rows()).rows == ()


async def test_the_last_administrator_stays(book: Book) -> None:
    """Neither removed nor demoted, until there is another."""
    await book.add(AddAccount(name="alice", role=Role.ADMINISTRATOR))
    await book.add(AddAccount(name="bob", role=Role.OPERATOR))
    demote = ChangeRole(name="alice", role=Role.OPERATOR)
    for refused in (book.remove(RemoveAccount(name="alice")), book.change_role(demote)):
        with pytest.raises(OperationFailed, match="alice is the last administrator"):
            await refused
    await book.change_role(ChangeRole(name="bob", role=Role.ADMINISTRATOR))
    await book.remove(RemoveAccount(name="alice"))
    with pytest.raises(OperationFailed, match="bob is the last administrator"):
        await book.remove(RemoveAccount(name="bob"))


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("bob", "correct horse", "there is an account bob already"),
        ("carol", "short", "shorter than 8"),
        ("caroline", "Caroline", "equals the name"),
        (" carol", None, "begins or ends with a blank"),
        ("ca\nrol", None, "control character"),
    ],
)
async def test_what_cannot_be_an_account_is_refused(book: Book, name: str, password: str | None, why: str) -> None:
    """With the reason, and no account."""
    await book.add(AddAccount(name="bob", role=Role.VIEWER))
    with pytest.raises(OperationFailed, match=why) as failed:
        await book.add(AddAccount(name=name, role=Role.VIEWER, password=password))
    assert isinstance(failed.value.failure, Conflict)
    assert len((await book.rows()).rows) == 1


async def test_ones_own_password_takes_the_old_one(book: Book) -> None:
    """And no other account's is within reach."""
    await book.add(AddAccount(name="alice", role=Role.VIEWER, password="correct horse"))
    await book.add(AddAccount(name="bob", role=Role.VIEWER, password="correct horse"))
    for name, old in (("alice", None), ("alice", "correct house"), ("bob", "correct horse")):
        with pytest.raises(OperationFailed) as failed:
            await book.change_password(ChangePassword(name=name, password="battery staple", old=old), ALICE)
        assert isinstance(failed.value.failure, Forbidden)
    await book.change_password(ChangePassword(name="alice", password="battery staple", old="correct horse"), ALICE)
    assert (book.fits("alice", "battery staple"), book.fits("bob", "battery staple")) == (True, False)


async def test_who_is_not_there_cannot_be_changed(book: Book) -> None:
    """And that is said."""
    with pytest.raises(OperationFailed) as failed:
        await book.remove(RemoveAccount(name="dave"))
    assert isinstance(failed.value.failure, NotFound)


async def test_a_text_makes_the_accounts_it_adds(book: Book) -> None:
    """With the password that its author wrote; the text itself has none any more."""
    kept = await book.sealed(TEXT, "alice")
    assert b"battery" not in kept
    assert await book.settle(b"", kept, "alice") == ["carol has an account now, as an operator"]
    assert book.fits("carol", "battery staple")


async def test_the_password_of_a_login_is_kept_for_the_text_that_has_its_label(tmp_path: Path) -> None:
    """A draft's new one has another label, so that what runs logs in with the old one; `set` in its place stays."""
    with closing(open_database(tmp_path)) as database:
        labels = (f"{number:08x}" for number in range(9))
        kept = DatabaseSecrets(database, draw=partial(next, labels))
        book = AccountBook(MemoryAccounts(), QUICK, now=lambda: NOW, secrets=kept)
        text = LOGIN.encode()
        runs, draft = [await book.sealed(text % each, "alice") for each in (b'"s3cret"', b'"half-ty"')]
        assert (runs, draft) == (text % b'"<set 00000000>"', text % b'"<set 00000001>"')
        assert await book.sealed(text % b'"s3cret"', "bob") == await book.sealed(runs, "bob") == runs
        assert await book.sealed(text % b"set", "alice") == text % b"set"
        assert password("probe", "<set 00000000>", kept.secret) == "s3cret"
        told = []
        for each in (runs, text % b"set"):
            configuration = load(each).configuration
            assert configuration is not None
            told.append(book.lacking(configuration))
        lacks = 'the check of relay "IMAP" cannot log in as probe: the password is not kept here; write it once, plain'
        assert told == [[], [lacks]]


async def test_addresses_of_webhooks_and_communities_are_kept_for_those_who_send_them(tmp_path: Path) -> None:
    """They leave the text, which loads as before; the same one again has the label that it had."""
    with closing(open_database(tmp_path)) as database:
        labels = (f"{number:08x}" for number in range(9))
        kept = DatabaseSecrets(database, draw=partial(next, labels))
        book = AccountBook(MemoryAccounts(), QUICK, now=lambda: NOW, secrets=kept)
        text = b'alert "a" { webhook "https://a.example/T0" }\nsnmp { community "c0mm"; from ::1 }\n'
        sealed = (
            b'alert "a" { webhook "https://a.example/<set 00000000>" }\nsnmp { community "<set 00000001>"; from ::1 }\n'
        )
        assert await book.sealed(text, "alice") == await book.sealed(text, "bob") == sealed
        assert await book.sealed(sealed, "alice") == sealed
        known, unknown = (
            load(b"system { " + each + b"}").configuration for each in (sealed, sealed.replace(b"0000", b"0009"))
        )
        assert known is not None
        assert unknown is not None
        assert book.lacking(known) == []
        assert [said.rpartition(": ")[2] for said in book.lacking(unknown)] == [
            "its address is not kept here; write it once, whole",
            "the one of the text is not kept here; write it once",
        ]
        assert (kept.secret("00000000"), kept.secret("00000001")) == ("https://a.example/T0", "community c0mm")


async def test_what_another_wrote_opens_nothing(book: Book) -> None:
    """Bob's password for carol is not the one of the text that alice deployed."""
    await book.sealed(TEXT.replace(b"battery", b"bobs own"), "bob")
    kept = await book.sealed(TEXT, "alice")
    await book.settle(b"", kept, "alice")
    assert not book.fits("carol", "bobs own staple")
    assert book.fits("carol", "battery staple")


async def test_a_text_only_documents_an_account_there_is(book: Book) -> None:
    """Neither its role nor its password changes, and where they differ that is said."""
    await book.add(AddAccount(name="carol", role=Role.VIEWER, password="correct horse"))
    kept = await book.sealed(TEXT, "alice")
    assert await book.settle(b"", kept, "alice") == []
    assert book.fits("carol", "correct horse")


async def test_who_may_make_no_account_may_not_have_one_made(book: Book) -> None:
    """Else an administrator's commit would make the one that an operator wrote."""
    users = [User(name="carol", role="administrator")]
    await book.require_known(users, Role.ADMINISTRATOR, "alice")
    with pytest.raises(OperationFailed, match="a user carol, who has no account: bob is operator and may make none"):
        await book.require_known(users, Role.OPERATOR, "bob")
    await book.add(AddAccount(name="carol", role=Role.VIEWER))
    await book.require_known(users, Role.OPERATOR, "bob")


async def test_an_account_that_was_removed_does_not_come_back_by_itself(book: Book) -> None:
    """Its statement stood in the text before already."""
    kept = await book.sealed(TEXT, "alice")
    await book.settle(b"", kept, "alice")
    await book.add(AddAccount(name="root2", role=Role.ADMINISTRATOR))
    await book.remove(RemoveAccount(name="carol"))
    assert await book.settle(kept, kept + b"\n# more\n", "alice") == []
    assert [row.name for row in (await book.rows()).rows] == ["root2"]


async def test_a_text_brings_passwords_for_so_many_accounts_and_no_more(book: Book) -> None:
    """Whoever may write one keeps the machine busy for a bounded time; accounts that there are cost nothing."""

    def users(count: int) -> bytes:
        rows = "".join(f'\t\tuser "u{n}" {{ password "battery staple" }}\n' for n in range(count))
        return f"system {{\n\tauthentication {{\n{rows}\t}}\n}}\n".encode()

    with pytest.raises(OperationFailed, match="passwords for 101 new accounts"):
        await book.sealed(users(MOST_PROPOSED + 1), "alice")
    assert not book.kept.proposed("alice", "u0")
    await book.add(AddAccount(name="u0", role=Role.VIEWER))
    assert b"battery" not in await book.sealed(users(MOST_PROPOSED + 1), "alice")
    assert book.kept.proposed("alice", "u1")

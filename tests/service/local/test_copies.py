"""Two administrators who edit at once never lose an edit."""

import asyncio
from datetime import UTC, datetime

import pytest

from bascule.config.facts import Facts
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.service.deployment import Deploy, LoadCopy
from bascule.service.failures import Conflict, NotFound, OperationFailed
from bascule.service.local.account_book import AccountBook
from bascule.service.local.copies import WorkingCopies
from bed.accounts import QUICK, MemoryAccounts
from bed.copies import MemoryCopies
from bed.history import MemoryHistory
from plan.situations import ONE_ARM

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE = b"load-balancer {\n\tinterval 5s\n\tworkers 2\n\tfall 2\n}\n"
FOUR_WORKERS = ONE.replace(b"workers 2", b"workers 4")
QUICKER = ONE.replace(b"interval 5s", b"interval 3s")
BOTH = QUICKER.replace(b"workers 2", b"workers 4")


class OneArm:
    """A machine that is always the same."""

    async def facts(self, _: str | None = None, __: Questions = NOTHING_TO_ASK, ___: object = ()) -> Facts:
        """Return what it is."""
        return ONE_ARM


class Desk:
    """Working copies over a history in which revision 1 is committed."""

    def __init__(self) -> None:
        self.history = MemoryHistory()
        self.commit(ONE, "alice")
        self.kept = MemoryCopies()
        book = AccountBook(MemoryAccounts(), QUICK, now=lambda: NOW)
        self.copies = WorkingCopies(self.kept, self.history, OneArm(), book, now=lambda: NOW)

    def commit(self, text: bytes, author: str, message: str = "") -> None:
        """Commit a text."""
        self.history.commit(text, at=NOW, author=author, message=message)

    async def refused(self, request: Deploy, by: str) -> str:
        """Return why a deployment is refused."""
        with pytest.raises(OperationFailed) as failed:
            await self.copies.meant(request, by)
        assert isinstance(failed.value.failure, Conflict)
        return failed.value.failure.message


@pytest.fixture
def desk() -> Desk:
    """Return a desk."""
    return Desk()


async def test_a_copy_begins_with_what_was_committed(desk: Desk) -> None:
    """And is the account's own from its first change."""
    first = await desk.copies.show("bob")
    assert (first.text.encode(), first.base, first.newest, first.at) == (ONE, 1, 1, None)
    loaded = await desk.copies.load(LoadCopy(text=QUICKER), "bob")
    assert loaded.sentence == "kept as your working copy, written from revision 1: `bascule deploy` puts it into effect"
    mine = await desk.copies.show("bob")
    assert (mine.text.encode(), mine.base, mine.at) == (QUICKER, 1, NOW)
    assert (await desk.copies.show("carol")).text.encode() == ONE


async def test_a_wrong_text_is_kept_and_said_to_be_wrong(desk: Desk) -> None:
    """Nobody must finish in one sitting."""
    loaded = await desk.copies.load(LoadCopy(text=b"load-balancer { wrokers 2 }"), "bob")
    assert loaded.sentence.endswith("1 error must be mended before it can be deployed")
    assert len(loaded.diagnostics) == 1
    assert (await desk.copies.show("bob")).text == "load-balancer { wrokers 2 }"


async def test_it_is_deployed_over_the_revision_that_it_was_written_from(desk: Desk) -> None:
    """A text that is sent with the request is deployed as it is."""
    await desk.copies.load(LoadCopy(text=QUICKER), "bob")
    meant = await desk.copies.meant(Deploy(seconds=30, message="quicker"), "bob")
    assert meant == Deploy(text=QUICKER, base=1, seconds=30, message="quicker")
    assert await desk.copies.meant(Deploy(text=ONE), "bob") == Deploy(text=ONE)


async def test_what_came_between_is_told_and_nothing_is_undone(desk: Desk) -> None:
    """Who committed what, and how to go on."""
    await desk.copies.load(LoadCopy(text=QUICKER), "bob")
    desk.commit(FOUR_WORKERS, "alice", "more workers")
    said = await desk.refused(Deploy(), "bob")
    assert said == (
        "your working copy was written from revision 1, and since then there is revision 2 of alice: more workers. "
        "See `bascule diff 2 1`; `bascule deploy --rebase` makes both edits one"
    )
    assert (await desk.copies.show("bob")).base == 1


async def test_both_edits_become_one_where_asked(desk: Desk) -> None:
    """The merged text is the working copy from then on."""
    await desk.copies.load(LoadCopy(text=QUICKER), "bob")
    desk.commit(FOUR_WORKERS, "alice")
    meant = await desk.copies.meant(Deploy(rebase=True), "bob")
    assert (meant.text, meant.base) == (BOTH, 2)
    shown = await desk.copies.show("bob")
    assert (shown.text.encode(), shown.base) == (BOTH, 2)


async def test_the_same_line_twice_is_nobodys_guess(desk: Desk) -> None:
    """Both versions are named; the working copy is as it was."""
    await desk.copies.load(LoadCopy(text=ONE.replace(b"workers 2", b"workers 3")), "bob")
    desk.commit(FOUR_WORKERS, "alice")
    said = await desk.refused(Deploy(rebase=True), "bob")
    assert "line 3 of yours has `workers 3`, revision 2 has `workers 4`" in said
    assert (await desk.copies.show("bob")).base == 1


async def test_a_password_is_in_no_message(desk: Desk) -> None:
    """Not even where two have changed it."""
    line = b'\tpassword "one"\n'
    desk.commit(line, "alice")
    await desk.copies.load(LoadCopy(text=b'\tpassword "mine"\n'), "bob")
    desk.commit(b'\tpassword "theirs"\n', "alice")
    said = await desk.refused(Deploy(rebase=True), "bob")
    assert "mine" not in said
    assert "theirs" not in said


async def test_what_is_committed_is_no_working_copy_any_more(desk: Desk) -> None:
    """Of nobody who has the same text; others keep theirs."""
    await desk.copies.load(LoadCopy(text=QUICKER), "bob")
    await desk.copies.load(LoadCopy(text=FOUR_WORKERS), "carol")
    await desk.copies.settle(QUICKER)
    assert [copy.account for copy in desk.kept.every()] == ["carol"]


async def test_what_is_not_there_is_said(desk: Desk) -> None:
    """Before anything is done."""
    for work in (
        desk.copies.meant(Deploy(), "bob"),
        desk.copies.discard("bob"),
        desk.copies.load(LoadCopy(text=ONE, base=7), "bob"),
    ):
        with pytest.raises(OperationFailed) as failed:
            await work
        assert isinstance(failed.value.failure, NotFound)


async def test_two_sessions_of_one_account_never_lose_an_edit(desk: Desk) -> None:
    """A text takes the place of the copy that it was written from, and of no other."""
    first = await desk.copies.show("bob")
    mine = await desk.copies.load(LoadCopy(text=QUICKER, base=1, expected=first.digest), "bob")
    assert (await desk.copies.show("bob")).digest == mine.digest
    with pytest.raises(OperationFailed) as failed:
        await desk.copies.load(LoadCopy(text=FOUR_WORKERS, base=1, expected=first.digest), "bob")
    assert isinstance(failed.value.failure, Conflict)
    assert (await desk.copies.show("bob")).text.encode() == QUICKER
    await desk.copies.load(LoadCopy(text=BOTH, base=1, expected=mine.digest), "bob")
    await desk.copies.discard("bob")
    with pytest.raises(OperationFailed, match="changed meanwhile"):
        await desk.copies.load(LoadCopy(text=ONE, base=1, expected=mine.digest), "bob")


async def test_of_twenty_edits_at_once_one_is_kept(desk: Desk) -> None:
    """The others are told, whatever the order in which they come."""
    first = await desk.copies.show("bob")
    edits = [LoadCopy(text=ONE.replace(b"2", b"%d" % n), base=1, expected=first.digest) for n in range(3, 23)]
    came = await asyncio.gather(*(desk.copies.load(edit, "bob") for edit in edits), return_exceptions=True)
    assert sum(isinstance(each, OperationFailed) for each in came) == len(edits) - 1

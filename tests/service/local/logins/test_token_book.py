"""Tokens of programs: told once, no more than their account, and gone with it or with their day."""

from datetime import timedelta

import pytest

from bascule.service.accounts import ChangeRole, EndLogins, RemoveAccount
from bascule.service.failures import Conflict, Forbidden, NotFound, OperationFailed
from bascule.service.logins import Bearer
from bascule.service.permissions import Role
from bascule.service.request import Context
from bascule.service.tokens import MOST_TOKENS, AddToken, RemoveToken, ShowTokens
from service.local.logins.bench import Bench, asking

ROOT = Context(uid=0, pid=1, user="root", role=Role.ADMINISTRATOR)
ALICE = asking("alice")


@pytest.fixture
async def bench() -> Bench:
    """Return one with alice, an operator."""
    made = Bench()
    await made.add("alice")
    await made.add("root2", Role.ADMINISTRATOR)
    return made


async def made(bench: Bench, role: Role = Role.VIEWER, name: str = "backup", days: int = 7) -> str:
    """Return a token of alice's."""
    request = AddToken(account="alice", name=name, role=role, days=days)
    return (await bench.tokens.add(request, ALICE)).token


async def test_a_program_is_known_by_its_token(bench: Bench) -> None:
    """As its account, and by its name; a hash of it is kept alone."""
    token = await made(bench)
    assert token.startswith("bsc_")
    borne = await bench.book.borne(Bearer(token=token, source="10.0.0.9"))
    assert borne is not None
    assert (borne.login.name, borne.login.role, borne.program) == ("alice", Role.VIEWER, "backup")
    assert token[4:] not in repr([each.digest for each in bench.kept_tokens.every()])
    assert [await bench.role(wrong) for wrong in ("bsc_", f"{token}x", token[4:])] == [None, None, None]


async def test_it_may_do_no_more_than_its_account(bench: Bench) -> None:
    """Neither when it is made, nor when the account may do less later."""
    with pytest.raises(OperationFailed, match="no more than its account"):
        await made(bench, Role.ADMINISTRATOR)
    token = await made(bench, Role.OPERATOR)
    assert await bench.role(token) is Role.OPERATOR
    await bench.accounts.change_role(ChangeRole(name="alice", role=Role.VIEWER))
    assert await bench.role(token) is Role.VIEWER
    await bench.accounts.change_role(ChangeRole(name="alice", role=Role.ADMINISTRATOR))
    assert await bench.role(token) is Role.OPERATOR
    await bench.accounts.remove(RemoveAccount(name="alice"))
    assert await bench.role(token) is None


async def test_it_ends_with_its_day_or_when_it_is_taken_away(bench: Bench) -> None:
    """And not before."""
    token, other = await made(bench, days=7), await made(bench, name="other")
    await bench.tokens.remove(RemoveToken(account="alice", name="other"), ALICE)
    bench.passes(timedelta(days=7).total_seconds() - 1)
    assert [await bench.role(each) for each in (token, other)] == [Role.VIEWER, None]
    bench.passes(1)
    assert await bench.role(token) is None


async def test_its_use_is_noted_now_and_then(bench: Bench) -> None:
    """Once a minute: it may be shown many times a second."""
    token = await made(bench)
    noted = []
    for seconds in (10, 10, 60):
        bench.passes(seconds)
        await bench.role(token)
        noted.append((await bench.tokens.rows(ALICE)).rows[0].used)
    assert noted == [noted[0], noted[0], bench.now]


async def test_others_tokens_are_for_administrators(bench: Bench) -> None:
    """Whoever is none sees and changes his own alone."""
    await made(bench)
    bob = asking("bob")
    assert (await bench.tokens.rows(bob)).rows == ()
    assert len((await bench.tokens.rows(ROOT)).rows) == 1
    for done in (
        bench.tokens.add(AddToken(account="alice", name="x", role=Role.VIEWER), bob),
        bench.tokens.remove(RemoveToken(account="alice", name="backup"), bob),
    ):
        with pytest.raises(OperationFailed) as failed:
            await done
        assert isinstance(failed.value.failure, Forbidden)
    await bench.tokens.remove(RemoveToken(account="alice", name="backup"), ROOT)
    assert (await bench.tokens.rows(ALICE)).rows == ()


async def test_a_token_makes_no_other(bench: Bench) -> None:
    """Else one that was lost would never end."""
    context = asking("alice", program="backup")
    with pytest.raises(OperationFailed, match="makes no other"):
        await bench.tokens.add(AddToken(account="alice", name="x", role=Role.VIEWER), context)


async def test_a_token_takes_away_itself_alone(bench: Bench) -> None:
    """Else one that was lost would end all that may do more; an administrator's takes any, as he does."""
    for name in ("backup", "other", "third"):
        await made(bench, name=name)
    context = asking("alice", program="backup")
    with pytest.raises(OperationFailed, match="takes none away but itself"):
        await bench.tokens.remove(RemoveToken(account="alice", name="other"), context)
    with pytest.raises(OperationFailed, match="logs nobody out"):
        bench.book.leave_everywhere(EndLogins(name="alice"), context)
    await bench.tokens.remove(RemoveToken(account="alice", name="backup"), context)
    await bench.tokens.remove(RemoveToken(account="alice", name="other"), asking("root", Role.ADMINISTRATOR, program="x"))
    assert [row.name for row in (await bench.tokens.rows(ALICE)).rows] == ["third"]


async def test_what_cannot_be_is_refused(bench: Bench) -> None:
    """A second one of a name, one too many, one of nobody, a name that is none."""
    await made(bench)
    with pytest.raises(OperationFailed, match="has a token backup already"):
        await made(bench)
    with pytest.raises(OperationFailed, match="control character"):
        await made(bench, name="a\nb")
    for n in range(MOST_TOKENS - 1):
        await made(bench, name=f"n{n}")
    with pytest.raises(OperationFailed, match="remove one first") as failed:
        await made(bench, name="more")
    assert isinstance(failed.value.failure, Conflict)
    with pytest.raises(OperationFailed) as failed:
        await bench.tokens.add(AddToken(account="nobody", name="x", role=Role.VIEWER), ROOT)
    assert isinstance(failed.value.failure, NotFound)


async def test_no_secret_is_in_what_is_logged(bench: Bench) -> None:
    """The answer alone has it."""
    answer = await bench.tokens.add(AddToken(account="alice", name="x", role=Role.VIEWER), ALICE)
    assert answer.token not in repr([answer, ShowTokens(), await bench.tokens.rows(ALICE)])

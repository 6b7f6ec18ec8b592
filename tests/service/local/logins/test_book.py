"""Who gets in, who is known, and until when; whoever guesses learns nothing and keeps nobody out."""

import asyncio

import pytest

from bascule.service.accounts import ChangePassword, ChangeRole, EndLogins, RemoveAccount
from bascule.service.failures import Busy, Forbidden, OperationFailed
from bascule.service.local.logins.backoff import FREE, LONGEST_FOR_ACCOUNT
from bascule.service.local.logins.proving import MOST_AT_ONCE, MOST_OF_ONE
from bascule.service.local.logins.sessions import IDLE
from bascule.service.logins import Bearer, LogIn, SetUp
from bascule.service.permissions import Role
from bascule.service.request import Context
from service.local.logins.bench import HERE, PASSWORD, Bench, asking

WRONG = "wrong"
ROOT = Context(uid=0, pid=1, user="root", role=Role.ADMINISTRATOR)


@pytest.fixture
async def bench() -> Bench:
    """Return one with alice, and bob, who has no password."""
    made = Bench()
    await made.add("alice", Role.ADMINISTRATOR)
    await made.add("bob", Role.VIEWER, password=None)
    return made


async def refused(bench: Bench, name: str, password: str = WRONG, source: str = HERE) -> type[Forbidden | Busy]:
    """Return how a login is refused."""
    with pytest.raises(OperationFailed) as failed:
        await bench.log_in(name, password, source=source)
    assert isinstance(failed.value.failure, Forbidden | Busy)
    if isinstance(failed.value.failure, Forbidden):
        assert failed.value.failure.message == "name, password or code is not right"
    return type(failed.value.failure)


async def test_whoever_logs_in_is_known(bench: Bench) -> None:
    """With the role that his account has at each request, by a token that is another each time."""
    one, two = await bench.log_in("alice"), await bench.log_in("alice")
    assert one != two
    await bench.add("carol", Role.ADMINISTRATOR)
    await bench.accounts.change_role(ChangeRole(name="alice", role=Role.VIEWER))
    assert [await bench.role(token) for token in (one, two, "", "x")] == [Role.VIEWER, Role.VIEWER, None, None]
    bench.book.leave(one)
    assert [await bench.role(token) for token in (one, two)] == [None, Role.VIEWER]


async def test_a_login_ends_with_what_it_was_opened_by(bench: Bench) -> None:
    """With the password, and with the account, also where another of its name comes."""
    await bench.add("carol")
    token = await bench.log_in("carol")
    await bench.accounts.change_password(ChangePassword(name="carol", password="battery staple"), ROOT)
    assert await bench.role(token) is None
    token = await bench.log_in("carol", "battery staple")
    await bench.accounts.remove(RemoveAccount(name="carol"))
    assert await bench.role(token) is None
    await bench.add("carol", password="battery staple")
    assert await bench.role(token) is None


async def test_a_page_that_follows_keeps_nobody_logged_in(bench: Bench) -> None:
    """Else a browser that is left open would never log out."""
    token = await bench.log_in("alice")
    for _ in range(2):
        bench.passes(IDLE / 2 + 1)
        borne = await bench.book.borne(Bearer(token=token, looks_on=True))
    assert borne is None


async def test_a_refusal_says_nothing_of_the_account(bench: Bench) -> None:
    """A wrong password, no password and no account are refused in the same words, after the same work."""
    for name in ("alice", "bob", "nobody"):
        before = bench.passwords.compared
        assert await refused(bench, name) is Forbidden
        assert bench.passwords.compared == before + 1


async def test_whoever_guesses_waits_and_others_do_not(bench: Bench) -> None:
    """Nothing is compared meanwhile; the owner gets in from elsewhere within seconds."""
    told = [await refused(bench, "alice") for _ in range(FREE + 3)]
    assert told == [Forbidden] * (FREE + 1) + [Busy] * 2
    before = bench.passwords.compared
    assert await refused(bench, "alice", PASSWORD) is Busy
    assert bench.passwords.compared == before
    bench.passes(LONGEST_FOR_ACCOUNT)
    assert await bench.log_in("alice", source="10.0.0.2")


async def test_a_crowd_at_the_door_is_bounded(bench: Bench) -> None:
    """Of all together, and of one source, who keeps nobody else out."""

    async def come(source: str) -> str:
        try:
            await bench.log_in("alice", source=source)
        except OperationFailed as failed:
            return type(failed.failure).__name__
        return "in"

    crowd = [come(HERE) for _ in range(50)]
    came = await asyncio.gather(*crowd, come("10.0.0.2"))
    assert (came.count("in"), came[-1]) == (MOST_OF_ONE + 1, "in")
    came = await asyncio.gather(*(come(f"10.1.0.{n}") for n in range(50)))
    assert came.count("in") == MOST_AT_ONCE


async def test_an_administrator_comes_by_a_setup_link_once(bench: Bench) -> None:
    """Whoever guesses keys waits, too."""
    link = bench.book.setup_link(["https://here"])
    key = link.path.removeprefix("/setup/")
    made = await bench.book.set_up(SetUp(key=key, name="carol", password=PASSWORD, source=HERE))
    assert await bench.role(made.token) is Role.ADMINISTRATOR
    told = []
    for _ in range(FREE + 2):
        with pytest.raises(OperationFailed) as failed:
            await bench.book.set_up(SetUp(key=key, name="dave", password=PASSWORD, source=HERE))
        told.append(type(failed.value.failure))
    assert told == [Forbidden] * (FREE + 1) + [Busy]


async def test_somebody_is_logged_out_everywhere(bench: Bench) -> None:
    """By himself, who stays where he is, or by an administrator."""
    await bench.add("carol")
    here, there = await bench.log_in("carol"), await bench.log_in("carol")
    ended = bench.book.leave_everywhere(EndLogins(name="carol"), asking("carol", token=here))
    assert (ended.sentence, await bench.role(there)) == ("1 login of carol ended", None)
    with pytest.raises(OperationFailed, match="for himself alone"):
        bench.book.leave_everywhere(EndLogins(name="carol"), asking("bob", Role.VIEWER))
    bench.book.leave_everywhere(EndLogins(name="carol"), ROOT)
    assert await bench.role(here) is None


async def test_old_passwords_are_not_guessed_either(bench: Bench) -> None:
    """By somebody who sat down before an open browser; not even of an administrator."""
    alice = asking("alice", Role.ADMINISTRATOR)
    told = []
    for _ in range(FREE + 2):
        request = ChangePassword(name="alice", password="battery staple", old="wrong")
        with pytest.raises(OperationFailed) as failed, bench.book.guarded(alice):
            await bench.accounts.change_password(request, alice)
        told.append(type(failed.value.failure))
    assert told == [Forbidden] * (FREE + 1) + [Busy]


async def test_a_user_of_the_machine_holds_up_no_other(bench: Bench) -> None:
    """None of them comes from an address; each counts for himself."""
    eve = Context(uid=1001, pid=1, user="eve", role=Role.VIEWER)
    for _ in range(FREE + 1):
        with pytest.raises(OperationFailed), bench.book.guarded(eve):
            raise OperationFailed(Forbidden(message="no"))
    with pytest.raises(OperationFailed, match="try again"), bench.book.guarded(eve):
        pass
    with bench.book.guarded(ROOT):
        pass


def test_no_secret_is_in_what_is_logged() -> None:
    """A request and a bearer show none."""
    told = repr([LogIn(name="alice", password="s3cret", code="123456"), Bearer(token="s3cret")])
    assert "s3cret" not in told
    assert "123456" not in told

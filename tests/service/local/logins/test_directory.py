"""Who logs in without an account: by what a directory says of him, while the configuration asks it so."""

import asyncio
from dataclasses import replace

import pytest

from bascule.config.directory import Directory, DirectoryGroup, DirectoryServer
from bascule.directory.wire import Answer, Member, Question, Silent, Stranger
from bascule.service.accounts import AddAccount, EndLogins
from bascule.service.failures import Busy, Conflict, Failure, Forbidden, OperationFailed, Unavailable
from bascule.service.local.logins.backoff import FREE
from bascule.service.local.logins.directory import ASIDE, MOST_OF_ONE, DirectoryLogins, role_of
from bascule.service.permissions import Role
from service.local.logins.bench import HERE, PASSWORD, Bench, asking

NAMES = ("dc1.example.com", "dc2.example.com")
DC1, DC2 = (DirectoryServer(host=name) for name in NAMES)
GROUPS = tuple(DirectoryGroup(name=f"CN={role}s", role=role) for role in ("viewer", "administrator", "operator", "viewer"))
DIRECTORY = Directory(servers=(DC1, DC2), domain="example.com", base="DC=example,DC=com", groups=GROUPS)


class Domain(Bench):
    """A parent whose directory answers as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.directory: Directory | None = DIRECTORY
        self.answers: dict[str, Answer] = {}
        self.asked: list[Question] = []
        self.told: list[str] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.book._directory = DirectoryLogins(
            lambda: self.directory, self._ask, clock=self._seconds, note=lambda words, _: self.told.append(words)
        )

    async def _ask(self, question: Question) -> Answer:
        self.asked.append(question)
        await self.answering.wait()
        return self.answers.get(question.server.host, Member(name=question.name, groups=(0, 2)))

    async def failure(self, name: str = "alice", password: str = PASSWORD) -> Failure:
        """Return how a login fails."""
        with pytest.raises(OperationFailed) as failed:
            await self.log_in(name, password)
        return failed.value.failure


@pytest.fixture
def domain() -> Domain:
    """Return one whose servers answer, in which everybody is an operator."""
    return Domain()


async def test_whoever_has_no_account_has_the_role_of_his_groups(domain: Domain) -> None:
    """Under a name that no account can have; logged out wherever he is, as anybody."""
    token = await domain.log_in("Alice")
    assert await domain.role(token) is Role.OPERATOR
    assert [each.name for each in domain.asked] == ["alice"]
    with pytest.raises(OperationFailed) as failed:
        await domain.accounts.add(AddAccount(name="alice@ldap", role=Role.VIEWER))
    assert isinstance(failed.value.failure, Conflict)
    done = domain.book.leave_everywhere(EndLogins(name="alice@ldap"), asking("root", Role.ADMINISTRATOR))
    assert done.sentence == "1 login of alice@ldap ended"
    assert await domain.role(token) is None


async def test_an_account_comes_first(domain: Domain) -> None:
    """Its password alone opens, and nobody is asked, also where it is wrong or there is none."""
    await domain.add("alice")
    await domain.add("bob", password=None)
    assert await domain.role(await domain.log_in("alice")) is Role.OPERATOR
    assert isinstance(await domain.failure("alice", "wrong"), Forbidden)
    assert isinstance(await domain.failure("bob"), Forbidden)
    assert domain.asked == []
    assert await domain.log_in("alice@ldap")


async def test_a_login_ends_with_what_it_was_opened_by(domain: Domain) -> None:
    """With the servers and groups that made him what he is; another configuration with the same ones changes nothing."""
    token = await domain.log_in("alice")
    domain.directory = replace(DIRECTORY)
    assert await domain.role(token) is Role.OPERATOR
    domain.directory = replace(DIRECTORY, groups=GROUPS[:2])
    assert await domain.role(token) is None
    domain.directory = None
    assert isinstance(await domain.failure(), Forbidden)


async def test_the_next_server_is_asked_where_one_is_silent(domain: Domain) -> None:
    """Which is said once, and it is asked last for a while; where none answers, accounts still log in."""
    domain.answers[NAMES[0]] = Silent(fault="Connection refused")
    await domain.log_in("alice")
    await domain.log_in("alice")
    assert [each.server.host for each in domain.asked] == [NAMES[0], NAMES[1], NAMES[1]]
    assert domain.told == ["ldap server dc1.example.com:636 cannot be asked: Connection refused"]
    domain.answers[NAMES[1]] = Silent(fault="it does not answer in time")
    failure = await domain.failure()
    assert isinstance(failure, Unavailable)
    assert failure.message == "no server of the directory answers: until one does, only accounts of this machine can log in"
    await domain.add("bob")
    assert await domain.log_in("bob")
    del domain.answers[NAMES[0]]
    domain.passes(ASIDE)
    assert await domain.log_in("alice")
    assert domain.told[-1] == "ldap server dc1.example.com:636 answers again"


async def test_a_wrong_password_is_counted_and_asked_of_one_server(domain: Domain) -> None:
    """As of accounts, whatever the letters: a directory locks who fails too often."""
    for host in NAMES:
        domain.answers[host] = Stranger()
    names = ["alice", "Alice", "ALICE@ldap", " alice", "alice", "alice"]
    told = [type(await domain.failure(name, "wrong")) for name in names]
    assert told == [Forbidden] * (FREE + 1) + [Busy]
    assert {each.server.host for each in domain.asked} == {NAMES[0]}
    assert len(domain.asked) == FREE + 1


@pytest.mark.parametrize(("name", "password"), [("alice", ""), ("alice", "a\0b"), ("a*", PASSWORD), ("a b", PASSWORD)])
async def test_what_proves_nothing_is_not_sent(domain: Domain, name: str, password: str) -> None:
    """An empty password binds nobody, with success, at many servers (RFC 4513, 5.1.2)."""
    failure = await domain.failure(name, password)
    assert isinstance(failure, Forbidden)
    assert failure.message == "name, password or code is not right"
    assert domain.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Member(name="alice"), "none of the groups that have a role here"),
        (Member(name="alice", groups=(99,)), "none of the groups that have a role here"),
        (Member(name="al ice", groups=(0,)), "a name with letters that no login has here"),
        (Stranger(expired=True), "has expired"),
    ],
)
async def test_a_right_password_may_not_be_enough(domain: Domain, answer: Answer, words: str) -> None:
    """Then it is said why."""
    domain.answers[NAMES[0]] = answer
    failure = await domain.failure()
    assert isinstance(failure, Forbidden)
    assert words in failure.message


async def test_a_crowd_is_bounded(domain: Domain) -> None:
    """Of one source, who keeps nobody else out."""

    async def come(source: str) -> bool:
        try:
            return bool(await domain.log_in("alice", source=source))
        except OperationFailed as failed:
            if isinstance(failed.failure, Busy):
                return False
            raise

    domain.answering.clear()
    crowd = [asyncio.ensure_future(come(HERE)) for _ in range(10)]
    other = asyncio.ensure_future(come("10.0.0.2"))
    while sum(each.done() for each in crowd) < len(crowd) - MOST_OF_ONE:
        await asyncio.wait([each for each in crowd if not each.done()], return_when=asyncio.FIRST_COMPLETED)
    domain.answering.set()
    assert (sum(await asyncio.gather(*crowd)), await other) == (MOST_OF_ONE, True)


def test_the_highest_role_holds() -> None:
    """Of several groups."""
    assert [role_of(DIRECTORY, places) for places in ((0, 1, 2), (3, 2), (3,), (), (-1, 4))] == [
        Role.ADMINISTRATOR,
        Role.OPERATOR,
        Role.VIEWER,
        None,
        None,
    ]

"""Lets in whom a directory knows, by the roles of his groups; what it was asked by is the configuration that runs."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

from bascule.config.directory import Directory, DirectoryServer
from bascule.config.model import Configuration
from bascule.config.outward import place as place_of
from bascule.directory.names import normal, shown
from bascule.directory.wire import Answer, Member, Question, Server, Silent, Stranger
from bascule.service.accounts import GroupRow
from bascule.service.failures import Busy, Forbidden, OperationFailed, Unavailable
from bascule.service.permissions import ROLES, Role
from bascule.service.sources import place

MOST_AT_ONCE: Final = 8
MOST_OF_ONE: Final = 2
"""Logins that may wait for each other, of all and of one source: one at a time asks."""

QUEUES: Final = 8.0
"""Seconds that a login may wait for those before it."""

TRIES: Final = 10.0
"""Seconds after which no further server is asked: whoever waits has a browser that waits."""

ASIDE: Final = 60.0
"""Seconds for which a server that could not be asked is asked last."""

MOST_REMEMBERED: Final = 64
"""Of those: texts come and go."""

Ask: TypeAlias = Callable[[Question], Awaitable[Answer]]
Note: TypeAlias = Callable[[str, bool], None]
"""Hears a sentence about a server, and whether that is bad."""


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody of the directory, and what made him what he is."""

    name: str
    role: Role
    by: Directory


class DirectoryLogins:
    """The directory of one parent; `settings` returns what runs of it, `clock` seconds that only grow."""

    def __init__(
        self, settings: Callable[[], Directory | None], ask: Ask, *, clock: Callable[[], float], note: Note
    ) -> None:
        self._settings = settings
        self._ask = ask
        self._clock = clock
        self._note = note
        self._waiting: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()
        self._silent: dict[DirectoryServer, float] = {}
        """Servers that could not be asked, and when they could not."""

    @property
    def there(self) -> bool:
        """Whether the configuration names one."""
        return self._settings() is not None

    def stands(self, known: Known) -> bool:
        """Tell whether somebody would be let in by the same servers and groups now."""
        return self._settings() == known.by

    async def known(self, name: str, password: str, source: str) -> Known | None:
        """Return who that is; None where the directory does not take the name with the password.

        Raises OperationFailed: Busy, Unavailable where no server answers, Forbidden where a right password is not enough.
        """
        directory, called = self._settings(), normal(name)
        if directory is None or not called or not password or "\0" in password:
            return None  # an empty password would be taken by many servers, for nobody's (RFC 4513, 5.1.2)
        match await self._in_turn(directory, called, password, source):
            case Member() as member:
                return _let_in(directory, member)
            case Stranger(expired=True):
                words = "your password in the directory has expired: change it there, then log in here"
                raise OperationFailed(Forbidden(message=words))
            case Stranger():
                return None
        words = "no server of the directory answers: until one does, only accounts of this machine can log in"
        raise OperationFailed(Unavailable(message=words))

    async def _in_turn(self, directory: Directory, name: str, password: str, source: str) -> Answer:
        where = place(source)
        if self._waiting.total() >= MOST_AT_ONCE or self._waiting[where] >= MOST_OF_ONE:
            raise _busy()
        self._waiting[where] += 1
        try:
            async with self._turn():
                return await self._first_answer(directory, name, password)
        finally:
            self._waiting[where] -= 1
            self._waiting += Counter()  # keeps those above nothing

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for those before. Raises OperationFailed where that takes too long."""
        try:
            async with asyncio.timeout(QUEUES):
                await self._one_at_a_time.acquire()
        except TimeoutError as late:
            raise _busy() from late
        try:
            yield
        finally:
            self._one_at_a_time.release()

    async def _first_answer(self, directory: Directory, name: str, password: str) -> Answer:
        answer: Answer = Silent(fault="there is no server")
        begun = self._clock()
        for server in self._ordered(directory.servers):
            if self._clock() - begun > TRIES:
                break
            answer = await self._ask(_question(directory, server, name, password))
            self._hear(server, answer)
            if not isinstance(answer, Silent):
                break
        return answer

    def _ordered(self, servers: Sequence[DirectoryServer]) -> Sequence[DirectoryServer]:
        """Return servers as they are asked: those that were silent just now come last."""
        now = self._clock()
        return sorted(servers, key=lambda each: now - self._silent.get(each, now - ASIDE) < ASIDE)

    def _hear(self, server: DirectoryServer, answer: Answer) -> None:
        """Note whether a server answers, and say it where that is news."""
        called = f"ldap server {place_of(server.host, server.port)}"
        if isinstance(answer, Silent):
            if server not in self._silent:
                self._note(f"{called} cannot be asked: {answer.fault}", True)  # noqa: FBT003 - bad news
            while len(self._silent) >= MOST_REMEMBERED:
                del self._silent[next(iter(self._silent))]
            self._silent[server] = self._clock()
        elif self._silent.pop(server, None) is not None:
            self._note(f"{called} answers again", False)  # noqa: FBT003 - good news


def _question(directory: Directory, server: DirectoryServer, name: str, password: str) -> Question:
    return Question(
        server=Server(host=str(server.host), port=server.port, authority=server.authority),
        domain=directory.domain,
        base=directory.base,
        entry=directory.entry,
        groups=tuple(group.name for group in directory.groups),
        name=name,
        password=password,
    )


def _let_in(directory: Directory, member: Member) -> Known:
    """Return what a member is here. Raises OperationFailed where that is nothing."""
    name = normal(member.name)
    if not name:
        words = "the directory calls you by a name with letters that no login has here: use an account of this machine"
        raise OperationFailed(Forbidden(message=words))
    role = role_of(directory, member.groups)
    if role is None:
        words = f"{name} is known to the directory, but none of the groups that have a role here has {name} as a member"
        raise OperationFailed(Forbidden(message=words))
    return Known(name=shown(name), role=role, by=directory)


def role_of(directory: Directory, places: Sequence[int]) -> Role | None:
    """Return the highest role that groups give, by their places in the text; None where they give none."""
    given = {Role(directory.groups[at].role) for at in places if 0 <= at < len(directory.groups)}
    return min(given, key=ROLES.index, default=None)


def groups_of(configuration: Configuration) -> tuple[GroupRow, ...]:
    """Return which groups have a role."""
    directory = configuration.system.directory
    groups = () if directory is None else directory.groups
    return tuple(GroupRow(name=each.name, role=Role(each.role)) for each in groups)


def _busy() -> OperationFailed:
    return OperationFailed(Busy(message="the directory is asked for others just now: try again in a few seconds"))

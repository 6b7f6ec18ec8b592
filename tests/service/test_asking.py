"""The client of the web process says of everything what the other client says; and strangers hold nobody up."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from bascule.service.asking import STRANGERS_AT_ONCE, STREAMS_OF_PROGRAMS, AsyncClient
from bascule.service.client import Client
from bascule.service.failures import OperationFailed
from bascule.service.logins import Bearer, LoggedIn, LogIn
from bascule.service.operations import Clear, Explain, Kill, Monitor, Poll, Reload, ShowRelays, Status
from bascule.service.permissions import Role
from bascule.service.progress import Progress
from bascule.service.request import Context, Request
from bascule.service.results import Events, Polled, Stopped
from bascule.system.channel import encode
from service.pretended import REPORT, PretendedService
from service.test_server import serving


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the control socket shall be."""
    return tmp_path / "control.sock"


@pytest.mark.parametrize(
    "request_",
    [Status(), Clear(), Kill(), Explain(clients=("1.2.3.4",), port=443), ShowRelays(), Reload()],
    ids=lambda asked: type(asked).__name__,
)
async def test_both_clients_hear_the_same(path: Path, request_: Request[Any]) -> None:
    """An answer comes back whole, and a failure keeps its kind."""

    async def heard(answer: Any) -> object:
        try:
            return await answer
        except OperationFailed as failed:
            return failed.failure

    async with serving(path):
        one = await heard(AsyncClient(path).call(request_))
        other = await heard(asyncio.to_thread(Client(path).call, request_))
    assert one == other


async def test_how_far_it_is_is_told(path: Path) -> None:
    """Before the answer, where the request asks for it."""
    told: list[Progress] = []
    async with serving(path):
        assert await AsyncClient(path).call(Poll(progress=True), None, told.append) == Polled(checks=2, up=2)
    assert [(each.step, each.done, each.of) for each in told] == [("checking hosts", 0, 2)]


async def test_a_stream_goes_on_until_its_end(path: Path) -> None:
    """Who goes away is not followed any more; where the other side ends, that is said."""
    service = PretendedService()
    async with serving(path, service, patience=60) as server:
        async with contextlib.aclosing(AsyncClient(path).stream(Monitor(last=3))) as answers:  # type: ignore[type-var]
            assert [(await anext(answers)).lost for _ in range(3)] == [0, 1, 2]
        async with asyncio.timeout(5):
            while service.following:  # noqa: ASYNC110 - the service offers no event for it
                await asyncio.sleep(0.01)
        answers = AsyncClient(path).stream(Monitor(last=1))
        assert await anext(answers) == Events(lost=0)
        await server.close()
        with pytest.raises(OperationFailed, match="has ended"):
            await anext(answers)


@contextlib.asynccontextmanager
async def peer(path: Path, sent: bytes) -> AsyncIterator[None]:
    """Have somebody listen who says the same to everybody, and closes where that is anything at all."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(sent)
        if not sent:
            await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(answer, path)
    async with server:
        yield


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no Bascule"),
        (encode(Stopped(sentence="x")).replace(b"\x01", b"\x07", 1), "version 7"),
        (encode(Stopped(sentence="x")), "gave no answer to what was asked"),
        (b"", "did not answer within 0.2 s"),
    ],
    ids=["another protocol", "another version", "an answer to something else", "silence"],
)
async def test_what_is_no_answer_is_said(path: Path, answer: bytes, words: str) -> None:
    """Whatever the peer says instead of an answer becomes one sentence."""
    async with peer(path, answer):
        with pytest.raises(OperationFailed, match=words):
            await AsyncClient(path, patience=0.2).call(Status())


async def test_nobody_there_is_said(path: Path) -> None:
    """Without a traceback."""
    with pytest.raises(OperationFailed, match="does not answer"):
        await AsyncClient(path).call(Status())


class Doors(PretendedService):
    """Lets nobody in until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()

    async def login(self, _: Context, request: LogIn, /) -> LoggedIn:
        """Wait."""
        await self.open.wait()
        return await super().login(_, request)


async def test_whoever_logs_in_holds_nobody_up(path: Path) -> None:
    """Passwords take long to compare; those who are in go on meanwhile."""
    service = Doors()
    async with serving(path, service):
        client = AsyncClient(path)
        waiting = [asyncio.create_task(client.call(LogIn(name="x", password="y"))) for _ in range(5 * STRANGERS_AT_ONCE)]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            with pytest.raises(OperationFailed, match="not logged in"):
                await client.call(Status(), Bearer(token="wrong"))
        service.open.set()
        assert {each.role for each in await asyncio.gather(*waiting)} == {Role.VIEWER}
        assert await client.call(Status()) == REPORT


async def test_programs_that_follow_take_nothing_from_the_pages(path: Path) -> None:
    """There is room left for those who look on, and a place is free again when somebody goes."""
    async with contextlib.AsyncExitStack() as following, serving(path):
        client = AsyncClient(path)
        for _ in range(STREAMS_OF_PROGRAMS):
            answers = cast("AsyncGenerator[Events, None]", client.stream(Monitor(last=9)))
            await following.enter_async_context(contextlib.aclosing(answers))
            await anext(answers)
        with pytest.raises(OperationFailed, match="others are watching"):
            await anext(client.stream(Monitor(last=1)))
        with pytest.raises(OperationFailed, match="not logged in"):  # asked, and not refused before
            await anext(client.stream(Monitor(last=1), Bearer(token="x", looks_on=True)))
        await answers.aclose()
        assert await anext(client.stream(Monitor(last=1))) == Events(lost=0)

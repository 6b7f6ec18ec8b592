"""A real unix socket with a service that only pretends."""

import asyncio
import contextlib
import logging
import os
import pwd
import socket
import stat
from collections.abc import AsyncIterator, Callable
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bascule.service.archives import FetchBackup
from bascule.service.asking import AsyncClient
from bascule.service.capture import Capture
from bascule.service.catalogue import OPERATIONS
from bascule.service.client import Client, NotRunningError
from bascule.service.deployment import Commit, Deploy
from bascule.service.failures import Busy, Failure, Forbidden, NotLoggedIn, OperationFailed, Unavailable, describe
from bascule.service.firewall import ShowFirewall
from bascule.service.logins import Bearer, LoggedIn, LogIn, Login, MakeSetupLink, ShowLogin
from bascule.service.operation import Operation
from bascule.service.operations import (
    Clear,
    Explain,
    HostAction,
    Kill,
    Monitor,
    OrderHost,
    Poll,
    Reload,
    ShowRelays,
    Status,
    Stop,
    WatchCounters,
)
from bascule.service.peer import Peer
from bascule.service.permissions import ALLOWED, Role
from bascule.service.progress import Progress
from bascule.service.replies import REPLIES, Reply
from bascule.service.request import Context, Request
from bascule.service.result import Result
from bascule.service.results import Cleared, Events, Killed, Polled, Stopped
from bascule.service.server import MAXIMUM_REQUEST, MAXIMUM_STREAMS, Bear, Borne, ControlServer, nobody, open_listener
from bascule.service.tokens import ShowTokens
from bascule.system.channel import Decoder, encode
from bascule.system.errors import MachineError
from service.pretended import REJECTED, REPORT, PretendedService


@contextlib.asynccontextmanager
async def serving(
    path: Path,
    service: PretendedService | None = None,
    *,
    role: Role | None = Role.ADMINISTRATOR,
    noted: list[tuple[str, str, str]] | None = None,
    bear: Bear = nobody,
    patience: float = 5.0,
    maximum_peers: int = 64,
    again: float = 60.0,
    recognized: Callable[[], Role | None] | None = None,
) -> AsyncIterator[ControlServer]:
    """Serve at `path` until the block ends; `noted` gets the lines of the audit log."""

    async def recognize(_: Peer) -> Role | None:
        return role if recognized is None else recognized()

    async def note(peer: Peer, words: str, refused: str) -> None:
        if words.startswith("had every host"):
            raise MachineError("write the audit log", "no space left")
        (noted if noted is not None else []).append((peer.user, words, refused))

    server = ControlServer(
        service or PretendedService(),
        recognize=recognize,
        note=note,
        bear=bear,
        log=logging.getLogger("test.control"),
        patience=patience,
        maximum_peers=maximum_peers,
        again=again,
    )
    await server.start(open_listener(path))
    try:
        yield server
    finally:
        await server.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the control socket shall be."""
    return tmp_path / "control.sock"


KNOWN = {
    "viewer": Borne(login=Login(name="alice", role=Role.VIEWER), token="viewer", source="10.0.0.1"),
    "program": Borne(login=Login(name="alice", role=Role.OPERATOR), token="program", source="10.0.0.1", program="backup"),
}


async def known(bearer: Bearer) -> Borne | None:
    """Know somebody by two tokens."""
    return KNOWN.get(bearer.token)


async def borne(path: Path, token: str, request: Request[Result]) -> Result | Failure:
    """Return what the web process hears on behalf of somebody."""
    try:
        return await AsyncClient(path, patience=5).call(request, Bearer(token=token))
    except OperationFailed as failed:
        return failed.failure


async def ask(path: Path, request: Request[Result]) -> Result:
    """Return what the client gets, without holding up the loop."""
    return await asyncio.to_thread(Client(path, patience=5).call, request)


async def failure_of(path: Path, request: Request[Result]) -> Failure:
    """Return the failure that the client meets."""
    with pytest.raises(OperationFailed) as caught:
        await ask(path, request)
    return caught.value.failure


async def raw_exchange(path: Path, sent: bytes) -> Reply:
    """Send bytes as they are and return the one message that comes back before the server closes."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(sent)
    received = b""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            received += data
    writer.close()
    replies: list[Reply] = list(Decoder(REPLIES).feed(received))
    assert len(replies) == 1
    return replies[0]


async def test_an_answer_comes_back_whole(path: Path) -> None:
    """The client gets the very value that the service gave."""
    async with serving(path):
        assert await ask(path, Status()) == REPORT
        assert await ask(path, Clear()) == Cleared(done=("ended 2 sessions",))


async def test_the_kernel_says_who_asks(path: Path) -> None:
    """The context names this process and this user, though the request says nothing about it."""
    service = PretendedService()
    async with serving(path, service):
        await ask(path, Status())
    assert [(context.uid, context.pid) for context in service.asked_by] == [(os.getuid(), os.getpid())]


async def test_another_user_is_refused(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Who may not is told so, the service is never called, and the log has it."""
    caplog.set_level(logging.INFO, "test.control")
    service = PretendedService()
    async with serving(path, service, role=None):
        failure = await failure_of(path, Status())
    assert isinstance(failure, Forbidden)
    assert service.asked_by == []
    assert "came to the control socket, which was refused" in caplog.text


async def test_refusals_keep_their_kind(path: Path) -> None:
    """Diagnostics arrive as diagnostics, and what the machine would not as a message."""
    async with serving(path):
        assert await failure_of(path, Explain(clients=("1.2.3.4",), port=443)) == REJECTED
        assert await failure_of(path, ShowRelays()) == Unavailable(message="read the sets: no such table")


async def test_deeds_and_refusals_are_noted(path: Path) -> None:
    """With the reason; looking at something is no deed."""
    noted: list[tuple[str, str, str]] = []
    me = pwd.getpwuid(os.getuid()).pw_name
    async with serving(path, noted=noted, role=Role.OPERATOR):
        await ask(path, Status())
        await ask(path, OrderHost(action=HostAction.DRAIN, host="EX1\nEX2"))
        await failure_of(path, Commit())
    why = f"{me} is operator and may not keep what is deployed as the next revision; administrators may"
    assert noted == [
        (me, "ordered of host EX1?EX2, in relay all: drain", ""),
        (me, "asked to keep what is deployed as the next revision", why),
    ]


async def test_a_stream_that_is_a_deed_is_noted(path: Path) -> None:
    """A backup that is handed out; what is followed only is none."""
    noted: list[tuple[str, str, str]] = []
    async with serving(path, noted=noted):
        for asked in (WatchCounters(), FetchBackup(name="a.db")):
            stream = Client(path).stream(asked)
            await asyncio.to_thread(next, stream)
    assert [words for _, words, _ in noted] == ["fetched a backup: a.db"]


async def test_strangers_leave_a_line_not_a_flood(path: Path) -> None:
    """Who has no account is not heard at all; anybody on the machine could fill the log otherwise."""
    noted: list[tuple[str, str, str]] = []
    service = PretendedService()
    async with serving(path, service, noted=noted, role=None):
        for _ in range(5):
            assert isinstance(await failure_of(path, Clear()), Forbidden)
    assert [(words, why) for _, words, why in noted] == [("came to the control socket", "has no account")]


async def test_what_is_more_than_its_operation_is_refused_by_its_own_name(path: Path) -> None:
    """A deployment for good is not for operators, who may for a time; of a working copy only they ask who may have one."""
    async with serving(path, role=Role.OPERATOR):
        await ask(path, Deploy(text=b""))
        kept = await failure_of(path, Deploy(text=b"", commit=True))
    async with serving(path, role=Role.VIEWER):
        tried = await failure_of(path, Explain(clients=("1.2.3.4",), port=443, working_copy=True))
    assert "may not commit; administrators may" in describe(kept)
    assert "may not ask of a working copy; administrators and operators may" in describe(tried)


async def test_a_deed_is_done_even_where_it_cannot_be_noted(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And the log says so."""
    async with serving(path):
        await ask(path, Poll())
    assert "the audit log does not have it: write the audit log: no space left" in caplog.text


async def test_who_asks_for_it_hears_how_far_it_is(path: Path) -> None:
    """Before the answer; who does not, an old client or a script, gets the answer alone."""
    told: list[Progress] = []
    async with serving(path):
        answer = await asyncio.to_thread(Client(path).call, Poll(progress=True), told.append)
        alone = await raw_exchange(path, encode({"operation": "poll"}))
    assert answer == alone == Polled(checks=2, up=2)
    assert [(each.step, each.done, each.of) for each in told] == [("checking hosts", 0, 2)]


async def test_a_bug_is_logged_and_answered(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An exception that nobody expected leaves its traceback in the log only, and the server goes on."""
    async with serving(path):
        failure = await failure_of(path, ShowFirewall())
        assert await ask(path, Status()) == REPORT
    assert isinstance(failure, Unavailable)
    assert "ZeroDivisionError" not in failure.message
    assert "ZeroDivisionError" in caplog.text


async def test_what_changes_something_is_written_down(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A `clear` leaves a line with who did it; a look leaves none."""
    caplog.set_level(logging.INFO, "test.control")
    async with serving(path):
        await ask(path, Status())
        assert caplog.messages == []
        await ask(path, Clear())
    assert [message for message in caplog.messages if "cleared the machine" in message]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        (MAXIMUM_REQUEST + 1).to_bytes(4, "big") + b"\x01",
        b"\0\0\0\0",
        encode(Status()).replace(b"\x01", b"\x09", 1),
        encode({"operation": "launch"}),
        encode({"operation": "status", "uid": 0}),
        encode([1, 2]),
    ],
    ids=["another protocol", "too long", "empty frame", "another version", "unknown operation", "unknown field", "no map"],
)
async def test_garbage_is_answered_in_words(path: Path, sent: bytes) -> None:
    """Whatever is no request gets one message that says so, and the next client is served."""
    async with serving(path):
        reply = await raw_exchange(path, sent)
        assert isinstance(reply, Unavailable)
        assert "not understood" in reply.message
        assert await ask(path, Status()) == REPORT


async def test_a_silent_peer_is_let_go(path: Path) -> None:
    """Who sends half a request and then nothing is closed on after the patience, and delays nobody."""
    async with serving(path, patience=0.2):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(encode(Status())[:3])
        assert await ask(path, Status()) == REPORT
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_too_many_peers_hear_that_we_are_busy(path: Path) -> None:
    """Beyond the bound a connection is answered at once, without being listened to."""
    async with serving(path, maximum_peers=1):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(encode(Status())[:3])
        assert isinstance(await failure_of(path, Status()), Busy)
        writer.close()
        assert await reader.read() == b""


async def test_closing_lets_an_answer_out(path: Path) -> None:
    """An answer that is being made when the server closes still reaches its client, and the socket is gone after."""
    async with serving(path) as server:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(encode(Stop()))
        while not server._conversations:  # noqa: ASYNC110 - the server offers no event for it
            await asyncio.sleep(0)
        await server.close()
        received = await reader.read()
        writer.close()
    assert list(Decoder(REPLIES).feed(received)) == [Stopped(sentence="stopped")]
    assert not await asyncio.to_thread(path.exists)


async def test_everybody_may_connect(path: Path) -> None:
    """What he may then is told by who he is."""
    async with serving(path):
        assert stat.S_IMODE((await asyncio.to_thread(path.stat)).st_mode) == 0o666


async def test_a_dead_socket_is_replaced_and_a_live_one_is_not(path: Path) -> None:
    """What a crash left does not keep the next one from starting; two never share a path."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serving(path):
        with pytest.raises(MachineError, match="another Bascule listens there"):
            open_listener(path)
        assert await ask(path, Status()) == REPORT


def test_a_file_of_somebody_is_not_deleted(path: Path) -> None:
    """A path that names an ordinary file is refused and the file stays."""
    path.write_text("precious")
    with pytest.raises(MachineError, match="no socket"):
        open_listener(path)
    assert path.read_text() == "precious"


def test_a_path_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be, and a path longer than the kernel takes, are named."""
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="open the control socket"):
        open_listener(tmp_path / "file" / "control.sock")
    with pytest.raises(MachineError, match="too long"):
        open_listener(tmp_path / ("x" * 120))


def test_the_folder_is_made_for_its_owner_to_write(tmp_path: Path) -> None:
    """A first start finds no folder, and makes one where nobody else can put a socket in the place of ours."""
    open_listener(tmp_path / "bascule" / "control.sock").close()
    assert (tmp_path / "bascule").stat().st_mode & 0o777 == 0o755


def test_nobody_there_is_said_with_the_way_out(path: Path) -> None:
    """Without a socket, and with a dead one, the message names the path and the command that helps."""
    with pytest.raises(NotRunningError, match=r"no Bascule runs at .*control\.sock \(start it with"):
        Client(path).call(Status())


# --- on behalf of somebody ---------------------------------------------------------------------------------------------


async def test_the_web_process_may_let_people_in_and_nothing_else(path: Path) -> None:
    """Of its own it is nobody, whatever the user it runs as may do."""
    service = PretendedService()
    async with serving(path, service, role=Role.VISITOR, bear=known):
        assert isinstance(await ask(path, LogIn(name="alice", password="x")), LoggedIn)
        before = len(service.asked_by)
        for request in (Status(), Clear(), Monitor(), ShowTokens(), MakeSetupLink()):
            assert await failure_of(path, request) == Forbidden(message="nobody is logged in")
    assert len(service.asked_by) == before


async def test_the_audit_log_has_whom_a_directory_knows(path: Path) -> None:
    """Not what was typed, which may be an account's name."""

    class Directory(PretendedService):
        async def login(self, _: Context, request: LogIn, /) -> LoggedIn:
            return LoggedIn(token="token", name=f"{request.name}@ldap", role=Role.VIEWER)

    noted: list[tuple[str, str, str]] = []
    async with serving(path, Directory(), role=Role.VISITOR, noted=noted):
        await ask(path, LogIn(name="alice", password="x", source="10.0.0.1"))
    assert [words for _, words, _ in noted] == ["logged alice@ldap in, from 10.0.0.1"]


async def test_it_asks_on_behalf_of_whoever_is_known(path: Path) -> None:
    """With the role that he has, and the audit log says by which way he came."""
    noted: list[tuple[str, str, str]] = []
    async with serving(path, role=Role.VISITOR, bear=known, noted=noted):
        assert await borne(path, "viewer", Status()) == REPORT
        refused = await borne(path, "viewer", Kill(all=True))
        assert isinstance(refused, Forbidden)
        await borne(path, "program", Kill(all=True))
        login = await borne(path, "viewer", ShowLogin())
    assert isinstance(login, Login)
    assert (login.name, login.role) == ("alice", Role.VIEWER)
    deed = "ended sessions of client all, host all, relay all, session all"
    assert noted == [
        ("alice", "asked to end sessions at both ends", refused.message),
        ("alice", f"{deed} (by token backup, from 10.0.0.1)", ""),
    ]


async def test_a_token_that_is_worth_nothing_is_no_way_in(path: Path) -> None:
    """Not even to what the web process may do of its own."""
    async with serving(path, role=Role.VISITOR, bear=known):
        for request in (Status(), ShowLogin(), LogIn(name="alice", password="x")):
            assert isinstance(await borne(path, "wrong", request), NotLoggedIn)


async def test_nobody_but_the_web_process_asks_for_others(path: Path) -> None:
    """A token that somebody has found is worth nothing at the control socket itself."""
    service = PretendedService()
    for role in (Role.ADMINISTRATOR, Role.VIEWER):
        async with serving(path, service, role=role, bear=known):
            assert isinstance(await borne(path, "viewer", Status()), NotLoggedIn)
    assert service.asked_by == []


async def test_a_role_is_that_of_the_moment(path: Path) -> None:
    """It is asked for anew before each request."""
    role = Role.OPERATOR

    async def changing(_: Bearer) -> Borne | None:
        return Borne(login=Login(name="alice", role=role), token="t", source="")

    async with serving(path, role=Role.VISITOR, bear=changing):
        assert isinstance(await borne(path, "t", Kill(all=True)), Killed)
        role = Role.VIEWER
        assert isinstance(await borne(path, "t", Kill(all=True)), Forbidden)


def request_of(operation: Operation[Any]) -> Request[Result]:
    """Return a request of an operation, with whatever fits where something must stand."""
    fields = msgspec.structs.fields(operation.request)
    needed = {field.encode_name: _something(field.type) for field in fields if field.required}
    made: Request[Result] = msgspec.convert({"operation": operation.name, **needed}, operation.request)
    return made


def _something(kind: Any) -> object:
    described = msgspec.inspect.type_info(kind)
    match described:
        case msgspec.inspect.EnumType():
            return next(iter(described.cls)).value
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            return max(1, described.ge or 1)
        case msgspec.inspect.BytesType():
            return b""
        case msgspec.inspect.VarTupleType():
            return ()
        case msgspec.inspect.BoolType():
            return False
        case _:
            return "10.0.0.1"


async def test_every_operation_refuses_every_role_that_may_not(path: Path) -> None:
    """By the pages as by the socket; the service hears of those alone that may."""
    wrong = []
    for way in ("socket", "pages"):
        for role in Role:

            async def bear(_: Bearer, role: Role = role) -> Borne | None:
                return Borne(login=Login(name="alice", role=role), token="t", source="10.0.0.1")

            service = PretendedService()
            asked_as = role if way == "socket" else Role.VISITOR
            async with serving(path, service, role=asked_as, bear=bear):
                for operation in OPERATIONS.values():
                    if operation.needs(request_of(operation)) in ALLOWED[role]:
                        continue
                    request = request_of(operation)
                    bearer = None if way == "socket" else Bearer(token="t")
                    try:
                        await AsyncClient(path, patience=5).call(request, bearer)
                        wrong.append((way, role, operation.name, "answered"))
                    except OperationFailed as failed:
                        if not isinstance(failed.failure, Forbidden):
                            wrong.append((way, role, operation.name, str(failed)))
            assert service.asked_by == []
    assert wrong == []


# --- streams ---------------------------------------------------------------------------------------------------------


def follow(path: Path, number: int) -> list[Events]:
    """Return so many answers of a stream, then go away."""
    with contextlib.closing(Client(path, patience=5).stream(Monitor(last=number))) as answers:
        return [next(answers) for _ in range(number)]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the server offers no event for it
            await asyncio.sleep(0.01)


async def test_a_stream_answers_until_the_client_goes_away(path: Path) -> None:
    """Every answer comes, in order; when the client has gone the service hears of it."""
    service = PretendedService()
    async with serving(path, service):
        answers = await asyncio.to_thread(follow, path, 3)
        assert [answer.lost for answer in answers] == [0, 1, 2]
        await until(lambda: not service.following)
        assert await ask(path, Status()) == REPORT


async def test_a_stream_ends_when_the_server_closes(path: Path) -> None:
    """Closing waits for no stream, and the client is told that the other side has ended."""
    async with serving(path, patience=60) as server:
        answers = Client(path).stream(Monitor(last=1))
        assert await asyncio.to_thread(next, answers) == Events(lost=0)
        async with asyncio.timeout(5):
            await server.close()
        with pytest.raises(OperationFailed, match="has ended"):
            await asyncio.to_thread(next, answers)


async def test_a_reader_that_stands_still_is_let_go(path: Path) -> None:
    """Who asks for a stream and reads nothing holds nobody up: after the patience it is closed on."""
    service = PretendedService()
    async with serving(path, service, patience=0.2):
        _, writer = await asyncio.open_unix_connection(str(path), limit=1)
        writer.write(encode(Monitor(last=10_000)))
        await until(lambda: service.following == 1)
        await until(lambda: service.following == 0)
        writer.close()


async def test_watchers_keep_nobody_from_acting(path: Path) -> None:
    """One stream more than there may be hears that we are busy, and whoever asks something is answered."""
    service = PretendedService()
    async with serving(path, service):
        writers = []
        for _ in range(MAXIMUM_STREAMS):
            _, writer = await asyncio.open_unix_connection(str(path))
            writer.write(encode(Monitor()))
            writers.append(writer)
        await until(lambda: service.following == MAXIMUM_STREAMS)
        with pytest.raises(OperationFailed, match="others are watching"):
            await asyncio.to_thread(follow, path, 1)
        assert await ask(path, Status()) == REPORT
        for writer in writers:
            writer.close()
        await until(lambda: not service.following)


async def test_what_a_stream_does_is_kept_once(path: Path) -> None:
    """In the audit log, as it begins; and where the machine would not, why."""
    noted: list[tuple[str, str, str]] = []
    async with serving(path, noted=noted):
        pieces = await asyncio.to_thread(lambda: list(islice(Client(path).stream(Capture(relay="HTTPS")), 2)))
        assert [piece.data for piece in pieces] == [b"one ", b"two"]
        with pytest.raises(OperationFailed, match="capture packets: Operation not permitted"):
            await asyncio.to_thread(lambda: next(Client(path).stream(Capture(client="10.1.1.1"))))
    assert [(words, refused) for _, words, refused in noted] == [
        ("captured packets of client all, relay HTTPS, whole packets: False", ""),
        (
            "captured packets of client 10.1.1.1, relay all, whole packets: False",
            "capture packets: Operation not permitted",
        ),
    ]


async def test_who_may_not_look_gets_no_stream(path: Path) -> None:
    """The right is asked for before the first answer."""
    service = PretendedService()
    async with serving(path, service, role=None):
        with pytest.raises(OperationFailed, match="has no account here"):
            await asyncio.to_thread(follow, path, 1)
    assert service.following == 0


async def test_who_may_not_any_more_is_let_go(path: Path) -> None:
    """Also of what began when he might: accounts go, and logins end."""
    roles: list[Role | None] = [Role.VIEWER]
    async with serving(path, again=0.02, recognized=lambda: roles[-1]):
        answers = Client(path).stream(Monitor(last=1))
        assert await asyncio.to_thread(next, answers) == Events(lost=0)
        roles.append(None)
        with pytest.raises(OperationFailed, match="you may not see this any more"):
            await asyncio.to_thread(lambda: list(answers))


async def test_a_refused_text_keeps_its_name(path: Path) -> None:
    """Who did not name the file is told which one it was."""
    async with serving(path):
        with pytest.raises(OperationFailed, match=r"^a\.conf:1:2: error: "):
            await ask(path, Reload())

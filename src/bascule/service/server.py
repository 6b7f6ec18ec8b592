"""The control socket: hears requests, knows from the kernel who asks, and calls the service."""

import asyncio
import contextlib
import logging
import os
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from msgspec import structs

from bascule.service.catalogue import REQUESTS, operation_of
from bascule.service.failures import (
    Busy,
    Failure,
    Forbidden,
    NotLoggedIn,
    OperationFailed,
    Rejected,
    Unavailable,
    describe,
)
from bascule.service.logins import Bearer, LoggedIn, LogIn, Login
from bascule.service.peer import Peer, peer_of
from bascule.service.permissions import ALLOWED, ROLES, Permission, Role
from bascule.service.reports import Reports
from bascule.service.request import Context, LongRequest, Request
from bascule.service.result import Result
from bascule.service.service import Service
from bascule.system.channel import Channel, ChannelError
from bascule.system.errors import MachineError

MAXIMUM_REQUEST: Final = 2 * 1024 * 1024
"""Bytes of a request; the largest, an `Explain` that names everything it may, takes 1.4 million."""

MAXIMUM_PEERS: Final = 64
"""Connections at a time; the next ones hear that we are busy."""

MAXIMUM_OF_ONE: Final = 16
"""Connections at a time of one user who is no administrator, so that none keeps an administrator out."""

MAXIMUM_STREAMS: Final = 16
"""Peers who follow a stream at a time, so that watching never keeps anybody from acting."""

PATIENCE: Final = 10.0
"""Seconds a peer may take to send a request, or to take an answer."""

AGAIN: Final = 15.0
"""Seconds after which whoever follows a stream must still be somebody who may: logins end, and accounts go."""

STRANGERS: Final = 10.0
"""Seconds in which one attempt of somebody without an account goes into the audit log: anybody here can make them."""

Recognize: TypeAlias = Callable[[Peer], Awaitable[Role | None]]
"""Returns what a peer is; None where he is nobody here. Raises MachineError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Borne:
    """Somebody who has logged in, on whose behalf the web process asks."""

    login: Login
    token: str
    source: str
    program: str = ""
    """The name of an API token."""


Bear: TypeAlias = Callable[[Bearer], Awaitable[Borne | None]]
"""Returns whom a token stands for; None where it is worth nothing. Raises MachineError."""
_May: TypeAlias = Callable[[Request[Any]], Awaitable[bool]]
"""Tells whether a peer may still ask that. Raises MachineError."""
Note: TypeAlias = Callable[[Peer, str, str], Awaitable[None]]
"""Keeps who did what and, where it was refused, why. Raises MachineError."""


_Line: TypeAlias = Channel[Request[Any] | Bearer]


async def nobody(_: Bearer) -> Borne | None:
    """Know nobody by a token."""
    return None


def open_listener(path: Path) -> socket.socket:
    """Return a socket that listens at `path`; whoever may enter its folder may connect, and is known by the kernel.

    Its folder is made where it is missing, and a socket that a dead Bascule left there is replaced. Raises MachineError
    where a live one listens, or where the path cannot be used.
    """
    step = f"open the control socket {path}"
    obstacle = _obstacle(path)
    if obstacle:
        raise MachineError(step, obstacle)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(0o666)  # what a peer may do is told by who he is
        listener.listen(MAXIMUM_PEERS)
    except OSError as error:
        listener.close()
        raise MachineError(step, error.strerror or str(error)) from error
    return listener


def _obstacle(path: Path) -> str:
    """Return why a listener may not take the path; empty where it may."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return ""
        except ConnectionRefusedError:
            return "" if path.is_socket() else "a file that is no socket stands there"
        except OSError as error:
            return error.strerror or str(error)
    return "another Bascule listens there (see: bascule status)"


_MORE: Final = {Permission.COMMIT: "commit", Permission.DEPLOY: "ask of a working copy"}
"""What a request asks that needs more than its operation does."""


class ControlServer:
    """Serves the operations to whoever connects and may."""

    def __init__(
        self,
        service: Service,
        *,
        recognize: Recognize,
        note: Note,
        bear: Bear = nobody,
        log: logging.Logger,
        patience: float = PATIENCE,
        maximum_peers: int = MAXIMUM_PEERS,
        again: float = AGAIN,
    ) -> None:
        self._service = service
        self._recognize = recognize
        self._note = note
        self._bear = bear
        self._log = log
        self._patience = patience
        self._maximum_peers = maximum_peers
        self._again = again
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()
        self._of: Counter[int] = Counter()
        """How many of them are of each user."""
        self._streams = 0
        self._stranger_at = -STRANGERS
        self._closing = asyncio.Event()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve at a listening socket, which is ours to close from now on."""
        self._server = await asyncio.start_unix_server(self._accept, sock=listener)

    async def close(self) -> None:
        """Stop listening, end streams, let what is being answered be answered within the patience, and end the rest."""
        self._closing.set()
        if self._server is not None:
            for listener in self._server.sockets:
                _give_up_path(listener.getsockname())
            self._server.close()
            self._server = None
        if self._conversations:
            _, late = await asyncio.wait(self._conversations, timeout=self._patience)
            for conversation in late:
                conversation.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = asyncio.current_task()
        assert conversation is not None, "asyncio calls this in a task"
        self._conversations.add(conversation)
        channel: _Line = Channel(reader, writer, REQUESTS | Bearer, maximum=MAXIMUM_REQUEST)
        peer = peer_of(writer.get_extra_info("socket"))
        self._of[peer.uid] += 1
        try:
            await self._converse(channel, peer)
        except (TimeoutError, OSError) as error:
            self._log.debug("a peer of the control socket went away: %s", error)
        finally:
            self._conversations.discard(conversation)
            self._of[peer.uid] -= 1
            self._of += Counter()  # keeps those above nothing
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await channel.close()

    async def _converse(self, channel: _Line, peer: Peer) -> None:
        """Hear one request and answer it; who is nobody here is not heard at all."""
        if len(self._conversations) > self._maximum_peers:
            await self._send(channel, Busy(message=f"{self._maximum_peers} others are asking; try again"))
            return
        if self._of[peer.uid] > MAXIMUM_OF_ONE and peer.uid not in {0, os.geteuid()}:
            await self._send(channel, Busy(message=f"{peer.user} is asking {MAXIMUM_OF_ONE} times already; try again"))
            return
        try:
            role = await self._recognize(peer)
        except MachineError as error:
            await self._send(channel, Unavailable(message=str(error)))
            return
        if role is None:
            await self._send(channel, await self._unknown(peer))
            return
        context: Context | None = Context(uid=peer.uid, pid=peer.pid, user=peer.user, role=role)
        bearer: Bearer | None = None
        try:
            async with asyncio.timeout(self._patience):
                request = await channel.receive()
                if isinstance(request, Bearer):
                    bearer = request
                    context = await self._on_behalf(peer, role, bearer)
                    request = await channel.receive()
        except ChannelError as error:
            await self._send(channel, Unavailable(message=f"the request was not understood: {error}"))
            return
        except MachineError as error:
            await self._send(channel, Unavailable(message=str(error)))
            return
        if context is None:
            await self._send(channel, NotLoggedIn(message="you are not logged in, or not any more"))
        elif request is not None and not isinstance(request, Bearer):
            await self._heard(channel, context, request, partial(self._may, peer, bearer))

    async def _on_behalf(self, peer: Peer, role: Role, bearer: Bearer) -> Context | None:
        """Return who asks by the web process; None where nobody does."""
        borne = await self._bear(bearer) if role is Role.VISITOR else None
        if borne is None:
            return None
        login = borne.login
        return Context(
            uid=peer.uid,
            pid=peer.pid,
            user=login.name,
            role=login.role,
            source=borne.source,
            token=borne.token,
            until=login.until,
            program=borne.program,
        )

    async def _may(self, peer: Peer, bearer: Bearer | None, request: Request[Any]) -> bool:
        """Tell whether a peer may ask that now. Raises MachineError."""
        role = await self._recognize(peer)
        if role is not None and bearer is not None:
            context = await self._on_behalf(peer, role, structs.replace(bearer, looks_on=True))
            role = None if context is None else context.role
        return role is not None and operation_of(request).needs(request) in ALLOWED[role]

    async def _heard(self, channel: _Line, context: Context, request: Request[Any], may: _May) -> None:
        """Answer a request, or refuse it."""
        refusal = self._refusal(context, request)
        if refusal is not None:
            await self._keep(_peer(context), f"asked to {operation_of(request).summary}", refusal.message)
            await self._send(channel, refusal)
        elif operation_of(request).streams:
            await self._stream(channel, context, request, may)
        elif isinstance(request, LongRequest) and request.progress:
            reports = Reports(channel, now=asyncio.get_running_loop().time)
            reminding = asyncio.ensure_future(reports.remind())
            try:
                reply = await self._answer(replace(context, tell=reports.tell), request)
            finally:
                reminding.cancel()
            await self._send(channel, reply)
        else:
            await self._send(channel, await self._answer(context, request))

    async def _stream(self, channel: _Line, context: Context, request: Request[Any], may: _May) -> None:
        """Answer again and again, until the peer goes away, stops reading, may not any more, or we close."""
        if self._streams >= MAXIMUM_STREAMS:
            await self._send(channel, Busy(message=f"{self._streams} others are watching; try again"))
            return
        self._streams += 1
        # The peer has said all it may: whatever it does next, it has gone away.
        refused = asyncio.ensure_future(self._until_refused(request, may))
        ends = [
            refused,
            asyncio.ensure_future(self._send_all(channel, context, request)),
            asyncio.ensure_future(channel.receive()),
            asyncio.ensure_future(self._closing.wait()),
        ]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streams -= 1
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        if not refused.cancelled():
            await self._send(channel, Forbidden(message="you may not see this any more"))

    async def _until_refused(self, request: Request[Any], may: _May) -> None:
        """Return when a peer may not ask that any more, which is asked again and again."""
        while True:
            await asyncio.sleep(self._again)
            with contextlib.suppress(MachineError):  # the next look tells
                if not await may(request):
                    return

    async def _send_all(self, channel: _Line, context: Context, request: Request[Any]) -> None:
        operation = operation_of(request)
        who, deed = _peer(context), _deed(context, request)
        try:
            async with contextlib.aclosing(self._service.follow(context, request)) as answers:
                async for answer in answers:
                    await self._keep(who, deed)
                    deed = None  # which is noted as it begins, and once
                    await self._send(channel, answer)
        except OperationFailed as failed:
            await self._keep(who, deed, _in_short(failed.failure))
            await self._send(channel, failed.failure)
        except MachineError as error:
            await self._keep(who, deed, str(error))
            await self._send(channel, Unavailable(message=str(error)))
        except (TimeoutError, OSError) as error:
            self._log.debug("a peer of the control socket reads no more: %s", error)
        except Exception:  # the process's edge towards a peer: a bug is written down before it ends the stream
            self._log.exception("a fault of our own in %s", operation.name)
            raise

    async def _send(self, channel: _Line, reply: Result | Failure) -> None:
        async with asyncio.timeout(self._patience):
            await channel.send(reply)

    async def _unknown(self, peer: Peer) -> Forbidden:
        """Return what to tell somebody who is nobody here; the audit log has one of his like at a time."""
        now = asyncio.get_running_loop().time()
        if now - self._stranger_at >= STRANGERS:
            self._stranger_at = now
            await self._keep(peer, "came to the control socket", "has no account")
        words = (
            f"{peer.user} has no account here (an administrator makes one: bascule account add {peer.user} --role viewer)"
        )
        return Forbidden(message=words)

    def _refusal(self, context: Context, request: Request[Any]) -> Forbidden | None:
        """Return why the peer may not have this done; None where it may."""
        operation = operation_of(request)
        needed = operation.needs(request)
        if needed in ALLOWED[context.role]:
            return None
        self._log.warning("refused %s to %s (uid %d)", operation.name, context.user, context.uid)
        if context.role is Role.VISITOR:
            return Forbidden(message="nobody is logged in")
        who = " and ".join(f"{role}s" for role in ROLES if needed in ALLOWED[role])
        what = operation.summary if needed is operation.permission else _MORE[needed]
        return Forbidden(message=f"{context.user} is {context.role} and may not {what}; {who} may")

    async def _answer(self, context: Context, request: Request[Any]) -> Result | Failure:
        operation = operation_of(request)
        who, deed = _peer(context), _deed(context, request)
        try:
            result: Result = await self._service.ask(context, request)
        except OperationFailed as failed:
            if operation.permission is not Permission.ENTER or not isinstance(failed.failure, Busy):  # anybody makes those
                await self._keep(who, deed, _in_short(failed.failure))
            return failed.failure
        except MachineError as error:
            await self._keep(who, deed, str(error))
            return Unavailable(message=str(error))
        except Exception:  # noqa: BLE001 - the process's edge: a bug in one operation must not cost the peer its answer
            self._log.exception("a fault of our own in %s", operation.name)
            return Unavailable(message=f"{operation.name} met a fault of Bascule's own; its log says where")
        if isinstance(request, LogIn) and isinstance(result, LoggedIn):
            deed = _deed(context, structs.replace(request, name=result.name))  # whom a directory knows has another name
        await self._keep(who, deed)
        return result

    async def _keep(self, peer: Peer, words: str | None, refused: str = "") -> None:
        """Note a deed that is one; what was done is done, also where that fails."""
        if words is None:
            return
        who = f"{peer.user} (uid {peer.uid}, pid {peer.pid})"
        self._log.info("%s %s%s", who, words, ", which was refused" if refused else "")
        try:
            await self._note(peer, words, refused)
        except MachineError as error:
            self._log.warning("the audit log does not have it: %s", error)


def _in_short(failure: Failure) -> str:
    """Return why something was refused, without words of a text: they may be anything, a password too."""
    if isinstance(failure, Rejected):
        return f"the text has mistakes: {len(failure.diagnostics)}"
    return describe(failure).partition("\n")[0]


def _deed(context: Context, request: Request[Any]) -> str | None:
    """Return what the audit log says, and by which way it was asked."""
    deed = operation_of(request).deed(request)
    if deed is None or not context.source:
        return deed
    way = f"token {context.program}" if context.program else "the pages"
    return f"{deed} (by {way}, from {context.source})"


def _peer(context: Context) -> Peer:
    """Return who did something; of the pages, the account."""
    return Peer(uid=context.uid, pid=context.pid, user=context.user)


def _give_up_path(name: str) -> None:
    """Remove a listener's name; while it still listens, so that it can be nobody else's yet."""
    Path(name).unlink(missing_ok=True)

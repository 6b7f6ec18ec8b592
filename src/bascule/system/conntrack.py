"""The door to the kernel's table of sessions: raw netlink, since a general library takes 25 times as long per session."""

import os
import socket
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from bascule.system.ctnetlink import CLIENT_AT, DELETE, GET, Address, Session, marked, messages, named, request, session
from bascule.system.errors import MachineError
from bascule.system.foremost import Foremost, Order

_NETFILTER: Final = 12  # NETLINK_NETFILTER
REQUEST, ACK, DUMP = 0x001, 0x004, 0x300
_ERROR, _DONE = 2, 3
_BUFFER: Final = 1 << 17
_QUEUE: Final = 1 << 22
_BATCH: Final = 128
"""Deletions in one send: their answers fit the smallest queue."""

_NO_ENTRY: Final = 2


class Conntrack(Protocol):
    """Lists and ends sessions of this network namespace. Blocking: call it from a thread."""

    def sessions(self, mark: int, mask: int = 0xFFFFFFFF, client: Address | None = None) -> Iterator[Session]:
        """Yield the sessions whose mark fits, of one client or of all. Raises MachineError."""
        ...

    def foremost(self, order: Order, mark: int, mask: int = 0xFFFFFFFF) -> tuple[int, Sequence[Session]]:
        """Return how many sessions are wanted whose mark fits, and the first: many times as fast as decoding them all.

        Raises MachineError.
        """
        ...

    def delete_marked(self, mark: int, mask: int = 0xFFFFFFFF) -> None:
        """Forget every session whose mark fits. Raises MachineError."""
        ...

    def delete(self, sessions: Sequence[Session]) -> int:
        """Forget these sessions and return how many were still there. Raises MachineError."""
        ...


class KernelConntrack:
    """Speaks to the kernel of the namespace in which it is first used."""

    def sessions(self, mark: int, mask: int = 0xFFFFFFFF, client: Address | None = None) -> Iterator[Session]:
        """Dump by mark: the kernel does that filtering; another client's sessions are not even decoded."""
        wanted = b"" if client is None else client.packed
        until = CLIENT_AT + len(wanted)
        for told in ask("read the sessions", [request(GET, REQUEST | DUMP, marked(mark, mask))]):
            if wanted and told[CLIENT_AT:until] != wanted:
                continue
            known = session(told)
            if known is not None and known.mark & mask == mark & mask:
                yield known

    def foremost(self, order: Order, mark: int, mask: int = 0xFFFFFFFF) -> tuple[int, Sequence[Session]]:
        """Dump by mark, and sift what is received as it is."""
        sifting = Foremost(order)
        for data in received("read the sessions", [request(GET, REQUEST | DUMP, marked(mark, mask))]):
            sifting.add(data)
        return sifting.total, sifting.sessions()

    def delete_marked(self, mark: int, mask: int = 0xFFFFFFFF) -> None:
        """Flush by mark: one message, whatever the number of sessions."""
        for _ in ask("end sessions", [request(DELETE, REQUEST | ACK, marked(mark, mask))]):
            pass

    def delete(self, sessions: Sequence[Session]) -> int:
        """Delete by the client's tuple and the kernel's own name, so that a later session of that tuple stays."""
        gone = 0
        for start in range(0, len(sessions), _BATCH):
            batch = [request(DELETE, REQUEST | ACK, named(each), family=each.family) for each in sessions[start:][:_BATCH]]
            gone += len(batch) - sum(1 for _ in ask("end sessions", batch))
        return gone


def ask(step: str, asked: Sequence[bytes]) -> Iterator[memoryview]:
    """Send messages and yield what is told, behind its headers: sessions, or nothing for one that is not there."""
    for data in received(step, asked):
        for kind, told in messages(memoryview(data)):
            if kind == _ERROR and _code(told):
                yield told[:0]
            elif kind not in (_ERROR, _DONE):
                yield told[4:]


def received(step: str, asked: Sequence[bytes]) -> Iterator[bytes]:
    """Send messages and yield what comes, until each is answered. Raises MachineError for an answer that says no."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE)
            door.bind((0, 0))
            door.send(b"".join(asked))
            open_questions = len(asked)
            while open_questions:
                data = door.recv(_BUFFER)
                open_questions -= _answered(data)
                yield data
    except OSError as error:
        raise MachineError(step, str(error)) from error


def _answered(data: bytes) -> int:
    """Return how many questions are answered by now. Raises OSError where one is refused."""
    answered = 0
    for kind, told in messages(memoryview(data)):
        if kind == _ERROR and (code := _code(told)) not in (0, _NO_ENTRY):
            raise OSError(code, os.strerror(code))
        answered += kind in (_ERROR, _DONE)
    return answered


def _code(told: memoryview) -> int:
    """Return what an answer says: 0 is done, ENOENT that there was nothing to do."""
    return -int.from_bytes(told[:4], "little", signed=True)

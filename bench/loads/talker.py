"""Sends back what comes, on any number of sessions: `python -m bench.loads.talker PROCESSES PORT…`, until it is ended."""

import contextlib
import os
import resource
import select
import socket
import sys
from collections.abc import Sequence

_PORTIONS = 1 << 16


def main(arguments: Sequence[str]) -> int:
    """Serve the ports in so many processes; the kernel spreads sessions over them."""
    processes, *ports = (int(word) for word in arguments)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for _ in range(processes - 1):
        if os.fork() == 0:
            break
    _serve([_listener(port) for port in ports])
    return 0


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(65535)
    listener.settimeout(0)
    return listener


def _serve(listeners: Sequence[socket.socket]) -> None:
    ready = select.epoll()
    doors = {listener.fileno(): listener for listener in listeners}
    sessions: dict[int, socket.socket] = {}
    for descriptor in doors:
        ready.register(descriptor, select.EPOLLIN)
    while True:
        for descriptor, _ in ready.poll():
            if descriptor in doors:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        session, _ = doors[descriptor].accept()
                        session.settimeout(0)
                        session.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        sessions[session.fileno()] = session
                        ready.register(session, select.EPOLLIN)
            elif not _answered(sessions[descriptor]):
                sessions.pop(descriptor).close()


def _answered(session: socket.socket) -> bool:
    """Send back what has come; return whether the session goes on."""
    try:
        said = session.recv(_PORTIONS)
        return bool(said) and session.send(said) == len(said)
    except BlockingIOError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Clients of an Exchange server, many addresses of them in one node; each names itself by its own address."""

import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bed import endpoint_mapper
from bed.node import Node

HOST: Final = "mail.lab.local"
"""The name that clients know the service by, which every server's certificate carries."""
_MESSAGE: Final = "Subject: a test\r\n\r\nOne line.\r\n"
_LONGEST_LINE: Final = 200


def curl(node: Node, client: str, server: str, authority: Path) -> None:
    """Use HTTPS, IMAP and POP3 (TLS and STARTTLS) and SMTP from one address by curl; raises BedError if one fails.

    Certificates are checked against the authority and the name `HOST`.
    """
    common = ["-sS", "-o", "/dev/null", "--interface", client, "--cacert", str(authority), "--max-time", "30", "--ssl-reqd"]
    common += [word for port in (25, 110, 143, 443, 993, 995) for word in ("--resolve", f"{HOST}:{port}:{server}")]
    user = ["-u", f"{client}:secret"]
    mail = ["--mail-from", f"{client}@lab.local", "--mail-rcpt", "someone@lab.local", "-T", "-"]
    transfers = [
        ["-A", client, f"https://{HOST}/owa/healthcheck.htm"],
        *([*user, f"{scheme}://{HOST}/"] for scheme in ("imaps", "imap", "pop3s", "pop3")),
        [*mail, f"smtp://{HOST}/client.lab.local"],
    ]
    argv = ["curl", *common, *transfers[0]]
    for transfer in transfers[1:]:
        argv += ["--next", *common, *transfer]
    node.run(*argv, input=_MESSAGE)


def rpc(node: Node, client: str, server: str) -> None:
    """Do what Outlook does at start: ask the endpoint mapper, then hold both of Exchange's RPC ports."""
    with node.entered():
        status, _ = endpoint_mapper.ask(endpoint_mapper.LSARPC, client=client, server=server)
    if status:
        raise RuntimeError(f"{client}: the endpoint mapper answers {status:#x}")
    with greeted(node, client, server, 59532) as (first, one), greeted(node, client, server, 59533) as (second, other):
        if one != other:
            raise RuntimeError(f"{client} meets {one} on port 59532 and {other} on 59533")
        for connection in (first, second):
            exchange(connection, f"client {client}\n".encode())


@contextmanager
def greeted(node: Node, client: str, server: str, port: int) -> Iterator[tuple[socket.socket, str]]:
    """Connect to an echo server from an address ("" is any); yield the connection and the server's name."""
    with node.socket(socket.AF_INET6 if ":" in server else socket.AF_INET) as connection:
        connection.settimeout(10)
        if client:
            connection.bind((client, 0))
        connection.connect((server, port))
        yield connection, line(connection)


def is_greeted(node: Node, server: str, port: int) -> bool:
    """Tell whether an echo server is there for a node's clients."""
    try:
        with greeted(node, "", server, port):
            return True
    except OSError:
        return False


def line(connection: socket.socket) -> str:
    """Return the next line that a server says."""
    received = b""
    while not received.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte or len(received) > _LONGEST_LINE:
            raise ConnectionError(f"no whole line, but {received!r}")
        received += byte
    return received.decode().rstrip("\n")


def exchange(connection: socket.socket, data: bytes) -> None:
    """Send something and wait until it came back; raises ConnectionError where it does not."""
    connection.sendall(data)
    left = len(data)
    while left:
        echo = connection.recv(left)
        if not echo:
            raise ConnectionError("the server ended before it had echoed everything")
        left -= len(echo)


def at_once(task: Callable[[str], None], clients: Iterable[str], *, workers: int = 6) -> None:
    """Run a task for each client, several at a time; the first failure is raised."""
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(task, clients))

"""A resolver asks the servers that it is given, and makes what they say, or do not, into words."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.rdatatype import RdataType

from bascule.health.names import resolver
from bascule.health.names.answer import Answer
from bascule.health.names.resolver import LONGEST_ANSWER, Resolver

LOOPBACK = ip_address("127.0.0.1")
Says = Callable[[dns.message.Message], dns.message.Message | None]


@dataclass
class Server:
    """A name server on loopback that says what the test says."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def serving(says: Says) -> Iterator[Server]:
    """Answer datagrams until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind((str(LOOPBACK), 0))
        server = Server(door.getsockname()[1])

        def serve() -> None:
            while data := door.recvfrom(4096):
                if not data[0]:
                    return
                query = dns.message.from_wire(data[0])
                server.asked.append((str(query.question[0].name), RdataType.to_text(query.question[0].rdtype)))
                answer = says(query)
                if answer is not None:
                    door.sendto(answer.to_wire(), data[1])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", door.getsockname())
            thread.join(10)


def zone(*records: str, code: dns.rcode.Rcode = dns.rcode.NOERROR) -> Says:
    """Return a server that knows these records, such as `a.example. 60 IN A 10.0.0.1`."""
    known = [(name, int(ttl), kind, rest) for name, ttl, _, kind, rest in (line.split(" ", 4) for line in records)]

    def says(query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        answer.set_rcode(code)
        name, wanted = str(query.question[0].name), query.question[0].rdtype
        while alias := next((row for row in known if row[0] == name and row[2] == "CNAME"), None):
            answer.answer.append(dns.rrset.from_text(name, alias[1], "IN", "CNAME", alias[3]))
            name = alias[3]
        rows = [row for row in known if row[0] == name and row[2] == RdataType.to_text(wanted)]
        if rows:
            answer.answer.append(dns.rrset.from_text(name, rows[0][1], "IN", rows[0][2], *(row[3] for row in rows)))
        return answer

    return says


def unanswered(_: dns.message.Message) -> None:
    """Say nothing."""


async def ask(says: Says, name: str = "a.example") -> tuple[Answer, float]:
    """Ask a server that says so."""
    with serving(says) as server:
        return await Resolver([LOOPBACK], port=server.port).ask(name)


async def test_both_families() -> None:
    """Every address is told; the answer is as old as its shortest part."""
    said = zone("a.example. 60 IN A 10.0.0.2", "a.example. 60 IN A 10.0.0.1", "a.example. 30 IN AAAA fd00::1")
    answer, ttl = await ask(said)
    four = frozenset({ip_address("10.0.0.1"), ip_address("10.0.0.2")})
    assert answer == Answer(name="a.example", v4=four, v6=frozenset({ip_address("fd00::1")}))
    assert ttl == 30


async def test_another_name_for_it() -> None:
    """An alias is followed, and its time to live counts too."""
    answer, ttl = await ask(zone("a.example. 20 IN CNAME b.example.", "b.example. 600 IN A 10.0.0.1"))
    assert answer.v4 == frozenset({ip_address("10.0.0.1")})
    assert answer.v6 == frozenset()
    assert not answer.failure
    assert ttl == 20


async def test_the_name_is_asked_for_as_it_is() -> None:
    """Nothing is put behind it, whatever this machine's own resolver would."""
    with serving(zone("a.example. 60 IN A 10.0.0.1")) as server:
        await Resolver([LOOPBACK], port=server.port).ask("a.example")
    assert sorted(server.asked) == [("a.example.", "A"), ("a.example.", "AAAA")]


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (zone(code=dns.rcode.NXDOMAIN), "there is no such name"),
        (zone(), "the name has no address"),
        (zone(code=dns.rcode.SERVFAIL), "127.0.0.1 says SERVFAIL"),
        (zone(code=dns.rcode.REFUSED), "127.0.0.1 says REFUSED"),
        (unanswered, "no answer of 127.0.0.1 within 0.5 s"),
    ],
)
async def test_failures(says: Says, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's addresses are touched, and why is said in a line."""
    monkeypatch.setattr(resolver, "LIFETIME", 0.5)
    answer, ttl = await ask(says)
    assert words in answer.failure
    assert (answer.v4, answer.v6, ttl) == (None, None, 0.0)


async def test_one_family_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told of the other counts, and the failure is said."""
    monkeypatch.setattr(resolver, "LIFETIME", 0.5)
    whole = zone("a.example. 60 IN A 10.0.0.1")
    answer, ttl = await ask(lambda query: whole(query) if query.question[0].rdtype == RdataType.A else None)
    assert (answer.v4, answer.v6) == (frozenset({ip_address("10.0.0.1")}), None)
    assert answer.failure
    assert ttl == 0


async def test_no_answer_is_longer_than_bounded() -> None:
    """A name with very many addresses is read in part."""
    answer, _ = await ask(zone(*(f"a.example. 60 IN AAAA fd00::{number:x}" for number in range(1, 100))))
    assert answer.v6 is not None
    assert len(answer.v6) == LONGEST_ANSWER


async def test_the_second_server_where_the_first_is_dead() -> None:
    """Servers are asked in their order until one answers."""
    with serving(zone("a.example. 60 IN A 10.0.0.1")) as server:
        answer, _ = await Resolver([ip_address("127.0.0.9"), LOOPBACK], port=server.port).ask("a.example")
    assert answer.v4 == frozenset({ip_address("10.0.0.1")})
    assert not answer.failure

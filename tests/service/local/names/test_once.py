"""Asking once: a process of its own asks, answers that come in time are taken, and nothing else is waited for."""

import sys
from ipaddress import ip_address

import pytest

from bascule.config.names import Questions
from bascule.health import wire
from bascule.service.local.names.once import ask_once
from bascule.system.channel import encode
from bascule.system.children import OwnChildren

ASKED = Questions(servers=(ip_address("127.0.0.1"),), names=frozenset({"a.example", "b.example"}))


def saying(*reports: wire.Report, then: str = "pass") -> list[str]:
    """Return a process that says so on the descriptor behind it."""
    said = b"".join(encode(report) for report in reports)
    program = f"import socket, sys, time\ndoor = socket.socket(fileno=int(sys.argv[3]))\ndoor.sendall({said!r})\n{then}"
    return [sys.executable, "-c", program]


def resolved(name: str, *addresses: str) -> wire.Resolved:
    """Return what a prober tells of a name."""
    return wire.Resolved(name=name, v4=addresses, v6=(), failure="")


async def test_answers_are_taken_until_all_are_there() -> None:
    """Names that nobody asked for, and what is no address, are left."""
    said = [resolved("c.example", "10.0.0.3"), resolved("a.example", "10.0.0.1", "x", "fd00::1"), resolved("b.example")]
    command = saying(*said, then="time.sleep(60)")
    answers = await ask_once(ASKED, starts=OwnChildren(command))
    assert {answer.name: answer.v4 for answer in answers} == {
        "a.example": frozenset({ip_address("10.0.0.1")}),
        "b.example": frozenset(),
    }


@pytest.mark.parametrize("then", ["pass", "time.sleep(60)"])
async def test_nothing_is_waited_for_in_vain(then: str) -> None:
    """What came by the end is what there is: the process ends, or says nothing more."""
    command = saying(resolved("a.example", "10.0.0.1"), then=then)
    answers = await ask_once(ASKED, starts=OwnChildren(command))
    assert [answer.name for answer in answers] == ["a.example"]


async def test_nonsense_is_no_answer() -> None:
    """Whoever breaks the protocol is not heard any more."""
    command = saying(then="door.sendall(b'HTTP/1.1 200 OK'); time.sleep(60)")
    assert await ask_once(ASKED, starts=OwnChildren(command)) == []


async def test_a_process_that_cannot_be_started() -> None:
    """Nobody tells anything then."""
    assert await ask_once(ASKED, starts=OwnChildren(["/nonexistent/prober"])) == []

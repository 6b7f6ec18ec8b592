"""What a worker tells of its sessions, asked by a parent."""

from contextlib import suppress
from typing import Any

import pytest

from bascule.engines.proxy.ledger import PORTION
from bascule.engines.proxy.wire import AskSessions, Chosen, Kill, Killed, Order, Sessions, TakeEnded
from bascule.engines.proxy.wire import Ended as EndedOnes
from bed.proxy import Rig, client, echo, everything, refusing, serving
from bed.wait import until


def asked(rig: Rig, **which: Any) -> Sessions:
    """Return the worker's sessions."""
    answer = rig.parent.ask(AskSessions(**which))
    assert isinstance(answer, Sessions)
    return answer


def portion(rig: Rig) -> EndedOnes:
    """Return a portion of what has ended."""
    answer = rig.parent.ask(TakeEnded())
    assert isinstance(answer, EndedOnes)
    return answer


def ended(rig: Rig) -> EndedOnes:
    """Return what has ended since the last call."""
    answers = [portion(rig)]
    while len(answers[-1].sessions) == PORTION:
        answers.append(portion(rig))
    sessions = tuple(session for answer in answers for session in answer.sessions)
    return EndedOnes(sessions=sessions, lost=sum(answer.lost for answer in answers))


def test_a_session_is_listed_with_both_its_ends_and_its_bytes(rig: Rig) -> None:
    """Addresses, ports and bytes are those that client and server see."""
    with serving(echo) as server:
        place = rig.carry(server)
        with client(place, "127.0.0.9") as connection:
            connection.sendall(b"four")
            assert connection.recv(4) == b"four"
            (session,) = asked(rig).sessions
            assert (session.client.address, session.client.port) == connection.getsockname()
            assert (session.listen, session.host, session.relay) == (place, server, "R")
            assert session.source is not None
            assert session.source.address == "127.0.0.1"
            assert (session.from_client, session.from_host, session.state) == (4, 4, "established")
            assert 0 <= session.idle <= session.age < 20


def test_sessions_are_chosen_by_client_host_and_relay(rig: Rig) -> None:
    """What is named must fit, all of it."""
    with serving(echo) as server:
        place = rig.carry(server)
        with client(place, "127.0.0.9"), client(place, "127.0.0.10"):
            until(lambda: asked(rig).total == 2, what="both are carried")
            assert [each.client.address for each in asked(rig, chosen=Chosen(client="127.0.0.9")).sessions] == ["127.0.0.9"]
            for name in (str(server), server.address):
                assert asked(rig, chosen=Chosen(host=name, relay="R")).total == 2
            assert asked(rig, chosen=Chosen(host="EX9")).total == asked(rig, chosen=Chosen(relay="S")).total == 0


@pytest.mark.parametrize(("order", "first"), [(Order.BYTES, "127.0.0.10"), (Order.AGE, "127.0.0.9")])
def test_the_foremost_are_told_and_all_are_counted(rig: Rig, order: Order, first: str) -> None:
    """A limit keeps those that come first, and the total says how many there are."""
    with serving(echo) as server:
        place = rig.carry(server)
        with client(place, "127.0.0.9"):
            until(lambda: asked(rig).total == 1, what="the first is carried")
            with client(place, "127.0.0.10") as busy:
                busy.sendall(b"more")
                assert busy.recv(4) == b"more"
                answer = asked(rig, order=order, limit=1)
                assert (answer.total, [each.client.address for each in answer.sessions]) == (2, [first])


def test_killed_sessions_are_reset_and_the_others_stay(rig: Rig) -> None:
    """Both ends of the chosen session see a reset."""
    with serving(echo) as server:
        place = rig.carry(server)
        with client(place, "127.0.0.9") as doomed, client(place, "127.0.0.10") as other:
            until(lambda: [each.state for each in asked(rig).sessions] == ["established"] * 2, what="both are carried")
            assert rig.parent.ask(Kill(chosen=Chosen(client="127.0.0.9"))) == Killed(sessions=1)
            with pytest.raises(ConnectionResetError):
                doomed.recv(1)
            other.sendall(b"here")
            assert other.recv(4) == b"here"
            (told,) = ended(rig).sessions
            assert (told.session.client.address, told.session.state) == ("127.0.0.9", "killed")


def test_one_session_is_killed_alone(rig: Rig) -> None:
    """By what tells it from another of the same client; when it has ended, nothing is."""
    with serving(echo) as server:
        place = rig.carry(server)
        with client(place, "127.0.0.9") as doomed, client(place, "127.0.0.9") as other:
            until(lambda: [each.state for each in asked(rig).sessions] == ["established"] * 2, what="both are carried")
            ids = {each.client.port: each.id for each in asked(rig).sessions}
            chosen = Chosen(id=ids[doomed.getsockname()[1]])
            assert rig.parent.ask(Kill(chosen=chosen)) == Killed(sessions=1)
            with pytest.raises(ConnectionResetError):
                doomed.recv(1)
            other.sendall(b"here")
            assert other.recv(4) == b"here"
            assert rig.parent.ask(Kill(chosen=chosen)) == Killed(sessions=0)


def test_an_ended_session_is_told_once_with_its_totals(rig: Rig) -> None:
    """Counters of the host and of the session agree, also when they were read in between."""
    with serving(lambda connection: connection.sendall(b"x" * 1000)) as server:
        place = rig.carry(server)
        with client(place) as connection:
            assert len(everything(connection)) == 1000
            rig.sessions()
        until(lambda: rig.sessions() == 0, what="the session ends")
        (told,) = ended(rig).sessions
        assert (told.session.state, told.session.from_host, told.session.host) == ("closed", 1000, server)
        assert rig.parent.host(server).from_host == 1000
        assert ended(rig).sessions == ()


def test_a_client_whom_no_host_takes_is_told_too(rig: Rig) -> None:
    """Whoever looks for that client finds that it was refused."""
    place = rig.carry(refusing())
    with pytest.raises(ConnectionResetError), client(place) as connection:  # also before connect returns
        connection.recv(1)
    (told,) = ended(rig).sessions
    assert (told.session.state, told.session.host, told.session.source) == ("refused", None, None)


def test_what_has_ended_is_told_in_portions(rig: Rig) -> None:
    """The oldest first, so that no answer holds up the sessions that live for long."""
    place = rig.carry(refusing())
    for _ in range(PORTION + 7):
        with suppress(ConnectionError), client(place) as connection:
            connection.recv(1)
    until(lambda: rig.parent.status().relays[0].refused == PORTION + 7, what="all were refused")
    first, second = portion(rig), portion(rig)
    assert (len(first.sessions), len(second.sessions), len(portion(rig).sessions)) == (PORTION, 7, 0)
    assert first.sessions[-1].ago >= second.sessions[0].ago - 1

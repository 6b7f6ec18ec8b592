"""Ending sessions: both ends know it at once, the right sessions end, and no others."""

import asyncio
import socket
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from bascule.config.model import Address
from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.engine import NftablesEngine
from bascule.engines.nftables.sessions import Sessions
from bascule.plan.model import FIRST_MARK
from bascule.system.ctnetlink import Flow, Session, TcpState
from bascule.system.foremost import Order
from bed.fake_nft import FakeNft
from bed.sessions import is_reset, is_silent, opened
from bed.wait import until
from engines.nftables.networks import PORT, Network, everywhere, network
from engines.nftables.plans import planned
from plan.situations import relay
from system.tracked import tracked

VIP = ip_address("10.80.0.10")
REFUSE_NEW = """
table inet t {
 chain c_in { type filter hook input priority 0; policy accept;
  tcp dport 443 tcp flags & (syn | ack) == syn drop
 }
}
"""
"""A server that answers nobody new, and keeps the sessions it has."""


class Kernel:
    """Sessions, and the order in which things were done to them."""

    def __init__(self, *rounds: Sequence[Session]) -> None:
        self.rounds = list(rounds)
        self.done: list[object] = []

    def sessions(self, mark: int, mask: int = 0xFFFFFFFF, client: Address | None = None) -> Iterator[Session]:
        """Yield what this round has of a mark."""
        for each in self.rounds[0] if self.rounds else ():
            if each.mark & mask == mark & mask and client in (None, each.original.source):
                yield each

    def foremost(self, order: Order, mark: int, mask: int = 0xFFFFFFFF) -> tuple[int, Sequence[Session]]:
        """Refuse: whoever ends sessions wants them all."""
        raise AssertionError(order, mark, mask)

    def delete_marked(self, mark: int, mask: int = 0xFFFFFFFF) -> None:
        """Go on to the next round."""
        self.done.append(("delete", mark, mask))
        self.rounds = self.rounds[1:]

    def delete(self, sessions: Sequence[Session]) -> int:
        """Note them."""
        self.done.append(("delete", *sessions))
        return len(sessions)

    def send(self, flows: Iterable[Flow]) -> int:
        """Note the nudges."""
        nudged = list(flows)
        self.done.append(nudged)
        return len(nudged)


class Rules(FakeNft):
    """Notes in the kernel's order when a script was loaded."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self.kernel = kernel

    async def load(self, script: str) -> None:
        """Load it, and note that."""
        await super().load(script)
        self.kernel.done.append(script.split(" ", maxsplit=1)[0])


def ended(kernel: Kernel, settled: Iterable[str] = (), marks: Sequence[int] = (7,)) -> tuple[int, Rules]:
    """End the sessions of a mark; return how many lived, and the rules."""

    async def work() -> tuple[int, Rules]:
        rules = Rules(kernel)
        engine = NftablesEngine(rules)
        await engine.apply(engine.difference(compose(planned(relay())), None))
        kernel.done.clear()
        addresses = {ip_address(address) for address in settled}
        return await Sessions(rules, kernel, kernel).end(marks, addresses), rules

    return asyncio.run(work())


def test_states_end_after_they_are_remembered_and_before_both_ends_are_nudged() -> None:
    """Else a stray packet would slip through between, or the answer to a nudge would find its session alive."""
    kernel = Kernel([tracked(5000)])
    assert ended(kernel)[0] == 1
    added, deleted, nudged = kernel.done
    client, host = Flow(VIP, PORT, ip_address("10.80.1.1"), 5000), Flow(VIP, 5000, ip_address("10.80.2.1"), PORT)
    assert (added, deleted, nudged) == ("add", ("delete", 7, 0xFFFFFFFF), [client, host])


def test_stray_packets_of_both_sides_are_remembered() -> None:
    """For a minute, as each side sends them: what is settled needs it not."""
    _, rules = ended(Kernel([tracked(5000)]))
    assert rules.elements("s_killed4").keys() == {
        "10.80.1.1 . 5000 . 10.80.0.10 . 443",
        "10.80.2.1 . 443 . 10.80.0.10 . 5000",
    }
    _, rules = ended(Kernel([tracked(5000)]), settled=["10.80.0.10"])
    assert rules.elements("s_killed4") == {}


def test_a_session_that_began_meanwhile_ends_too() -> None:
    """What slipped in between listing and deletion is found by a second look."""
    kernel = Kernel([tracked(5000)], [tracked(5001)])
    assert ended(kernel)[0] == 2
    assert len(kernel.done) == 6


def test_nothing_is_done_where_nothing_lives() -> None:
    """No script, no deletion, no nudge."""
    kernel = Kernel()
    assert ended(kernel)[0] == 0
    assert kernel.done == []


def test_only_the_living_are_counted_and_only_the_established_nudged() -> None:
    """The memory of an ended session ends too, and nobody is told of it twice."""
    kernel = Kernel([tracked(5000), tracked(5001, TcpState.TIME_WAIT), tracked(5002, TcpState.SYN_SENT)])
    assert ended(kernel)[0] == 2
    nudged = [flow for done in kernel.done if isinstance(done, list) for flow in done]
    assert {flow.destination_port for flow in nudged} & {5002} == set()


def test_thousands_of_sessions_are_remembered_in_several_transactions() -> None:
    """A script stays readable, and within what nft takes."""
    kernel = Kernel([tracked(number) for number in range(1000, 3000)])
    count, rules = ended(kernel)
    assert (count, kernel.done.count("add")) == (2000, 4)
    assert len(rules.elements("s_killed4")) == 4000


def test_the_unestablished_alone_are_ended() -> None:
    """`on down keep` frees the clients that wait for an answer, and leaves those that had one."""
    kernel = Kernel([tracked(5000), tracked(5001, TcpState.SYN_SENT), tracked(5002, TcpState.SYN_RECEIVED)])
    assert asyncio.run(Sessions(FakeNft(), kernel, kernel).end_unestablished([7])) == 2
    assert kernel.done == [("delete", tracked(5001, TcpState.SYN_SENT), tracked(5002, TcpState.SYN_RECEIVED))]


def test_chosen_sessions_end_whatever_their_host() -> None:
    """An administrator ends single sessions of a host that goes on to serve: remembered, deleted, nudged."""
    kernel = Kernel([tracked(5000), tracked(5001)])

    async def work() -> None:
        rules = Rules(kernel)
        engine = NftablesEngine(rules)
        await engine.apply(engine.difference(compose(planned(relay())), None))
        kernel.done.clear()
        await Sessions(rules, kernel, kernel).kill([tracked(5000)], ())
        assert len(rules.elements("s_killed4")) == 2

    asyncio.run(work())
    added, deleted, nudged = kernel.done
    assert (added, deleted) == ("add", ("delete", tracked(5000)))
    assert isinstance(nudged, list)
    assert len(nudged) == 2


def test_many_marks_are_found_in_one_listing() -> None:
    """Of marks beyond a few, those that are wanted are picked from a listing of all that is ours."""
    marks = [FIRST_MARK + number for number in range(20)]
    kernel = Kernel([tracked(5000, mark=marks[3]), tracked(5001, mark=marks[19]), tracked(5002, mark=FIRST_MARK + 99)])
    assert ended(kernel, marks=marks)[0] == 2
    assert {done for done in kernel.done if isinstance(done, tuple)} == {
        ("delete", marks[3], 0xFFFFFFFF),
        ("delete", marks[19], 0xFFFFFFFF),
    }


@pytest.mark.kernel
@pytest.mark.parametrize("settled", [False, True], ids=["not settled", "settled"])
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("arms", [1, 2])
def test_idle_ends_see_a_reset_within_a_second(tmp_path: Path, arms: int, version: int, *, settled: bool) -> None:
    """Client and server alike, though neither says anything; a session with another host does not notice."""
    with network(tmp_path, version=version, arms=arms) as place, place.session() as idle, place.session() as other:
        assert other.node is not idle.node
        idle.speak()
        if settled:
            _settle_all(place)
        assert place.end(idle.node) == 1
        assert is_reset(idle.client)
        assert is_reset(idle.server)
        other.speak()
        assert len(place.relays.states()) == 1


def _settle_all(place: Network) -> None:
    plan = place.relays.plan
    sources = {str(source.first) for part in plan.relays for source in part.sources}
    place.relays.settle(*sources | {str(end.address) for part in plan.relays for end in part.listens})


@pytest.mark.kernel
@pytest.mark.parametrize("version", [4, 6])
def test_a_silent_host_does_not_hold_a_client(tmp_path: Path, version: int) -> None:
    """The client's next attempt to connect, by the same socket, reaches another host."""
    with network(tmp_path, version=version) as place:
        silent = place.net["srv1"]
        silent.nft(REFUSE_NEW)
        relays = place.relays
        assert relays.flip(down=[place.host(node) for node in place.others(silent)])
        with opened(place.client, place.vip) as waiting:
            waiting.settimeout(0)
            assert waiting.connect_ex((place.vip, PORT))
            until(lambda: [each.state for each in relays.states()] == [TcpState.SYN_SENT], what="a SYN is on its way")
            assert relays.flip(down=[place.host(silent)])
            assert relays.end(place.host(silent)) == 1
            connection, node = place.servers.accept()
            connection.close()
            assert node is not silent
            assert waiting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


@pytest.mark.kernel
def test_keeping_sessions_frees_the_waiting_clients_alone(tmp_path: Path) -> None:
    """An established session of a host that is silent for new clients goes on."""
    with network(tmp_path) as place, place.session() as kept:
        kept.speak()
        relays, host = place.relays, place.host(kept.node)
        kept.node.nft(REFUSE_NEW)
        relays.flip(down=[place.host(node) for node in place.others(kept.node)])
        with opened(place.client, place.vip) as waiting:
            waiting.settimeout(0)
            waiting.connect_ex((place.vip, PORT))
            until(lambda: len(relays.states()) == 2, what="a SYN is on its way")
            relays.flip(down=[host])
            assert relays.end_unestablished(host) == 1
            connection, node = place.servers.accept()
            connection.close()
            assert node is not kept.node
        kept.speak()


@pytest.mark.kernel
def test_a_host_that_is_down_for_one_service_keeps_the_others(tmp_path: Path) -> None:
    """A mark names service and host: dead IMAP does not end the HTTPS sessions of the same server."""
    relays = (everywhere("HTTPS"), everywhere("IMAP", port=143))
    with network(tmp_path, *relays, ports=(443, 143)) as place, place.session() as web, place.session(port=143) as mail:
        web.speak()
        mail.speak()
        endpoint = f"{place.host(mail.node)}:143"
        place.relays.flip(down=[endpoint])
        assert place.relays.end(endpoint) == 1
        assert is_reset(mail.client)
        assert is_silent(web.client)
        web.speak()

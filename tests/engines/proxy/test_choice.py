"""A worker's choice of hosts follows the plan's slots, and past a failed host the order behind the slot."""

import random
from collections import Counter
from ipaddress import ip_address

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.config.model import Mode
from bascule.engines.proxy.choice import Choice, Crowds, Host, packed_slots, remembered_ranking, unpacked_slots
from bascule.engines.proxy.wire import Place, ProxyHost, ProxyRelay, ProxySource
from bascule.plan.model import NO_HOST, HostState
from bascule.plan.selection import SLOTS, Candidate, deal, rank, slot_of
from bed.proxy import host, relay

KEY = 0x7F3A91C2
HERE = Place("10.0.0.1", 443)
PLACES = [Place(f"10.0.2.{n}", 443) for n in range(1, 6)]


def _choice(plan: ProxyRelay) -> Choice:
    return Choice(plan, ranking=remembered_ranking(), chance=random.Random(1), crowds=Crowds())


def _dealt(hosts: list[ProxyHost]) -> list[int]:
    """Deal the slots as the plan does it."""
    addresses = [ip_address(one.place.address) for one in hosts]
    ranking = rank([Candidate(address, one.weight) for address, one in zip(addresses, hosts, strict=True)], key=KEY)
    live = {address for address, one in zip(addresses, hosts, strict=True) if one.state is HostState.UP}
    return [NO_HOST if taken is None else addresses.index(taken.address) for taken in deal(ranking, live)]


@given(slots=st.lists(st.integers(-1, 32767), min_size=SLOTS, max_size=SLOTS))
def test_slots_travel_unchanged(slots: list[int]) -> None:
    """What is packed comes out again, NO_HOST included."""
    assert list(unpacked_slots(packed_slots(slots))) == slots


@pytest.mark.parametrize("seed", range(5))
def test_past_failed_hosts_the_worker_agrees_with_the_plan(seed: int) -> None:
    """The host that a client gets after failures is the one it will get when the checks have noticed them."""
    chance = random.Random(seed)
    hosts = [host(place, weight=chance.randint(1, 3)) for place in PLACES]
    choice = _choice(relay(HERE, hosts, slots=_dealt(hosts), key=KEY))
    for _ in range(50):
        slot = chance.randrange(SLOTS)
        tried: list[Host] = []
        for _ in PLACES:
            left = [
                host(one.place, weight=one.weight, state=HostState.DOWN)
                if one.place in [failed.place for failed in tried]
                else one
                for one in hosts
            ]
            found = choice.host(slot, tried)
            assert found is not None
            assert found.place == hosts[_dealt(left)[slot]].place
            tried.append(found)
        assert choice.host(slot, tried) is None


@pytest.mark.parametrize("mode", list(Mode))
def test_only_live_hosts_with_weight_take_clients(mode: Mode) -> None:
    """Down, unknown and weightless hosts get nobody, whatever stale slots say."""
    hosts = [
        host(PLACES[0], state=HostState.DOWN),
        host(PLACES[1], state=HostState.UNKNOWN),
        host(PLACES[2], weight=0),
        host(PLACES[3]),
    ]
    choice = _choice(relay(HERE, hosts, slots=[0, 1, 2, NO_HOST, 3], mode=mode))
    assert {found.place for slot in range(SLOTS) if (found := choice.host(slot))} == {PLACES[3]}


def test_the_slot_is_the_kernels_or_the_modes() -> None:
    """source-hash asks the address, roundrobin counts, random draws."""
    hashed = _choice(relay(HERE, [host(PLACES[0])], key=KEY))
    assert hashed.slot("203.0.113.7", HERE) == slot_of(ip_address("203.0.113.7"), key=KEY) == 422
    turns = _choice(relay(HERE, [host(PLACES[0])], mode=Mode.ROUNDROBIN))
    first = turns.slot("203.0.113.7", HERE)
    assert [turns.slot("203.0.113.7", HERE) for _ in range(SLOTS)] == [(first + n) % SLOTS for n in range(1, SLOTS + 1)]
    drawn = _choice(relay(HERE, [host(PLACES[0])], mode=Mode.RANDOM))
    assert len(Counter(drawn.slot("203.0.113.7", HERE) for _ in range(100))) > 50


def test_a_new_plan_keeps_the_counters_of_hosts_that_stay() -> None:
    """Counters belong to the host; one that goes and returns starts at nothing."""
    choice = _choice(relay(HERE, [host(PLACES[0]), host(PLACES[1])]))
    first = choice.host(0)
    assert first is not None
    first.opened = 7
    choice.follow(relay(HERE, [host(PLACES[0], "renamed", state=HostState.DOWN)]))
    assert first.state is HostState.DOWN
    assert [(counts.label, counts.opened) for counts in choice.counts().hosts] == [("renamed", 7)]
    choice.follow(relay(HERE, [host(PLACES[1])]))
    choice.follow(relay(HERE, [host(PLACES[0])]))
    assert [counts.opened for counts in choice.counts().hosts] == [0]


@pytest.mark.parametrize(
    ("states", "loses"),
    [
        ((HostState.DOWN, HostState.UP), True),
        ((HostState.DOWN, HostState.DOWN), False),
        ((HostState.DOWN, HostState.UNKNOWN), False),
        ((HostState.UNKNOWN, HostState.UP), False),
        ((HostState.UP, HostState.UP), False),
    ],
)
def test_sessions_are_lost_only_where_another_host_can_take_them(
    states: tuple[HostState, HostState], *, loses: bool
) -> None:
    """Down alone is no reason, and unknown is never one."""
    up = [host(PLACES[0]), host(PLACES[1])]
    choice = _choice(relay(HERE, up, slots=[0]))
    first = choice.host(0)
    assert first is not None
    choice.follow(relay(HERE, [host(one.place, state=state) for one, state in zip(up, states, strict=True)], slots=[0]))
    assert choice.loses_sessions(first) is loses


def test_sources_are_shared_out_by_slot() -> None:
    """A client keeps its source address, and a range is used evenly; other pairs are the kernel's to choose."""
    named = ProxySource(listen=HERE.address, host=PLACES[0].address, first="10.0.9.1", last="10.0.9.4")
    choice = _choice(relay(HERE, [host(PLACES[0])], sources=[named]))
    used = Counter(choice.source(HERE.address, PLACES[0].address, slot) for slot in range(SLOTS))
    assert used == {f"10.0.9.{n}": SLOTS // 4 for n in range(1, 5)}
    assert choice.source(HERE.address, PLACES[1].address, 0) is None
    assert choice.source("10.0.0.2", PLACES[0].address, 0) is None


def test_relays_on_one_table_share_a_hosts_room() -> None:
    """What one of them has given the host the other may not; a host that changes tables takes its sessions along."""
    crowds = Crowds()

    def made(table: str, room: int) -> ProxyRelay:
        return relay(HERE, [msgspec.structs.replace(host(PLACES[0]), table=table, room=room)])

    choices = [Choice(made("a", 2), ranking=remembered_ranking(), chance=random.Random(1), crowds=crowds) for _ in "xy"]
    first, second = (choice.host(0) for choice in choices)
    assert first is not None
    assert second is not None
    first.come()
    second.come()
    assert choices[0].host(0) is None
    choices[1].follow(made("b", 2))
    assert choices[0].host(0) is first
    assert choices[1].host(0) is second
    second.come()
    assert choices[1].host(0) is None

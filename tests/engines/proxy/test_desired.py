"""What must change follows from what is wanted and what is there, and nothing else changes."""

import random
from dataclasses import replace
from ipaddress import ip_address

import pytest

from bascule.config.diagnostics import Span
from bascule.config.model import EngineName, Mode, OnDown, OnEmpty, TcpCheck, Timing
from bascule.engines.proxy.choice import unpacked_slots
from bascule.engines.proxy.desired import Observed, ProxyPlan, WorkerState, as_before, difference, proxy_plan
from bascule.engines.proxy.wire import Place, ProxyRelay
from bascule.plan.model import Endpoint, HostState, Plan, Pool, PoolHost, ProbeTarget, RelayPlan, Source
from bascule.plan.selection import SLOTS
from bed.proxy import host, relay

HERE, THERE = Place("10.0.0.1", 443), Place("10.0.0.1", 25)
ONE = relay(HERE, [host(Place("10.0.2.1", 443))], name="one")
TWO = relay(THERE, [host(Place("10.0.2.1", 25))], name="two")


def _holding(*relays: ProxyRelay) -> WorkerState:
    return WorkerState(relays=relays, listens=frozenset(place for one in relays for place in one.listens))


def _after(desired: ProxyPlan, observed: Observed) -> Observed:
    """Carry the changes out on paper."""
    changes = difference(desired, observed)
    workers = {number: state for number, state in observed.workers.items() if number not in changes.release}
    for number in changes.start:
        assert number not in workers
        workers[number] = WorkerState()
    for number in changes.follow:
        opened = {opening.place for opening in changes.openings if opening.worker == number}
        assert not opened & workers[number].listens
        wanted = {place for one in changes.relays for place in one.listens}
        workers[number] = WorkerState(relays=changes.relays, listens=(workers[number].listens | opened) & wanted)
    return Observed(workers=workers)


@pytest.mark.parametrize("seed", range(20))
def test_random_walks_arrive(seed: int) -> None:
    """From wherever it is, one difference leads to what is wanted, and a second finds nothing to do."""
    chance = random.Random(seed)
    observed = Observed()
    for _ in range(30):
        relays = tuple(chance.sample((ONE, TWO), chance.randint(0, 2)))
        desired = ProxyPlan(relays=relays, workers=chance.randint(1, 4))
        if chance.random() < 0.3:  # a worker has lost its plan
            observed = Observed(workers={number: WorkerState() for number in observed.workers})
        observed = _after(desired, observed)
        assert not difference(desired, observed)
        assert observed.workers == dict.fromkeys(desired.wanted(), _holding(*relays))


def test_a_flip_of_a_host_opens_nothing() -> None:
    """Only the plan is sent again."""
    observed = Observed(workers={1: _holding(ONE), 2: _holding(ONE)})
    flipped = relay(HERE, [host(Place("10.0.2.1", 443), state=HostState.DOWN)], name="one")
    changes = difference(ProxyPlan(relays=(flipped,), workers=2), observed)
    assert (changes.start, changes.follow, changes.release, changes.openings) == ((), (1, 2), (), ())


def test_a_worker_more_listens_beside_ours() -> None:
    """A place that another worker holds need not be free for strangers' programs, and is not rehearsed."""
    changes = difference(ProxyPlan(relays=(ONE,), workers=2), Observed(workers={1: _holding(ONE)}))
    assert changes.start == changes.follow == (2,)
    assert [(opening.worker, opening.place, opening.ours_elsewhere) for opening in changes.openings] == [(2, HERE, True)]


def test_no_relay_needs_no_worker() -> None:
    """A plan without a relay of the proxy starts nothing, and lets go of what there was."""
    assert not difference(ProxyPlan(workers=4), Observed())
    assert difference(ProxyPlan(workers=4), Observed(workers={1: _holding(ONE)})).release == (1,)


def test_a_snapshot_leads_back() -> None:
    """What was observed can be wanted again."""
    before = Observed(workers={1: _holding(ONE), 2: _holding(ONE)})
    assert _after(as_before(before), _after(ProxyPlan(relays=(TWO,), workers=1), before)) == before
    assert _after(as_before(Observed()), before) == Observed()


def _plan() -> tuple[Plan, list[ProbeTarget]]:
    endpoints = [Endpoint(ip_address(f"10.0.2.{n}"), 443) for n in range(1, 4)]
    targets = [ProbeTarget(endpoint=endpoint, check=TcpCheck(), timing=Timing()) for endpoint in endpoints]
    hosts = (
        PoolHost(endpoint=endpoints[0], label="EX1", target=targets[0]),
        PoolHost(endpoint=endpoints[1], label="EX2", weight=2, target=targets[1]),
        PoolHost(endpoint=endpoints[2], label="EX3"),
    )
    mine = RelayPlan(
        name="HTTPS",
        engine=EngineName.PROXY,
        listens=(Endpoint(ip_address("10.0.0.1"), 443),),
        pool=Pool(table="exchange", mode=Mode.SOURCE_HASH, key=7, hosts=hosts, slots=(0, 1, 2, -1) * (SLOTS // 4)),
        sources=tuple(
            Source(listen=ip_address("10.0.0.1"), host=one.address, first=first, last=first, own=own)
            for one, first, own in (
                (endpoints[0], ip_address("10.0.0.1"), False),
                (endpoints[1], ip_address("10.0.0.9"), True),
            )
        ),
        session_timeout=2400,
        connect_timeout=2.0,
        on_empty=OnEmpty.DROP,
        on_down=OnDown.KEEP,
        span=Span(line=7),
    )
    return Plan(relays=(mine, replace(mine, name="other", engine=EngineName.KERNEL)), workers=3), targets


def test_the_plan_of_the_proxy() -> None:
    """It holds the proxy's relays alone, with the state of each host: unchecked ones are up, unheard ones unknown."""
    plan, targets = _plan()
    desired = proxy_plan(plan, {targets[1]: HostState.DOWN})
    assert desired.workers == 3
    (only,) = desired.relays
    assert only.name == "HTTPS"
    assert [(one.label, one.weight, one.state) for one in only.hosts] == [
        ("EX1", 1, HostState.UNKNOWN),
        ("EX2", 2, HostState.DOWN),
        ("EX3", 1, HostState.UP),
    ]
    assert list(unpacked_slots(only.slots))[:4] == [0, 1, 2, -1]
    assert not only.reset_on_down
    assert [source.first for source in only.sources] == ["10.0.0.1"], "the node's own address is the kernel's choice"
    assert desired.spans == {HERE: Span(line=7)}


def test_a_comment_in_the_text_changes_nothing() -> None:
    """Where a relay stands in the text is told, but never compared."""
    plan, targets = _plan()
    moved = replace(plan, relays=tuple(replace(one, span=Span(line=70)) for one in plan.relays))
    states = dict.fromkeys(targets, HostState.UP)
    assert proxy_plan(plan, states) == proxy_plan(moved, states)


def test_a_place_beside_another_socket_of_ours_is_not_another_programs() -> None:
    """The admin server's, which is there or everywhere, and makes way."""
    plan, targets = _plan()
    (listen,) = plan.relays[0].listens
    states = dict.fromkeys(targets, HostState.UP)

    def ours(*beside: Endpoint) -> set[bool]:
        openings = difference(proxy_plan(plan, states, frozenset(beside)), Observed()).openings
        return {opening.ours_elsewhere for opening in openings}

    assert ours() == {False}
    assert ours(listen) == {True}
    assert ours(Endpoint(ip_address("0.0.0.0"), listen.port)) == {True}
    assert ours(Endpoint(ip_address("0.0.0.0"), listen.port + 1)) == {False}

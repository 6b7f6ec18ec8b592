"""Explanations over plans made by hand, checked against the slots that the plan itself holds."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

import pytest

from bascule.config.model import EngineName, Mode, OnDown, OnEmpty, TcpCheck, Timing
from bascule.plan.explain import explain, strangers, suppose
from bascule.plan.model import Endpoint, HostState, Plan, Pool, PoolHost, ProbeTarget, RelayPlan
from bascule.plan.question import Explanation, Question
from bascule.plan.selection import Candidate, rank, slot_of
from bascule.plan.slots import EMPTY, Rankings

KEY = 0x7F3A91C2
CLIENT = "10.7.7.7"


def host(number: int, *, weight: int = 1, checked: bool = True) -> PoolHost:
    """Return host EXn at 10.2.0.n."""
    endpoint = Endpoint(ip_address(f"10.2.0.{number}"), 443)
    target = ProbeTarget(endpoint=endpoint, check=TcpCheck(), timing=Timing()) if checked else None
    return PoolHost(endpoint=endpoint, label=f"EX{number}", weight=weight, target=target)


HOSTS = (host(1), host(2), host(3))


def relay(
    name: str = "HTTPS",
    *listens: str,
    hosts: Sequence[PoolHost] = HOSTS,
    mode: Mode = Mode.SOURCE_HASH,
    on_empty: OnEmpty = OnEmpty.RESET,
    engine: EngineName = EngineName.KERNEL,
) -> RelayPlan:
    """Return a relay on port 443 whose slots nobody has dealt yet."""
    return RelayPlan(
        name=name,
        engine=engine,
        listens=tuple(Endpoint(ip_address(address), 443) for address in listens or ("10.0.0.1",)),
        pool=Pool(table="exchange", mode=mode, key=KEY, hosts=tuple(hosts), slots=EMPTY),
        session_timeout=2400,
        connect_timeout=2,
        on_empty=on_empty,
        on_down=OnDown.RESET,
    )


def ask(
    *relays: RelayPlan,
    client: str = CLIENT,
    to: str | None = None,
    port: int = 443,
    protocol: str = "tcp",
    down: Sequence[str] = (),
) -> Explanation:
    """Return the explanation with every other host up."""
    rankings = Rankings()
    plan = suppose(Plan(relays=relays), down=down, rankings=rankings)
    question = Question(
        client=ip_address(client), port=port, to=ip_address(to) if to is not None else None, protocol=protocol
    )
    return explain(plan, question, rankings=rankings)


def order_for(client: str) -> Sequence[str]:
    """Return the hosts' names in the client's order, from the selection itself."""
    slot = slot_of(ip_address(client), key=KEY)
    order = rank([Candidate(each.endpoint.address, each.weight) for each in HOSTS], key=KEY)[slot]
    return [f"EX{candidate.address.packed[-1]}" for candidate in order]


def test_the_first_choice_of_the_slot() -> None:
    """All up: the client's slot and its first choice, with everything that identifies the way."""
    slot, first = slot_of(ip_address(CLIENT), key=KEY), order_for(CLIENT)[0]
    assert ask(relay()) == Explanation(
        client=CLIENT,
        port=443,
        relay="HTTPS",
        table="exchange",
        host=first,
        reason=f"slot {slot} of table <exchange>, first choice {first}",
        to="10.0.0.1",
        address=f"10.2.0.{first[-1]}:443",
        slot=slot,
        rule="relay HTTPS",
        path="kernel",
    )


def test_the_next_one_when_the_first_is_down() -> None:
    """The host passed over is named, and so is the one that takes its place."""
    first, second, third = order_for(CLIENT)
    slot = slot_of(ip_address(CLIENT), key=KEY)
    one_down = ask(relay(), down=[first])
    assert (one_down.host, one_down.reason) == (
        second,
        f"slot {slot} of table <exchange>, first choice {first} is down, {second} is next",
    )
    assert ask(relay(), down=[first, second]).reason == (
        f"slot {slot} of table <exchange>, first choice {first} is down, {second} is down, {third} is next"
    )


@pytest.mark.parametrize("name", ["EX2", "10.2.0.2", "10.2.0.2:443"])
def test_a_host_goes_by_any_of_its_names(name: str) -> None:
    """`--down` takes name, address, or address and port, and moves only that host's clients."""
    for last in range(1, 60):
        client = f"10.7.7.{last}"
        before, after = ask(relay(), client=client).host, ask(relay(), client=client, down=[name]).host
        assert after != "EX2"
        assert before in (after, "EX2")


def test_a_name_of_nobody_is_found() -> None:
    """A misspelt host is told apart from those that exist."""
    assert strangers(Plan(relays=(relay(),)), ["EX1", "EX9", "10.2.0.3"]) == ["EX9"]


def test_an_unchecked_host_can_be_supposed_down() -> None:
    """A host that nothing checks has no state, yet `--down` takes it out."""
    only = host(1, checked=False)
    assert ask(relay(hosts=[only])).host == "EX1"
    assert ask(relay(hosts=[only]), down=["EX1"]).host is None


def test_a_host_not_probed_yet_is_not_called_down() -> None:
    """Unknown and down are different things to an operator."""
    first, second, _ = order_for(CLIENT)
    states = {
        each.target: HostState.UNKNOWN if each.label == first else HostState.UP for each in HOSTS if each.target is not None
    }
    rankings = Rankings()
    plan = suppose(Plan(relays=(relay(),)), states=states, rankings=rankings)
    said = explain(plan, Question(client=ip_address(CLIENT), port=443), states=states, rankings=rankings)
    assert said.reason.endswith(f"first choice {first} is not known to be up yet, {second} is next")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (relay(), "no host of table <exchange> is up: the connection is reset (on empty reset)"),
        (relay(on_empty=OnEmpty.DROP), "no host of table <exchange> is up: packets are dropped (on empty drop)"),
        (relay(hosts=()), "table <exchange> has no hosts: the connection is reset (on empty reset)"),
        (
            relay(hosts=[host(1, weight=0)]),
            "every host of table <exchange> has weight 0: the connection is reset (on empty reset)",
        ),
        (
            relay(mode=Mode.ROUNDROBIN),
            "no host of table <exchange> is up: the connection is reset (on empty reset)",
        ),
    ],
)
def test_nobody_left(changed: RelayPlan, reason: str) -> None:
    """What `on empty` does is said, with why it comes to that."""
    said = ask(changed, down=["EX1", "EX2", "EX3"])
    assert (said.relay, said.host, said.address, said.reason) == ("HTTPS", None, None, reason)


@pytest.mark.parametrize(("mode", "how"), [(Mode.ROUNDROBIN, "in turn"), (Mode.RANDOM, "at random")])
def test_modes_that_ignore_the_client(mode: Mode, how: str) -> None:
    """No host is promised while several may be taken; the only one is."""
    several = ask(relay(mode=mode), down=["EX3"])
    assert (several.host, several.slot) == (None, None)
    assert several.reason == f"any live host of table <exchange> {how}: EX1, EX2"
    single = ask(relay(mode=mode), down=["EX1", "EX3"])
    assert (single.host, single.address) == ("EX2", "10.2.0.2:443")
    assert single.reason == "EX2 is the only host of table <exchange> that takes clients"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (ask(relay(), port=444), "tcp port 444 over IPv4"),
        (ask(relay(), to="10.0.0.9"), "10.0.0.9 tcp port 443"),
        (ask(relay(), client="2001:db8::7"), "tcp port 443 over IPv6"),
        (ask(relay(), protocol="udp"), "udp port 443 over IPv4"),
    ],
)
def test_where_nobody_listens(said: Explanation, place: str) -> None:
    """Traffic that no relay takes is not ours to judge, and no rule is claimed."""
    assert said.reason == f"no relay listens on {place}: packets are not judged"
    assert (said.relay, said.host, said.rule, said.path) == (None, None, None, None)


def test_two_relays_on_a_port_ask_for_the_address() -> None:
    """Without `--to` the choice is named; with it the question is settled."""
    both = (relay("HTTPS", "10.0.0.1"), relay("OWA", "10.0.0.2"))
    assert ask(*both).reason == (
        "several relays listen on port 443, choose the address with --to: HTTPS at 10.0.0.1, OWA at 10.0.0.2"
    )
    assert ask(*both, to="10.0.0.2").relay == "OWA"


def test_one_relay_on_two_addresses_needs_no_choice() -> None:
    """The same relay takes the client wherever it connects."""
    assert ask(relay("HTTPS", "10.0.0.1", "10.0.0.2")).relay == "HTTPS"


def test_the_proxy_has_no_rule() -> None:
    """Bytes that the proxy carries meet no rule of the kernel's, and the host is the same."""
    said, kernel = ask(relay(engine=EngineName.PROXY)), ask(relay())
    assert (said.path, said.rule) == ("proxy", None)
    assert replace(said, path=kernel.path, rule=kernel.rule) == kernel

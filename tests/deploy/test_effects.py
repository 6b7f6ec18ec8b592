"""What a deployment changes is said of clients, hosts and sessions, not of lines."""

from collections.abc import Mapping

from bascule.deploy.effects import apart, effects
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.model import Endpoint, HostState, Plan
from bascule.plan.slots import Rankings
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, balancer, configured, relay

HOSTS = ('10.80.2.1 name "EX1"', '10.80.2.2 name "EX2"', '10.80.2.3 name "EX3"')


def _plan(*relays: str, hosts: tuple[str, ...] = HOSTS[:2]) -> Plan:
    plan = compile_plan(configured(ONE_ARM_BLOCK + balancer(*relays, hosts=hosts)), Situation(facts=ONE_ARM))
    return redeal(plan, {probe.target: HostState.UP for probe in plan.probes}, Rankings())


def _sessions(plan: Plan, number: int) -> Mapping[tuple[str, Endpoint], int]:
    return {(each.name, host.endpoint): number for each in plan.relays for host in each.pool.hosts}


HTTPS = relay("HTTPS", listen=["10.80.0.10 port 443"], forward="check tcp mode source-hash")
IMAP = relay("IMAP", listen=["10.80.0.10 port 143"], forward="check tcp mode source-hash")


def test_what_is_the_same_changes_nothing() -> None:
    """Not even where the text reads otherwise."""
    assert effects(_plan(HTTPS, IMAP), _plan(IMAP, HTTPS), {}) == []


def test_a_relay_comes_and_goes() -> None:
    """With where it listens, and what becomes of sessions."""
    both, one = _plan(HTTPS, IMAP), _plan(HTTPS)
    assert effects(one, both, {}) == ["relay IMAP is new: it takes clients at 10.80.0.10:143 for EX1 and EX2"]
    assert effects(both, one, _sessions(both, 214)) == [
        "relay IMAP is gone: it takes no client at 10.80.0.10:143",
        "EX1 leaves relay IMAP: its 214 sessions drain",
        "EX2 leaves relay IMAP: its 214 sessions drain",
    ]


def test_a_host_more_takes_its_share() -> None:
    """A third of the slots, and no other host gains any."""
    (sentence,) = effects(_plan(HTTPS), _plan(HTTPS, hosts=HOSTS), {})
    words = sentence.split()
    assert sentence == f"relay HTTPS now sends {words[4]} of 1024 slots to EX3"
    assert 290 < int(words[4]) < 390


def test_a_host_that_leaves_is_shared_out() -> None:
    """Its sessions drain or end as the new text says, and the others gain its slots."""
    reset = relay("HTTPS", "on remove reset", listen=["10.80.0.10 port 443"], forward="check tcp mode source-hash")
    before, after = _plan(HTTPS, hosts=HOSTS), _plan(reset)
    leaves, *gains = effects(before, after, _sessions(before, 1))
    assert leaves == "EX3 leaves relay HTTPS: its one session ends"
    lost = before.relays[0].pool.slots.count(2)
    assert sum(int(gain.split()[4]) for gain in gains) == lost


def test_a_port_that_opens_is_said() -> None:
    """And one that closes."""
    other = relay("HTTPS", listen=["10.80.0.10 port 8443"], forward="check tcp mode source-hash")
    assert effects(_plan(HTTPS), _plan(other), {})[:2] == [
        "relay HTTPS takes no more clients at 10.80.0.10:443",
        "relay HTTPS takes clients at 10.80.0.10:8443 as well",
    ]


def test_a_hosts_other_port_is_no_leave() -> None:
    """Its sessions are not said to drain."""
    other = relay("HTTPS", listen=["10.80.0.10 port 443"], forward="port 444 check tcp mode source-hash")
    said = effects(_plan(HTTPS), _plan(other), {})
    assert said[:2] == [
        "EX1 is reached at 10.80.2.1:444, not at 10.80.2.1:443",
        "EX2 is reached at 10.80.2.2:444, not at 10.80.2.2:443",
    ]


def test_nothing_changes_in_silence() -> None:
    """Where no sentence fits, it is said that something changes."""
    other = relay("HTTPS", "on down keep", listen=["10.80.0.10 port 443"], forward="check tcp mode source-hash")
    assert effects(_plan(HTTPS), _plan(other), {}) == ["relay HTTPS: other settings change"]


def test_what_interfaces_get_and_lose_is_said_first() -> None:
    """Addresses, routes and the length of packets; what others gave may stay."""

    def network(lines: str) -> Plan:
        return compile_plan(configured(f"interface eth0 {{\n{lines}}}\n"), Situation(facts=ONE_ARM))

    before = network("address 10.80.0.10/16\nroute default 10.80.0.1\n")
    after = network("address 10.80.0.11/16\nroute 198.51.100.0/24 10.80.0.1\nmtu 1400\n")
    assert effects(before, after, {}) == [
        "eth0 has 10.80.0.11/16",
        "packets for 198.51.100.0/24 leave by 10.80.0.1 on eth0",
        "eth0 loses 10.80.0.10/16, if Bascule gave it",
        "packets for everywhere else do not leave by 10.80.0.1 any more, if Bascule made them",
        "packets on eth0 are 1400 bytes long at most",
    ]


def test_an_ip_version_without_hosts_is_not_said_to_be_served() -> None:
    """Its clients are refused, and whoever deploys hears it."""
    both = relay("BOTH", listen=["10.80.0.10 port 443", "fd80::10 port 443"], forward="check tcp mode source-hash")
    assert effects(_plan(), _plan(both), {}) == [
        "relay BOTH is new: it takes clients at 10.80.0.10:443 for EX1 and EX2",
        "relay BOTH refuses clients at [fd80::10]:443: no host has an address of that IP version",
    ]


def test_where_administrators_come_is_said() -> None:
    """From now on, until the commit, and not any more."""

    def admin(server: str, *relays: str, committed: str = "") -> Plan:
        text = f"{ONE_ARM_BLOCK}{balancer(*relays) if relays else ''}system {{ {server} }}\n"
        before = configured(f"system {{ {committed} }}\n") if committed else None
        return compile_plan(configured(text), Situation(facts=ONE_ARM, committed=before))

    every = "http-server { }"
    assert effects(admin(every), admin("http-server { port 4433 }", committed=every), {}) == [
        "the admin server answers at port 4433 of every address",
        "it answers at port 443 of every address until this is committed, too",
    ]
    one = "http-server { listen on 10.80.0.2 }"
    moved = admin("http-server { port 4433 }", relay("web", listen=["10.80.0.2 port 443"]), committed=one)
    assert effects(admin(one), moved, {})[:2] == [
        "the admin server answers at port 4433 of every address",
        "the admin server takes nobody at 10.80.0.2:443 any more",
    ]
    other = admin('http-server { certificate "/a" key "/b" }', committed=every)
    assert effects(admin(every), other, {}) == ["the admin server at port 443 of every address has another certificate"]
    assert effects(admin(every), admin(every, committed=every), {}) == []


def test_what_is_apart_has_the_same_effects() -> None:
    """Relays that are the same are left out, unless the group of one changes with another's hosts."""
    group = 'affinity "outlook"'
    before = _plan(relay("A"), relay("B", group), relay("C", group), relay("D"))
    after = _plan(relay("A"), relay("B", group), relay("C", group, "session timeout 9m"), relay("E"))
    old, new = apart(before, after)
    assert ([each.name for each in old.relays], [each.name for each in new.relays]) == (["B", "C", "D"], ["B", "C", "E"])
    assert effects(old, new, {}) == effects(before, after, {})
    assert apart(before, before)[0].relays == ()

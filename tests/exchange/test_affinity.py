from collections import Counter
from dataclasses import replace
from ipaddress import ip_address

from bascule.config.exchange import Version
from bascule.exchange.affinity import Encounter, bonds, crowds, fates
from bascule.exchange.service import Wish
from bascule.exchange.wizard.answers import Answers, Server
from bascule.exchange.wizard.farm import farm
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.explain import States, suppose
from bascule.plan.model import HostState, Plan
from bascule.plan.slots import Rankings
from plan.situations import ONE_ARM, configured

SERVERS = tuple(Server(f"EX{n}", ip_address(f"10.80.2.{n}")) for n in (1, 2, 3))
ANSWERS = Answers(version=Version.E2010, vip=ip_address("10.80.0.10"), servers=SERVERS, key="7f3a91c2")
CLIENTS = [ip_address(f"10.81.{n // 250}.{1 + n % 250}") for n in range(500)]
RPC = ("RPCLS", "RPCCAS", "RPCABS")


def planned(answers: Answers = ANSWERS) -> Plan:
    """Return the plan of a farm with every server up."""
    plan = compile_plan(configured(farm(answers).text), Situation(facts=ONE_ARM))
    return suppose(plan, rankings=Rankings())


def up(plan: Plan) -> States:
    """Return that every host is up."""
    return {probe.target: HostState.UP for probe in plan.probes}


def test_a_client_has_one_host_on_every_service_and_one_when_that_fails() -> None:
    """Also on those that are in no group, since the key is the table's; the others' failures change nothing."""
    plan = planned()
    hosts: Counter[str | None] = Counter()
    for client in CLIENTS[:20]:
        found = list(fates(plan, up(plan), client))
        assert {fate.relay for fate in found} >= {"HTTPS", *RPC}
        (host,) = {fate.host for fate in found}
        hosts[host] += 1
        for fate in found:
            assert host is not None
            assert fate.failing[host] not in (None, host)
            assert {other: then for other, then in fate.failing.items() if other != host} == dict.fromkeys(
                {"EX1", "EX2", "EX3"} - {host}, host
            )
        assert len({fate.failing[host or ""] for fate in found}) == 1
    assert len(hosts) == 3


def test_a_modern_farm_promises_nothing() -> None:
    """Whoever asks is told that any host may take the client."""
    plan = planned(replace(ANSWERS, version=Version.E2016))
    (https,) = fates(plan, {}, CLIENTS[0])
    assert https.host is None
    assert list(bonds(plan, [Encounter(CLIENTS[0], "HTTPS", "EX1", 1)])) == []


def test_split_clients_are_found_in_a_group() -> None:
    """Two hosts on two members is split; a service that is in no group may have another one."""
    met = [
        Encounter(CLIENTS[0], "RPCCAS", "EX1", 3),
        Encounter(CLIENTS[0], "RPCABS", "EX1", 1),
        Encounter(CLIENTS[0], "HTTPS", "EX2", 4),
        Encounter(CLIENTS[1], "RPCCAS", "EX1", 2),
        Encounter(CLIENTS[1], "RPCABS", "EX3", 1),
        Encounter(CLIENTS[2], "IMAP", "EX1", 1),
        Encounter(CLIENTS[2], "IMAP", "EX2", 1),
        Encounter(CLIENTS[3], "gone", "EX2", 1),
    ]
    found = {bond.name: bond for bond in bonds(planned(), met)}
    group = found["affinity group outlook"]
    assert (group.relays, group.clients, group.sessions) == (RPC, 2, 7)
    assert [(each.client, {*each.hosts}, each.sessions) for each in group.split] == [(CLIENTS[1], {"EX1", "EX3"}, 3)]
    assert found["relay HTTPS"].split == ()
    assert [each.client for each in found["relay IMAP"].split] == [CLIENTS[2]]


def test_unevenness_is_over_what_is_due() -> None:
    """A host of weight 0 is due nothing; one that has twice its due is 2."""
    even = [Encounter(client, "RPCCAS", f"EX{1 + n % 3}", 1) for n, client in enumerate(CLIENTS[:300])]
    group = next(bond for bond in bonds(planned(), even) if bond.relays == RPC)
    assert 0.85 < group.unevenness < 1.15
    assert abs(sum(share.due for share in group.shares) - 1) < 1e-9
    lonely = [Encounter(client, "RPCCAS", "EX1", 1) for client in CLIENTS[:300]]
    group = next(bond for bond in bonds(planned(), lonely) if bond.relays == RPC)
    assert 2.5 < group.unevenness < 3.5
    nobody = next(bond for bond in bonds(planned(), []) if bond.relays == RPC)
    assert (nobody.unevenness, nobody.clients) == (0.0, 0)


def test_addresses_with_many_clients_behind_them() -> None:
    """Far more sessions than the others, the largest first; a dozen sessions are one Outlook."""
    met = [Encounter(client, "HTTPS", "EX1", 8) for client in CLIENTS[:50]]
    crowded = [*met, Encounter(CLIENTS[60], "HTTPS", "EX2", 900), Encounter(CLIENTS[61], "IMAP", "EX3", 2000)]
    assert crowds(met, 10) == []
    assert [(each.client, each.sessions, each.hosts) for each in crowds(crowded, 10)] == [
        (CLIENTS[61], 2000, ("EX3",)),
        (CLIENTS[60], 900, ("EX2",)),
    ]
    assert len(crowds(crowded, 1)) == 1
    assert crowds([], 10) == ()


def test_ipv6_clients_have_no_service_of_an_ipv4_farm() -> None:
    """They are told nothing rather than something wrong."""
    plan = planned(replace(ANSWERS, wishes=frozenset({Wish.SMTP})))
    assert list(fates(plan, {}, ip_address("fd00::1"))) == []

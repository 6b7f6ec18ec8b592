"""Remembered clients by their names, over rules in memory."""

from ipaddress import ip_address

import pytest

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.names import sticky_map
from bascule.engines.nftables.script import transaction
from bascule.plan.model import Plan, RelayPlan
from bascule.service.failures import OperationFailed
from bascule.service.local import sticky
from bascule.service.local.sticky import StickyClients
from bascule.service.operations import ForgetSticky, ShowSticky
from bed.clock import SteppedClock
from bed.fake_nft import FakeNft
from engines.nftables.plans import planned
from plan.situations import relay

PLAN = planned(
    relay("SMTP", "sticky-address", listen=["10.80.0.10 port 25", "fd80::10 port 25"], kind="redirect"),
    relay("HTTPS", "sticky-address", listen=["10.80.0.10 port 443"]),
    relay("IMAP", listen=["10.80.0.10 port 143"]),
    hosts=['10.80.2.1 name "EX1"', '10.80.2.2 name "EX2"', 'fd80::2:1 name "EX3"'],
)


async def remembering(**clients: tuple[str, int]) -> tuple[StickyClients, FakeNft]:
    """Return a kernel that remembers these clients: service to address and the number of the host."""
    nft = FakeNft(SteppedClock())
    made = compose(PLAN)
    assert made is not None
    await nft.load(transaction(made, None))
    for service, (address, host) in clients.items():
        part = _part(PLAN, service, ip_address(address).version)
        mark = part.pool.hosts[host].mark
        await nft.load(f"add element inet bascule {sticky_map(part)} {{ {address} timeout 600s : {mark} }}\n")
    return StickyClients(nft), nft


def _part(plan: Plan, name: str, version: int) -> RelayPlan:
    return next(part for part in plan.relays if part.name == name and part.version == version)


async def test_clients_have_names_of_hosts() -> None:
    """Of every service, or of one; of every client, or of one."""
    clients, _ = await remembering(SMTP=("10.80.1.1", 1), HTTPS=("10.80.1.2", 0))
    everyone = await clients.listed(PLAN, ShowSticky())
    assert {(row.client, row.relay, row.host, row.address) for row in everyone.clients} == {
        ("10.80.1.1", "SMTP", "EX2", "10.80.2.2"),
        ("10.80.1.2", "HTTPS", "EX1", "10.80.2.1"),
    }
    assert [row.client for row in (await clients.listed(PLAN, ShowSticky(relay="HTTPS"))).clients] == ["10.80.1.2"]
    assert [row.relay for row in (await clients.listed(PLAN, ShowSticky(client="10.80.1.1"))).clients] == ["SMTP"]
    few = await clients.listed(PLAN, ShowSticky(limit=1))
    assert (len(few.clients), few.total) == (1, 2)


async def test_who_is_forgotten_is_not_listed() -> None:
    """One client, then all."""
    clients, _ = await remembering(SMTP=("fd80::1:1", 0), HTTPS=("10.80.1.2", 0))
    assert (await clients.forget(PLAN, ForgetSticky(client="fd80::1:1"))).clients == 1
    assert [row.client for row in (await clients.listed(PLAN, ShowSticky())).clients] == ["10.80.1.2"]
    assert (await clients.forget(PLAN, ForgetSticky(all=True))).clients == 1
    assert (await clients.listed(PLAN, ShowSticky())).total == 0


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (ForgetSticky(), "name a client, or say --all"),
        (ForgetSticky(all=True, client="10.80.1.2"), "name a client, or say --all"),
        (ForgetSticky(client="10.80.1.9"), "no host is remembered for 10.80.1.9"),
        (ForgetSticky(client="EX1"), "EX1 is no IP address"),
        (ForgetSticky(all=True, relay="IMAP"), "no relay or redirect IMAP has a sticky-address"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_forgotten_is_said(request_: ForgetSticky, why: str) -> None:
    """Nothing is changed then."""
    clients, _ = await remembering(HTTPS=("10.80.1.2", 0))
    with pytest.raises(OperationFailed, match=why):
        await clients.forget(PLAN, request_)
    assert (await clients.listed(PLAN, ShowSticky())).total == 1


async def test_a_map_that_fills_up_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """From four fifths on."""
    clients, _ = await remembering(SMTP=("10.80.1.1", 0), HTTPS=("10.80.1.2", 0))
    assert await clients.crowds(PLAN) == []
    monkeypatch.setattr(sticky, "STICKY_SIZE", 1)
    assert [crowd.split(" remembers ")[0] for crowd in await clients.crowds(PLAN)] == [
        "sticky-address of SMTP",
        "sticky-address of HTTPS",
    ]

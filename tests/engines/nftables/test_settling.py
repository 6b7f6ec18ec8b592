"""An address is settled when it was held so long that no session can live which this node does not know."""

import asyncio
from ipaddress import ip_address

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.engine import NftablesEngine
from bascule.engines.nftables.settling import RENEWAL, Settling, waits
from bascule.plan.model import Plan
from bed.clock import SteppedClock
from bed.fake_nft import FakeNft
from engines.nftables.plans import planned
from engines.nftables.rigs import Rig
from plan.situations import relay

SHORT = relay("short", "session timeout 600s", listen=["10.80.0.10 port 25"])
LONG = relay("long", "session timeout 2400s", listen=["10.80.0.10 port 443"])
SIX = relay("six", "session timeout 60s", listen=["fd80::10 port 443"])
PLAN = planned(SHORT, LONG, SIX, hosts=["10.80.2.1", "fd80::2:1"])
BOTH = ("10.80.0.10", "fd80::10")


class Node:
    """A node whose addresses come and go by the test's clock."""

    def __init__(self, rig: Rig, plan: Plan = PLAN) -> None:
        self.rig = rig
        self.plan = plan
        self.clock = SteppedClock()
        self.settling = Settling(rig.nft, self.clock)
        rig.apply(plan)

    def renew(self, *held: str, after: float = 0.0) -> set[str]:
        """Renew after some seconds in which the daemon did nothing, and return what it takes for settled."""

        async def work() -> None:
            await self.clock.jump(after)
            await self.settling.renew(self.plan, [ip_address(address) for address in held])

        self.rig.run(work())
        return {str(address) for address in self.settling.settled}

    def restart(self) -> None:
        """Begin anew with what the kernel's set says."""
        self.settling = Settling(self.rig.nft, self.clock)
        self.rig.run(self.settling.adopt())

    def kernel(self) -> set[str]:
        """Return what the rules take for settled."""
        elements = [element for version in (4, 6) for element in self.rig.elements("set", f"s_settled{version}")]
        return {element["elem"]["val"] for element in elements}


def test_an_address_settles_after_the_longest_session_timeout(rig: Rig) -> None:
    """The longest of the relays whose sessions end there; another address goes by its own."""
    node = Node(rig)
    assert node.renew(*BOTH) == set()
    assert node.renew(*BOTH, after=59) == set()
    assert node.renew(*BOTH, after=1) == node.kernel() == {"fd80::10"}
    assert node.renew(*BOTH, after=2339) == {"fd80::10"}
    assert node.renew(*BOTH, after=1) == node.kernel() == set(BOTH)


def test_a_restart_goes_on_with_what_the_kernel_says(rig: Rig) -> None:
    """What was settled stays so; what was not begins to wait anew."""
    node = Node(rig)
    node.renew(*BOTH)
    node.renew(*BOTH, after=60)
    node.restart()
    assert node.renew(*BOTH) == {"fd80::10"}
    assert node.renew(*BOTH, after=2399) == {"fd80::10"}
    assert node.renew(*BOTH, after=1) == set(BOTH)


def test_an_address_that_leaves_is_let_go_and_waits_anew(rig: Rig) -> None:
    """It may have been on another node meanwhile, with sessions that this one does not know."""
    node = Node(rig)
    node.renew(*BOTH)
    assert node.renew(*BOTH, after=2400) == set(BOTH)
    assert node.renew("fd80::10") == node.kernel() == {"fd80::10"}
    assert node.renew(*BOTH, after=10) == {"fd80::10"}
    assert node.renew(*BOTH, after=2399) == {"fd80::10"}
    assert node.renew(*BOTH, after=1) == node.kernel() == set(BOTH)


def test_an_address_of_no_relay_is_let_go(rig: Rig) -> None:
    """What no session ends at any more needs no reset of ours."""
    node = Node(rig)
    node.renew(*BOTH)
    node.renew(*BOTH, after=2400)
    node.plan = planned(LONG, marks=PLAN.marks)
    assert node.renew(*BOTH) == node.kernel() == {"10.80.0.10"}


def test_what_has_expired_can_be_let_go(rig: Rig) -> None:
    """Somebody may have emptied the set, or time has: letting go is no error."""
    node = Node(rig)
    node.renew(*BOTH)
    node.renew(*BOTH, after=2400)
    rig.load("flush set inet bascule s_settled4\n")
    assert node.renew("fd80::10") == node.kernel() == {"fd80::10"}
    rig.load("flush set inet bascule s_settled6\n")
    assert node.renew("fd80::10") == node.kernel() == {"fd80::10"}


def test_without_a_renewal_an_address_is_settled_no_more() -> None:
    """Nobody is there to say that it is: the kernel forgets in ten minutes, and clients are picked up again."""

    async def work() -> None:
        clock = SteppedClock()
        nft = FakeNft(clock)
        engine = NftablesEngine(nft)
        await engine.apply(engine.difference(compose(PLAN), None))
        settling = Settling(nft, clock)
        held = [ip_address("fd80::10")]
        await settling.renew(PLAN, held)
        await clock.jump(60)
        for _ in range(20):
            await clock.jump(RENEWAL)
            await settling.renew(PLAN, held)
            assert nft.elements("s_settled6").keys() == {"fd80::10"}
        await clock.jump(599)
        assert nft.elements("s_settled6").keys() == {"fd80::10"}
        await clock.jump(1)
        assert nft.elements("s_settled6").keys() == set()

    asyncio.run(work())


def test_every_address_that_sessions_end_at_waits() -> None:
    """Listening addresses, and the sources that hosts know: whole ranges too. The proxy's relays are its own affair."""
    proxied = relay("p", "engine proxy", "session timeout 9000s", listen=["10.80.0.10 port 110"])
    ranged = relay("r", "source 10.80.0.10-10.80.0.12", "session timeout 60s", listen=["10.80.0.2 port 995"])
    assert {str(address): seconds for address, seconds in waits(planned(LONG, proxied, ranged)).items()} == {
        "10.80.0.2": 60,
        "10.80.0.10": 2400,
        "10.80.0.11": 60,
        "10.80.0.12": 60,
    }

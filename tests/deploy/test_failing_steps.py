"""Each step that the engines take to the machine fails once, and stays broken once: what was there before comes back."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from ipaddress import ip_interface
from pathlib import Path
from typing import Any, Final

import pytest

from bascule.config.model import EngineName
from bascule.deploy.transaction import NotTakenBack, Step, deploy
from bascule.engines.network import given, settings
from bascule.engines.network.given import GivenFile
from bascule.engines.network.links import Arrivals, Departures
from bascule.engines.network.settings import SettingsEngine
from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.engine import NftablesEngine
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.model import Plan
from bascule.plan.slots import Rankings
from bascule.system.errors import MachineError
from bascule.system.files import write_whole
from bed.fake_links import FakeLinks, FakeNeighbours
from bed.fake_nft import FakeNft
from bed.fake_sysctls import FakeSysctls
from deploy.test_transaction import Part
from service.local.situations import FACTS, all_up, configured

_OWN: Final = ip_interface("10.80.0.2/16")
_SMALL: Final = """
interface eth0 { address 10.80.0.10/16 virtual }
load-balancer {
	table <exchange> { 10.80.2.1 name "EX1"; 10.80.2.2 name "EX2"; key 7f3a91c2 }
	relay "HTTPS" { listen on 10.80.0.10 port 443; forward to <exchange> check tcp mode source-hash }
}
"""
_LARGE: Final = """
interface eth0 {
	address 10.80.0.10/24 virtual
	address 10.80.0.11/16 virtual
	address fd80::11/64 virtual
	route 198.51.100.0/24 10.80.1.1
	mtu 1400
	description "mail"
}
load-balancer {
	table <exchange> { 10.80.2.1 name "EX1"; 10.80.2.3 name "EX3"; key 7f3a91c2 }
	relay "IMAP" {
		listen on 10.80.0.11 port 143
		forward to <exchange> check tcp mode source-hash
		session timeout 150h
	}
}
"""


class Doors:
    """A machine in memory, whose Nth call that changes something fails; `stays` has all of that door fail from then on."""

    def __init__(self, state: Path, patch: pytest.MonkeyPatch) -> None:
        names = ["net.ipv4.ip_forward", "net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.arp_announce"]
        names += [f"net.netfilter.nf_conntrack_{name}" for name in ("tcp_loose", "events", "acct", "timestamp")]
        self.sysctls = FakeSysctls(
            dict.fromkeys(names, "0") | {"net.netfilter.nf_conntrack_tcp_timeout_established": "432000"}
        )
        self.nft = FakeNft()
        self.links = FakeLinks({"eth0": (_OWN,)})
        self.proxy = Part("proxy", [])
        self.state = state
        self.file = GivenFile(state, "stamp")
        self.count, self.nth, self.stays, self.broken = 0, 0, False, ""
        for owner, name in ((self.sysctls, "write"), (self.links, "do")):
            patch.setattr(owner, name, self._guarded(getattr(owner, name), name))
        for module in (given, settings):
            patch.setattr(module, "write_whole", self._guarded(write_whole, "file"))
        load, apply = self.nft.load, self.proxy.apply

        async def guarded(script: str) -> None:
            self._meet("nft")
            await load(script)

        async def applied(changes: str) -> None:
            self._meet("proxy")
            await apply(changes)

        patch.setattr(self.nft, "load", guarded)
        patch.setattr(self.proxy, "apply", applied)

    def _guarded(self, original: Callable[..., Any], door: str) -> Callable[..., Any]:
        def guarded(*arguments: Any) -> Any:
            self._meet(door)
            return original(*arguments)

        return guarded

    def _meet(self, door: str) -> None:
        self.count += 1
        if self.count == self.nth or (self.stays and self.broken == door):
            self.broken = self.broken or door
            raise MachineError(f"step {self.count} of {door}", "no space left")

    def arm(self, nth: int, *, stays: bool = False) -> None:
        """Have the Nth call from now on fail; 0 is none."""
        self.count, self.nth, self.stays, self.broken = 0, nth, stays, ""

    async def deploy(self, plan: Plan) -> None:
        """Deploy a plan as the balancer does."""
        file = self.file
        neighbours = FakeNeighbours()
        steps = [
            Step(SettingsEngine(self.sysctls, self.state), plan.network),
            Step(NftablesEngine(self.nft), compose(plan)),
            Step(Arrivals(self.links, neighbours, file), plan.network),
            Step(self.proxy, plan.relays[0].name),
            Step(Departures(self.links, neighbours, file), plan.network),
        ]
        await deploy(steps)

    def shot(self) -> dict[str, Any]:
        """Return all that the machine holds; time-out policies stay, since sessions may have them."""
        tables = {key: replace(table, policies={}) for key, table in deepcopy(self.nft.tables).items()}
        files = {file.name: json.loads(file.read_text()) for file in sorted(self.state.glob("*.json"))}
        links = {name: (link.up, link.mtu, link.alias, {*link.addresses}) for name, link in self.links.links.items()}
        settled = {"settings": dict(self.sysctls.values), "links": links, "ways": {*self.links.ways}}
        return {**settled, "tables": _ordered(tables), "files": files, "proxy": self.proxy.value}

    def saved(self) -> Callable[[], None]:
        """Return what brings the machine back to what it is now."""
        held = deepcopy((self.sysctls.values, self.nft.tables, self.links.links, self.links.ways, self.proxy.value))
        files = {file: file.read_bytes() for file in self.state.glob("*.json")}

        def back() -> None:
            self.sysctls.values, self.nft.tables, self.links.links, self.links.ways, self.proxy.value = deepcopy(held)
            for file, content in files.items():
                file.write_bytes(content)
            self.file = GivenFile(self.state, "stamp")

        return back


def _ordered(tables: dict[Any, Any]) -> dict[Any, Any]:
    """Return tables whose chains are as they are, and the rest in no order."""
    return {key: (table.types, table.elements, table.hooks, table.rules, table.counters) for key, table in tables.items()}


def _plan(text: str) -> Plan:
    configuration = configured(text)
    plan = compile_plan(configuration, Situation(facts=replace(FACTS, no_addressing="")))
    assert plan.of(EngineName.KERNEL)
    return redeal(plan, all_up(plan), Rankings())


async def _cases(doors: Doors, before: Plan, after: Plan, *, stays: bool) -> Sequence[str]:
    """Go through the calls; return which failed."""
    cases = []
    await doors.deploy(before)
    await doors.deploy(after)
    await doors.deploy(before)
    old, back = doors.shot(), doors.saved()
    for nth in range(1, 200):
        doors.arm(nth, stays=stays)
        error = await _refusal(doors, after)
        if error is None:
            if not doors.broken:
                doors.arm(0)
                break
            assert doors.broken == "file", "only a note of what is done already can wait"
            cases.append(f"step {nth} of file (done, and noted later)")
        else:
            cases.append(_judged(error, doors, old, stays=stays))
        door = doors.broken
        doors.arm(0)
        await doors.deploy(before)  # what the balancer does with its next look, where it was not taken back
        notes = ["files"] if door == "file" else []  # a note too many, of a setting, may stay
        assert _but(doors.shot(), notes) == _but(old, notes)
        await doors.deploy(after)
        await doors.deploy(before)
        assert _but(doors.shot(), notes) == _but(old, notes)
        back()
    return cases


def _judged(error: MachineError, doors: Doors, old: dict[str, Any], *, stays: bool) -> str:
    """Return what is to say of a deployment that failed, in which all is as it must be."""
    assert "no space left" in error.cause
    assert doors.broken in error.step, "the step that failed first is the one that is named"
    taken_back = not isinstance(error, NotTakenBack)
    assert taken_back or stays, "what fails once can be taken back"
    notes = ["files"] if doors.broken == "file" else []
    assert not taken_back or _but(doors.shot(), notes) == _but(old, notes)
    return f"{error.step}{'' if taken_back else ' (not taken back, and said so)'}"


async def _refusal(doors: Doors, plan: Plan) -> MachineError | None:
    try:
        await doors.deploy(plan)
    except MachineError as error:
        return error
    return None


def _but(shot: dict[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in shot.items() if key not in parts}


@pytest.mark.parametrize("stays", [False, True], ids=["once", "from then on"])
async def test_each_step_fails(stays: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    """Both ways between two plans that differ in all that engines do."""
    doors = Doors(tmp_path, monkeypatch)
    small, large = _plan(_SMALL), _plan(_LARGE)
    there = await _cases(doors, small, large, stays=stays)
    back = await _cases(doors, large, small, stays=stays)
    print(f"{len(there)} + {len(back)} steps fail:", *there, *back, sep="\n  ")  # noqa: T201 - what was tried is part of the result
    assert min(len(there), len(back)) >= 10

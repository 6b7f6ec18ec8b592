"""What an administrator puts into a table is kept before it is in effect, and what he cannot have is told."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from msgspec import structs

from bascule.config.facts import Facts, TableFile
from bascule.config.model import Configuration, Network
from bascule.engines.nftables.rules.firewall.names import overloaded_set
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.firewall import FirewallPlan, TablePlan
from bascule.plan.model import Plan
from bascule.service.events import Event
from bascule.service.failures import OperationFailed, Rejected
from bascule.service.local.administrators import Administrators
from bascule.service.local.journal import Journal
from bascule.service.local.running import Running
from bascule.service.local.tables import AddressTables, ForgottenTables
from bascule.service.tables import ChangeTable, EntryRow, ShowTables
from bascule.store.table_entries import MOST_ENTRIES, TableEntry
from bascule.system.visitors import Visitor
from bed.fake_nft import FakeNft
from service.local.situations import FACTS, running

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = """
firewall {
	table <blocked> { 192.0.2.0/24; file "/etc/blocked"; timeout 1h }
	table <friends> { 198.51.100.1 }
}
"""
FILE = TableFile(networks=(ip_network("203.0.113.0/24"),))


class MemoryEntries:
    """Keeps entries in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, Network], TableEntry] = {}

    def entries(self) -> Sequence[TableEntry]:
        """Return all."""
        return [*self.kept.values()]

    def put(self, entries: Collection[TableEntry]) -> None:
        """Keep them."""
        self.kept |= {(entry.table, entry.network): entry for entry in entries}

    def keep_tables(self, names: Collection[str]) -> None:
        """Forget those of others."""
        self.kept = {key: entry for key, entry in self.kept.items() if entry.table in names}

    def take(self, table: str, networks: Collection[Network]) -> Sequence[Network]:
        """Forget them."""
        return [network for network in networks if self.kept.pop((table, network), None)]


class Bench:
    """Tables of a running text; what is in effect is what was kept when it was last looked at."""

    def __init__(self, text: str = TEXT, *, overloaded: bool = False) -> None:
        plan = Plan(firewall=FirewallPlan(tables=(TablePlan(name="blocked", networks=(), overloaded=overloaded),)))
        facts = replace(FACTS, table_files={"/etc/blocked": FILE})
        self._running = replace(running(text=text), plan=plan, facts=facts)
        self.store = MemoryEntries()
        self.events: list[Event] = []
        self.in_effect: list[str] = []
        journal = Journal(now=lambda: NOW, write=self.events.append)
        self.nft = FakeNft()
        self.visitors: list[Visitor] = []
        administrators = Administrators(lambda _: self.visitors)
        self.tables = AddressTables(self.store, self, self.nft, journal, administrators=administrators, now=lambda: NOW)

    @property
    def running(self) -> Running:
        """Return it."""
        return self._running

    def imagined(self, configuration: Configuration, facts: Facts, committed: Configuration | None = None) -> Plan:
        """Compile it."""
        del committed
        return compile_plan(configuration, Situation(facts=facts))

    def troubles(self) -> Sequence[str]:
        """Have none."""
        return []

    async def look_at_names(self) -> None:
        """Put what is kept into effect."""
        self.in_effect = [str(network) for _, network in self.store.kept]


async def test_what_is_put_in_is_kept_for_its_time_and_in_effect() -> None:
    """The table's own time where none is said; who did it and why is told."""
    bench = Bench()
    asked = ChangeTable(name="blocked", add=("198.51.100.7", "10.0.0.0/8"), reason="scans")
    changed = await bench.tables.change(asked, "alice")
    assert changed.sentence == "table <blocked>: 2 addresses put in"
    assert bench.in_effect == ["198.51.100.7/32", "10.0.0.0/8"]
    assert bench.events[0].words == "table <blocked>: 2 addresses put in by alice: scans"
    await bench.tables.change(ChangeTable(name="friends", add=("::1",), seconds=60), "bob")
    shown = await bench.tables.listed(ShowTables())
    assert [(each.name, each.written, each.entered) for each in shown.tables] == [("blocked", 2, 2), ("friends", 1, 1)]
    assert shown.entries == (
        EntryRow(
            table="blocked", network="198.51.100.7", by="alice", since=NOW, until=NOW + timedelta(hours=1), reason="scans"
        ),
        EntryRow(
            table="blocked", network="10.0.0.0/8", by="alice", since=NOW, until=NOW + timedelta(hours=1), reason="scans"
        ),
        EntryRow(table="friends", network="::1", by="bob", since=NOW, until=NOW + timedelta(minutes=1)),
    )
    assert len((await bench.tables.listed(ShowTables(name="friends"))).entries) == 1


async def test_what_is_taken_out_was_there_or_is_explained() -> None:
    """What the text or a file has can only be taken out there."""
    bench = Bench()
    await bench.tables.change(ChangeTable(name="blocked", add=("198.51.100.7",)), "alice")
    changed = await bench.tables.change(ChangeTable(name="blocked", remove=("198.51.100.7", "192.0.2.0/24")), "alice")
    assert changed.sentence == "table <blocked>: 198.51.100.7 taken out"
    assert "192.0.2.0/24 stands in the text" in changed.warnings[0]
    assert bench.in_effect == []
    for absent, words in (("203.0.113.0/24", "or in its file"), ("198.51.100.9", "is not in table <blocked>")):
        with pytest.raises(OperationFailed, match=words):
            await bench.tables.change(ChangeTable(name="blocked", remove=(absent,)), "alice")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ChangeTable(name="blokced", add=("::1",)), "no table <blokced>: there are <blocked>, <friends>"),
        (ChangeTable(name="blocked", add=("10.0.0.1/8",)), "10.0.0.1/8 is no address and no network"),
        (ChangeTable(name="blocked", add=("mail",)), "mail is no address"),
    ],
    ids=["unknown", "host bits", "no address"],
)
async def test_a_mistake_changes_nothing(request_: ChangeTable, words: str) -> None:
    """And says what is right."""
    bench = Bench()
    with pytest.raises(OperationFailed, match=words):
        await bench.tables.change(request_, "alice")
    assert (bench.store.kept, bench.in_effect, bench.events) == ({}, [], [])


async def test_who_is_connected_is_not_put_in() -> None:
    """By anybody, unless it is forced: such a mistake would not end by itself."""
    bench = Bench(TEXT.replace("firewall {", "firewall {\n\tblock in from <blocked>"))
    bench.visitors.append(Visitor(source=ip_address("10.80.1.1"), to=ip_address("10.80.0.2"), port=22))
    asked = ChangeTable(name="blocked", add=("10.80.1.0/24",))
    with pytest.raises(OperationFailed) as refused:
        await bench.tables.change(asked, "alice")
    assert isinstance(refused.value.failure, Rejected)
    assert "this would shut out ssh from 10.80.1.1, port 22" in refused.value.failure.diagnostics[0].message
    assert bench.store.kept == {}
    await bench.tables.change(structs.replace(asked, force=True), "alice")
    assert bench.in_effect == ["10.80.1.0/24"]


async def test_what_is_in_a_table_goes_with_it() -> None:
    """A table of its name that comes later begins anew; a text that cannot be read forgets nothing."""
    bench = Bench()
    await bench.tables.change(ChangeTable(name="blocked", add=("::1",)), "alice")
    await bench.tables.change(ChangeTable(name="friends", add=("::2",)), "alice")
    follower = ForgottenTables(bench.store)
    await follower.follow(b"", b"firewall { table }")
    assert len(bench.store.kept) == 2
    await follower.follow(b"", b"firewall { table <friends> { ::3 } }")
    assert [entry.table for entry in bench.store.entries()] == ["friends"]
    await follower.follow(b"", b"")
    assert not bench.store.kept


async def test_there_is_a_bound() -> None:
    """Longer lists belong into a file."""
    bench = Bench()
    base = int(ip_network("10.0.0.0/8").network_address)
    bench.store.put(
        [
            TableEntry(table="blocked", network=ip_network(base + number), by="alice", since=NOW)
            for number in range(MOST_ENTRIES)
        ]
    )
    with pytest.raises(OperationFailed, match="use a `file`"):
        await bench.tables.change(ChangeTable(name="blocked", add=("::1",)), "alice")


async def test_a_text_without_tables_says_so() -> None:
    """There is nothing to choose from."""
    bench = Bench("")
    with pytest.raises(OperationFailed, match="has none in its `firewall` block"):
        await bench.tables.listed(ShowTables(name="blocked"))
    assert (await bench.tables.listed(ShowTables())).tables == ()


async def test_what_limits_put_in_is_read_from_the_kernel() -> None:
    """Of both IP versions; where no limit does, nothing is asked."""
    assert await Bench().tables.overloaded() == {}
    bench = Bench(overloaded=True)
    four, six = overloaded_set("blocked", 4), overloaded_set("blocked", 6)
    await bench.nft.load(
        "add table inet bascule\n"
        f"add set inet bascule {four} {{ type ipv4_addr; flags dynamic,timeout; }}\n"
        f"add set inet bascule {six} {{ type ipv6_addr; flags dynamic,timeout; }}\n"
        f"add element inet bascule {four} {{ 198.51.100.7 timeout 60s }}\n"
        f"add element inet bascule {six} {{ 2001:db8::7 timeout 60s }}\n"
    )
    assert await bench.tables.overloaded() == {"blocked": [ip_network("198.51.100.7"), ip_network("2001:db8::7")]}

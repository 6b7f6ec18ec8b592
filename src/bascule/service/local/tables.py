"""The firewall's address tables by an administrator's word: what he puts in is kept first, and in effect at once."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Protocol

from bascule.config.facts import Facts
from bascule.config.firewall import AddressTable
from bascule.config.load import load
from bascule.config.model import Configuration, Network
from bascule.engines.nftables.overloads import Overloaded, Overloads
from bascule.plan.model import Plan
from bascule.service.events import EventKind
from bascule.service.failures import Conflict, NotFound, OperationFailed, Rejected
from bascule.service.local.administrators import Administrators
from bascule.service.local.journal import Journal
from bascule.service.local.running import Running
from bascule.service.tables import MOST_LISTED, ChangeTable, EntryRow, ShowTables, TableChanged, Tables, TableSummary
from bascule.store.table_entries import MOST_ENTRIES, EntryStore, TableEntry
from bascule.system.errors import MachineError
from bascule.system.nft import Nft


class Looks(Protocol):
    """The balancer, as far as tables concern it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...

    async def look_at_names(self) -> None:
        """Have the machine follow what is kept now."""
        ...

    def imagined(self, configuration: Configuration, facts: Facts, committed: Configuration | None = None) -> Plan:
        """Return what a configuration would come to on a machine with these facts. Raises MachineError."""
        ...

    def troubles(self) -> Sequence[str]:
        """Return what the machine would not do, and has not done since."""
        ...


class AddressTables:
    """Answers for the tables of what runs. `now` tells the time, with its zone."""

    def __init__(
        self,
        store: EntryStore,
        balancer: Looks,
        nft: Nft,
        journal: Journal,
        *,
        administrators: Administrators,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._balancer = balancer
        self._overloads = Overloads(nft)
        self._journal = journal
        self._administrators = administrators
        self._now = now
        self._one_at_a_time = asyncio.Lock()

    async def listed(self, request: ShowTables) -> Tables:
        """Return what is in the tables. Raises OperationFailed where there is none of that name, MachineError."""
        plan = self._balancer.running.plan
        tables = [table for table in self._tables() if request.name in (None, table.name)]
        if request.name is not None and not tables:
            raise self._unknown(request.name)
        rows = [*(_row(entry) for entry in await asyncio.to_thread(self._store.entries))]
        rows += [_overloaded(each, self._now()) for each in await self._overloads.listed(plan)]
        names = {table.name for table in tables}
        return Tables(
            tables=tuple(
                TableSummary(
                    name=table.name,
                    written=self._written(table),
                    files=table.files,
                    entered=sum(row.table == table.name for row in rows),
                )
                for table in tables
            ),
            entries=tuple(row for row in rows if row.table in names)[:MOST_LISTED],
        )

    async def overloaded(self) -> Mapping[str, Sequence[Network]]:
        """Return what limits have put into tables, by the table's name: no plan knows it. Raises MachineError."""
        found: dict[str, list[Network]] = {}
        for each in await self._overloads.listed(self._balancer.running.plan):
            found.setdefault(each.table, []).append(each.network)
        return found

    async def change(self, request: ChangeTable, by: str) -> TableChanged:
        """Put in and take out what is asked, and have it in effect.

        Raises OperationFailed for what is no network, or no table, or too much; MachineError where it could not be kept.
        """
        table = next((each for each in self._tables() if each.name == request.name), None)
        if table is None:
            raise self._unknown(request.name)
        adding, taking = _networks(request.add), _networks(request.remove)
        async with self._one_at_a_time:
            if adding:
                await self._admit(table, adding, request)
                await self._put(table, adding, request, by)
            taken = await self._take(table, taking) if taking else []
            await self._balancer.look_at_names()
        absent = [network for network in taking if network not in taken]
        if absent and not adding and not taken:
            raise OperationFailed(NotFound(message=self._absent(table, absent)))
        done = [*([f"{_named(adding)} put in"] if adding else []), *([f"{_named(taken)} taken out"] if taken else [])]
        words = f"table <{table.name}>: {', '.join(done)}"
        self._journal.note(
            EventKind.FIREWALL, f"{words} by {by}{request.reason and f': {request.reason}'}", table=table.name
        )
        absences = [self._absent(table, absent)] if absent else []
        return TableChanged(sentence=words, warnings=(*absences, *self._balancer.troubles()))

    async def _admit(self, table: AddressTable, networks: Sequence[Network], request: ChangeTable) -> None:
        """Raise OperationFailed where these would shut out somebody who administers this machine just now."""
        if request.force:
            return
        running = self._balancer.running
        entered = {**running.facts.entered, table.name: (*running.facts.entered.get(table.name, ()), *networks)}
        facts = replace(running.facts, entered=entered)
        plan = await asyncio.to_thread(self._balancer.imagined, running.configuration, facts)
        ways = running.plan, plan, running.configuration, facts, request.origin
        found = await self._administrators.shut_out(*ways)
        if found:
            raise OperationFailed(Rejected(diagnostics=found))

    async def _put(self, table: AddressTable, networks: Sequence[Network], request: ChangeTable, by: str) -> None:
        kept = await asyncio.to_thread(self._store.entries)
        if len(kept) + len(networks) > MOST_ENTRIES:
            words = f"tables take {MOST_ENTRIES} addresses by commands, and have {len(kept)}: use a `file` of the table"
            raise OperationFailed(Conflict(message=words))
        stays = table.timeout if request.seconds is None else timedelta(seconds=request.seconds)
        now = self._now()
        entries = [
            TableEntry(
                table=table.name,
                network=network,
                by=by,
                since=now,
                until=None if stays is None else now + stays,
                reason=request.reason,
            )
            for network in networks
        ]
        await asyncio.to_thread(self._store.put, entries)

    async def _take(self, table: AddressTable, networks: Sequence[Network]) -> Sequence[Network]:
        kept = await asyncio.to_thread(self._store.take, table.name, networks)
        over = await self._overloads.take(self._balancer.running.plan, table.name, networks)
        return [*dict.fromkeys((*kept, *over))]

    def _tables(self) -> Sequence[AddressTable]:
        firewall = self._balancer.running.configuration.firewall
        return () if firewall is None else firewall.tables

    def _written(self, table: AddressTable) -> int:
        files = self._balancer.running.facts.table_files
        return len(table.networks) + sum(len(files[file].networks) for file in table.files if file in files)

    def _unknown(self, name: str) -> OperationFailed:
        known = ", ".join(f"<{table.name}>" for table in self._tables())
        there = f"there are {known}" if known else "the running configuration has none in its `firewall` block"
        return OperationFailed(NotFound(message=f"no table <{name}>: {there}"))

    def _absent(self, table: AddressTable, networks: Sequence[Network]) -> str:
        """Return why something could not be taken out: it may stand in the text."""
        written = {*table.networks, *self._of_files(table)}
        here = [network for network in networks if network in written]
        if here:
            return f"{_named(here)} stands in the text of table <{table.name}>, or in its file: take it out there"
        return f"{_named(networks)} is not in table <{table.name}> by a command or a limit"

    def _of_files(self, table: AddressTable) -> Iterator[Network]:
        files = self._balancer.running.facts.table_files
        for file in table.files:
            yield from files[file].networks if file in files else ()


def _networks(texts: Sequence[str]) -> Sequence[Network]:
    """Return the networks that are named. Raises OperationFailed."""
    found: dict[Network, None] = {}
    for text in texts:
        try:
            found[ip_network(text)] = None
        except ValueError as error:
            raise OperationFailed(NotFound(message=f"{text} is no address and no network: {error}")) from None
    return list(found)


def _named(networks: Sequence[Network]) -> str:
    return _one(networks[0]) if len(networks) == 1 else f"{len(networks)} addresses"


def _one(network: Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _row(entry: TableEntry) -> EntryRow:
    return EntryRow(
        table=entry.table,
        network=_one(entry.network),
        by=entry.by,
        since=entry.since,
        until=entry.until,
        reason=entry.reason,
    )


def _overloaded(each: Overloaded, now: datetime) -> EntryRow:
    until = now + timedelta(seconds=each.remaining)
    return EntryRow(table=each.table, network=_one(each.network), by="limit", until=until)


class ForgottenTables:
    """Follows what is committed: what commands put into tables that are gone goes with them."""

    def __init__(self, store: EntryStore) -> None:
        self._store = store

    async def follow(self, _: bytes, committed: bytes) -> None:
        """Forget it; what the machine would not do is done after the next commit."""
        configuration = (await asyncio.to_thread(load, committed)).configuration
        if configuration is not None:
            tables = configuration.firewall.tables if configuration.firewall is not None else ()
            with suppress(MachineError):
                await asyncio.to_thread(self._store.keep_tables, {table.name for table in tables})

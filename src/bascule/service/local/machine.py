"""The doors to one machine, together, and what it looks like through them."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import SystemRandom

from bascule.config.facts import Facts
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.engines.network.given import GivenFile
from bascule.engines.network.links import Arrivals, Departures
from bascule.engines.network.settings import SettingsEngine
from bascule.engines.nftables.rules.probing import PACKET_MARK
from bascule.service.local.names.known import Names, NamesFile
from bascule.service.local.names.once import ask_once
from bascule.store.table_entries import NO_ENTRIES, Entered
from bascule.system.accounts import Accounts, KernelAccounts
from bascule.system.announce import EthernetNeighbours, Neighbours
from bascule.system.changes import Changes, KernelChanges
from bascule.system.children import OwnChildren, Starts
from bascule.system.clock import Clock, SystemClock
from bascule.system.commands import Commands, SystemCommands
from bascule.system.conntrack import Conntrack, KernelConntrack
from bascule.system.endings import Endings, KernelEndings
from bascule.system.facts import nftables_refusal, observe
from bascule.system.links import KernelLinks, LinksDoor, network_stamp
from bascule.system.nft import Nft, NftProgram
from bascule.system.nudge import Nudge, RawNudge
from bascule.system.packet_log import KernelPacketLog, PacketLog
from bascule.system.sysctls import KernelSysctls, Sysctls
from bascule.system.table_files import read_table_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Everything a parent does to the machine, it does through these."""

    commands: Commands
    nft: Nft
    conntrack: Conntrack
    accounts: Accounts
    endings: Endings
    nudge: Nudge
    sysctls: Sysctls
    links: LinksDoor
    neighbours: Neighbours
    changes: Changes
    clock: Clock
    packets: PacketLog
    names: Names
    entries: Entered
    """What commands have put into the firewall's tables."""
    state: Path
    """The folder that outlives us."""

    def network(self) -> tuple[Arrivals, Departures]:
        """Return the engines of addresses and routes: what comes, and what goes. Raises MachineError."""
        file = GivenFile(self.state, network_stamp())
        return Arrivals(self.links, self.neighbours, file), Departures(self.links, self.neighbours, file)

    def settings(self) -> SettingsEngine:
        """Return the engine of kernel settings."""
        return SettingsEngine(self.sysctls, self.state)

    async def facts(
        self, no_nftables: str | None = None, asked: Questions = NOTHING_TO_ASK, files: Collection[str] = ()
    ) -> Facts:
        """Look at the machine; `no_nftables` says what is known already of the right to load rules.

        What is `asked` of name servers, and was never answered, is asked for now, for some seconds; `files` are those of
        address tables to read.
        """
        if no_nftables is None:
            no_nftables = await nftables_refusal(self.commands)
        names = await self.names.known(asked)
        facts = await asyncio.to_thread(observe, self.sysctls, no_nftables, self.settings().before())
        given = await asyncio.to_thread(GivenFile(self.state, network_stamp()).read)
        tables = await asyncio.to_thread(read_table_files, files)
        entered = await asyncio.to_thread(self.entries.entered)
        addresses = frozenset((one.interface, one.address) for one in given.addresses)
        return replace(facts, names=names, given=addresses, table_files=tables, entered=entered)


def this_machine(state: Path, starts: Starts | None = None, entries: Entered = NO_ENTRIES) -> Machine:
    """Return the machine we run on; `starts` starts who asks name servers, we ourselves where it is None."""
    commands, changes = SystemCommands(), KernelChanges()
    return Machine(
        commands=commands,
        nft=NftProgram(commands, changes.ours),
        conntrack=KernelConntrack(),
        accounts=KernelAccounts(),
        endings=KernelEndings(),
        nudge=RawNudge(PACKET_MARK, SystemRandom()),
        sysctls=KernelSysctls(),
        links=KernelLinks(),
        neighbours=EthernetNeighbours(),
        changes=changes,
        clock=SystemClock(),
        packets=KernelPacketLog(),
        names=Names(NamesFile(state), partial(ask_once, starts=starts or OwnChildren())),
        entries=entries,
        state=state,
    )

"""Makes the kernel's rules equal to the plan's: whole plans by one transaction, a host's flip by a smaller one."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.model import EngineName
from bascule.engines.nftables.names import Refusal, refusal_counter, slots_map, stay_map
from bascule.engines.nftables.read import read, read_elements
from bascule.engines.nftables.rules.sticky import STAY_TYPE, stay_elements
from bascule.engines.nftables.rules.translation import SLOT_TYPE, slot_elements
from bascule.engines.nftables.ruleset import FAMILY, KEEP, TABLE, NamedSet, Ruleset
from bascule.engines.nftables.script import parts, removal, slot_changes, transaction
from bascule.plan.model import Plan, RelayPlan
from bascule.system.errors import MachineError
from bascule.system.nft import Nft

_FEW: Final = 8
"""Maps that are read back one by one; for more, one listing of the whole table is quicker."""

_TOO_LONG: Final = "Message too long"
"""What nft says where the kernel takes no message of that length from us (EMSGSIZE)."""


class NftablesEngine:
    """The engine of relays in the kernel. Desired is what `compose` returns: None where no table is needed."""

    name = "nftables"

    def __init__(self, nft: Nft) -> None:
        self._nft = nft

    async def observe(self) -> Ruleset | None:
        """Return our table as the kernel has it; None where it is not there. Raises MachineError."""
        listing = await self._nft.table(FAMILY, TABLE)
        if listing is None:
            return None
        keeper = await self._nft.table(FAMILY, KEEP)
        seen = await asyncio.to_thread(read, listing)  # a table of very many addresses takes its time
        return replace(seen, kept=keeper is not None and set(read(keeper).chains) == {"c_pre", "c_post"})

    def difference(self, desired: Ruleset | None, observed: Ruleset | None) -> str:
        """Return the script of the transaction between them; empty where nothing must change."""
        return "" if desired is None else transaction(desired, observed)

    async def rehearse(self, changes: str) -> Sequence[Diagnostic]:
        """Ask nft; what it objects to in rules that we wrote is our fault, and is said as it is."""
        objection = await self._nft.rehearse(changes) if changes else ""
        if _TOO_LONG in objection:
            objection = await self._nft.rehearse(parts(changes)[0])
        return [Diagnostic.error(Span(), f"nftables would not take the rules: {objection}")] if objection else []

    async def apply(self, changes: str) -> None:
        """Load the transaction. Raises MachineError, and then nothing has changed."""
        if changes:
            await self._load(changes)

    async def restore(self, snapshot: Ruleset | None) -> None:
        """Bring back the rules that were there; where there was no table, take ours away again."""
        now = await self.observe()
        script = transaction(snapshot, now) if snapshot is not None else removal() if now is not None else ""
        if script:
            await self._load(script)

    async def _load(self, script: str) -> None:
        """Load a script at one stroke; where the kernel takes no message of that length, its slots map by map.

        Root of a user namespace may not have more room than `net.core.wmem_max` for a message. Then each map still changes
        at one stroke, and the maps of new relays are empty for some milliseconds.
        """
        try:
            await self._nft.load(script)
        except MachineError as error:
            pieces = parts(script)
            if _TOO_LONG not in error.cause or len(pieces) == 1:
                raise
            for piece in pieces:
                await self._nft.load(piece)

    async def flip(self, before: Plan, after: Plan) -> bool:
        """Bring the slots of the one plan to those of the other, and read back what was written.

        The plans may differ in their slots only. Returns whether the kernel now holds what it was told; where it does
        not, somebody else has changed our table, and the whole must be compared. Raises MachineError.
        """
        pairs = zip(before.of(EngineName.KERNEL), after.of(EngineName.KERNEL), strict=True)
        changed = {}
        for old, new in pairs:
            if old.pool.slots != new.pool.slots:
                changed[slots_map(new)] = _slots(old), _slots(new)
            if old.pool.taking != new.pool.taking and new.sticky is not None:
                changed[stay_map(new)] = _stays(before, old), _stays(after, new)
        if changed:
            await self._load(slot_changes(changed))
        return await self._hold(changed)

    async def _hold(self, changed: Mapping[str, tuple[NamedSet, NamedSet]]) -> bool:
        if len(changed) > _FEW:
            seen = await self.observe() or Ruleset()
            return all(name in seen.sets and seen.sets[name] == wanted for name, (_, wanted) in changed.items())
        for name, (_, wanted) in changed.items():
            entry = await self._nft.named("map", FAMILY, TABLE, name)
            if read_elements(wanted.type, entry).elements != wanted.elements:
                return False
        return True

    async def refusals(self, plan: Plan) -> Mapping[str, Mapping[Refusal, int]]:
        """Return how many packets of clients were refused, by relay and reason, since the relay came. Raises MachineError.

        A client that was refused tries again by itself once or twice, so these are a little more than there were clients.
        """
        packets = await self._nft.counters(FAMILY, TABLE)
        counters = {refusal_counter(part, why): (part.name, why) for part in plan.of(EngineName.KERNEL) for why in Refusal}
        refused: dict[str, Counter[Refusal]] = {}
        for name, (relay, why) in counters.items():
            refused.setdefault(relay, Counter())[why] += packets.get(name, 0)
        return refused

    async def refuse_all(self) -> None:
        """Send no more clients to any host; the rules meet them with a reset. Raises MachineError."""
        await self._nft.load("".join(f"flush map {FAMILY} {TABLE} m_relay{version}\n" for version in (4, 6)))

    async def clear(self) -> bool:
        """Take our table away, if it is there; return whether it was."""
        if await self.observe() is None:
            return False
        await self._nft.load(removal())
        return True

    async def drop_keeper(self) -> bool:
        """Take the empty nat chains away too, unless no other nat chain is left: its going would end sessions.

        Returns whether they are gone.
        """
        if await self._nft.table(FAMILY, KEEP) is None:
            return True
        if not await self._nft.foreign_nat(KEEP):
            return False
        await self._nft.load(f"delete table {FAMILY} {KEEP}\n")
        return True


def _slots(relay: RelayPlan) -> NamedSet:
    return NamedSet(SLOT_TYPE, slot_elements(relay))


def _stays(plan: Plan, relay: RelayPlan) -> NamedSet:
    return NamedSet(STAY_TYPE, stay_elements(plan, relay))


def missing(error: MachineError) -> bool:
    """Return whether the machine says that what we meant to change is not there: our table was changed by others."""
    return "No such file or directory" in error.cause

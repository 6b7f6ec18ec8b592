"""Ending sessions so that both ends know it: slots first (the caller's part), then states, then nudges."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from bascule.config.model import Address
from bascule.engines.nftables.ruleset import FAMILY, TABLE
from bascule.plan.model import FIRST_MARK, OUR_MARKS
from bascule.system.conntrack import Conntrack
from bascule.system.ctnetlink import Flow, Session
from bascule.system.nft import Nft
from bascule.system.nudge import Nudge

_KILLED: Final = 60
"""Seconds for which packets of an ended session meet a reset although their address is not settled yet."""

_BATCH: Final = 1024
_FEW: Final = 8
_ROUNDS: Final = 2
"""A session that began between the listing and the deletion is found by the second round."""


class Sessions:
    """Ends sessions of relays in the kernel."""

    def __init__(self, nft: Nft, conntrack: Conntrack, nudge: Nudge) -> None:
        self._nft = nft
        self._conntrack = conntrack
        self._nudge = nudge

    async def end(self, marks: Sequence[int], settled: Collection[Address]) -> int:
        """End every session with one of these marks, and return how many lived.

        `settled` are the addresses whose stray packets meet a reset anyway. The marks' hosts must be out of the slots
        already, or a client's next packet brings the session back. Raises MachineError.
        """
        ended = 0
        for _ in range(_ROUNDS):
            found = await self._listed(marks)
            if not found:
                break
            await self._remember(found, settled)
            for mark in {session.mark for session in found}:
                await asyncio.to_thread(self._conntrack.delete_marked, mark)
            await self._tell(found)
            ended += sum(session.living for session in found)
        return ended

    async def end_living(self, marks: Sequence[int], settled: Collection[Address]) -> int:
        """End the sessions with one of these marks that live now, of hosts that go on to serve, and return how many.

        A session that begins meanwhile is none of them. Raises MachineError.
        """
        living = [session for session in await self._listed(marks) if session.living]
        if living:
            await self.kill(living, settled)
        return len(living)

    async def end_unestablished(self, marks: Sequence[int]) -> int:
        """End those sessions with one of these marks that the host has not answered, so that the client tries again."""
        waiting = [session for session in await self._listed(marks) if not session.established]
        return await asyncio.to_thread(self._conntrack.delete, waiting)

    async def kill(self, sessions: Sequence[Session], settled: Collection[Address]) -> None:
        """End these sessions alone, whose hosts may go on to serve. Raises MachineError.

        It is the guard that keeps a stray packet from bringing one back, by the settled address or, for a minute, by the
        session's own addresses and ports.
        """
        await self._remember(sessions, settled)
        await asyncio.to_thread(self._conntrack.delete, sessions)
        await self._tell(sessions)

    async def _listed(self, marks: Sequence[int]) -> Sequence[Session]:
        return await asyncio.to_thread(self._find, frozenset(marks))

    def _find(self, marks: frozenset[int]) -> Sequence[Session]:
        """Look for few marks one by one, which the kernel does; for many in one listing of all that is ours."""
        if len(marks) <= _FEW:
            return [session for mark in sorted(marks) for session in self._conntrack.sessions(mark)]
        return [session for session in self._conntrack.sessions(FIRST_MARK, OUR_MARKS) if session.mark in marks]

    async def _remember(self, sessions: Sequence[Session], settled: Collection[Address]) -> None:
        """Have stray packets of these sessions met by a reset, where their address does not see to it."""
        for version in (4, 6):
            stray = [
                f"{flow.source} . {flow.source_port} . {flow.destination} . {flow.destination_port} timeout {_KILLED}s"
                for session in sessions
                for flow in (session.original, session.reply)
                if flow.destination.version == version and flow.destination not in settled
            ]
            for start in range(0, len(stray), _BATCH):
                members = ", ".join(stray[start : start + _BATCH])
                await self._nft.load(f"add element {FAMILY} {TABLE} s_killed{version} {{ {members} }}\n")

    async def _tell(self, sessions: Sequence[Session]) -> None:
        flows = [flow for session in sessions if session.established for flow in _backwards(session)]
        await asyncio.to_thread(self._nudge.send, flows)


def _backwards(session: Session) -> Iterator[Flow]:
    """Yield a flow to each end, in the name of the other as that end knows it."""
    for flow in (session.original, session.reply):
        yield Flow(flow.destination, flow.destination_port, flow.source, flow.source_port)

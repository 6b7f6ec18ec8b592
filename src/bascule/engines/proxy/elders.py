"""The workers of another version that an earlier parent left in a runtime directory: met, inherited from, let go."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bascule.engines.proxy.desired import ElderState
from bascule.engines.proxy.elder import Elder
from bascule.engines.proxy.line import NOBODY, LinkLostError
from bascule.engines.proxy.wire import Place
from bascule.system.errors import MachineError


class Elders:
    """Keeps the connections to them until they are let go. `report` hears what became of each, in a sentence."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._elders: dict[Path, Elder] = {}

    def __len__(self) -> int:
        return len(self._elders)

    async def meet(self, path: Path) -> None:
        """Connect to the worker that may be there, unless that is done. Raises MachineError."""
        if path in self._elders:
            return
        try:
            self._elders[path] = await Elder.open(path)
        except NOBODY:
            await asyncio.to_thread(path.unlink, missing_ok=True)  # no worker of ours would replace what a dead one left
        except OSError as error:
            raise MachineError(f"connect to the proxy worker at {path}", error.strerror or str(error)) from error

    def states(self) -> Mapping[int, ElderState]:
        """Return what they hold, by their numbers."""
        states: dict[int, ElderState] = {}
        for elder in self._elders.values():
            known = states.get(elder.number, ElderState())
            states[elder.number] = ElderState(listens=known.listens | elder.listeners.keys(), live=known.live | elder.live)
        return states

    def inheritance(self, number: int) -> Iterator[tuple[Place, socket.socket]]:
        """Yield the listening sockets of those of a number; whoever asks has to close them."""
        for elder in self._elders.values():
            while elder.number == number and elder.listeners:
                yield elder.listeners.popitem()

    async def retire(self) -> None:
        """Have each take no new client and end with its last session, and let it go."""
        for elder in self._let_go():
            name = f"proxy worker {elder.number} (process {elder.pid}), of another version of Bascule,"
            try:
                sessions = await elder.retire()
            except LinkLostError as error:
                self._report(f"{name} could not be retired, and still takes clients: {error}")
            else:
                self._report(f"{name} takes no new client, and carries its sessions to their end: {sessions}")
            elder.close()

    async def stop(self) -> None:
        """End each with its sessions."""
        for elder in self._let_go():
            elder.keep_none()
            with suppress(LinkLostError):
                await elder.stop()
            elder.close()

    def leave(self) -> None:
        """Let go of each; they go on."""
        for elder in self._let_go():
            elder.keep_none()
            elder.close()

    def _let_go(self) -> Iterator[Elder]:
        while self._elders:
            yield self._elders.popitem()[1]

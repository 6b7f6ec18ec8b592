"""Clients that notice everything: standing sessions that speak all the time, and new ones at a fixed rate.

`python -m bench.loads.watching PORT ADDRESS` prints `watching`, and goes on until standard input ends. Then it prints
one line of JSON: how many new sessions were asked for, when each that failed was (monotonic seconds of this machine), how
many standing ones there were, and how many of them were lost.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

from bench.loads.sizes import MESSAGE

_STANDING = 50
_RATE = 100
"""New sessions a second."""
_PATIENCE = 2.0
"""Seconds after which a client of a new session shows its user an error."""
_LONG_PATIENCE = 10.0
"""Seconds for which a standing session may be silent."""
_PAUSE = 0.1
_QUESTION = b"w" * MESSAGE


class Watch:
    """The clients, and what they saw."""

    def __init__(self, address: str, port: int) -> None:
        self._place = (address, port)
        self._over = asyncio.Event()
        self.asked = 0
        self.failed: list[float] = []
        self.lost = 0

    async def run(self) -> None:
        """Watch until standard input ends."""
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), self._over.set)
        standing = [await asyncio.open_connection(*self._place) for _ in range(_STANDING)]
        async with asyncio.TaskGroup() as tasks:
            for reader, writer in standing:
                tasks.create_task(self._stand(reader, writer))
            print("watching", flush=True)
            begun = loop.time()
            while not self._over.is_set():
                tasks.create_task(self._visit())
                self.asked += 1
                await asyncio.sleep(max(0.0, begun + self.asked / _RATE - loop.time()))
            loop.remove_reader(sys.stdin.fileno())

    async def _stand(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not self._over.is_set():
                await _exchange(reader, writer, _LONG_PATIENCE)
                await asyncio.sleep(_PAUSE)
        except (OSError, EOFError, TimeoutError):
            self.lost += 1
        writer.transport.abort()

    async def _visit(self) -> None:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_connection(*self._place)
            await _exchange(reader, writer, max(0.01, begun + _PATIENCE - time.monotonic()))
            writer.close()
        except (OSError, EOFError, TimeoutError):
            self.failed.append(begun)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float) -> None:
    writer.write(_QUESTION)
    async with asyncio.timeout(patience):
        await reader.readexactly(MESSAGE)


def main(arguments: Sequence[str]) -> int:
    """Run as the module says."""
    port, address = arguments
    watch = Watch(address, int(port))
    asyncio.run(watch.run())
    print(json.dumps({"asked": watch.asked, "failed": watch.failed, "standing": _STANDING, "lost": watch.lost}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

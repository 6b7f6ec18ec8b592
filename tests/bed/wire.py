"""A slow and lossy cable between two TAP devices, as a process of its own: see `NetLab.delay`."""

import contextlib
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Final

from bed.node import NETNS_DIR, enter

_TUNSETIFF: Final = 0x400454CA
_IFF_TAP_NO_PI: Final = 0x0002 | 0x1000
_FRAMES_A_TURN: Final = 64


def tap(netns: str, name: str) -> int:
    """Make a TAP device in a namespace; the descriptor works from any."""
    with open("/proc/self/ns/net", "rb") as home, open(f"{NETNS_DIR}/{netns}", "rb") as there:  # noqa: PTH123 - descriptors
        enter(there.fileno())
        try:
            descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP_NO_PI))
        finally:
            enter(home.fileno())
    return descriptor


@dataclass
class Wire:
    """Two ends, and the frames on their way."""

    ends: tuple[int, int]
    delay: float
    """Seconds."""
    loss: float
    """Share of frames, 0 to 1."""
    _in_flight: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    _serial: int = 0

    def carry(self) -> None:
        """Carry frames until a device goes away."""
        poller = select.poll()
        for descriptor in self.ends:
            poller.register(descriptor, select.POLLIN)
        with contextlib.suppress(OSError):  # the namespace, and so the device, is gone
            while True:
                for descriptor, _ in poller.poll(self._milliseconds()):
                    self._take(descriptor)
                self._deliver()

    def _milliseconds(self) -> float | None:
        return max(0.0, (self._in_flight[0][0] - time.monotonic()) * 1000) if self._in_flight else None

    def _take(self, descriptor: int) -> None:
        other = self.ends[1] if descriptor == self.ends[0] else self.ends[0]
        with contextlib.suppress(BlockingIOError):
            for _ in range(_FRAMES_A_TURN):
                frame = os.read(descriptor, 65536)
                if random.random() >= self.loss:
                    self._serial += 1
                    heapq.heappush(self._in_flight, (time.monotonic() + self.delay, self._serial, other, frame))

    def _deliver(self) -> None:
        while self._in_flight and self._in_flight[0][0] <= time.monotonic():
            _, _, descriptor, frame = heapq.heappop(self._in_flight)
            with contextlib.suppress(OSError):  # a device that is down takes nothing
                os.write(descriptor, frame)


def main() -> None:
    """Join the two ends named on the command line: NETNS DEVICE NETNS DEVICE MILLISECONDS LOSS_PERCENT."""
    first_netns, first, second_netns, second, milliseconds, percent = sys.argv[1:]
    ends = (tap(first_netns, first), tap(second_netns, second))
    sys.stdout.write("up\n")
    sys.stdout.flush()
    Wire(ends, float(milliseconds) / 1000, float(percent) / 100).carry()


if __name__ == "__main__":
    main()

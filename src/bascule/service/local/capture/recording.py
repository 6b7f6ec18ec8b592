"""A capture's file while it grows: what is in it, and how much more may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bascule import __version__
from bascule.config.model import Address
from bascule.service.capture import Capture, Captured
from bascule.service.local.capture.headers import headers
from bascule.service.local.capture.pcapng import Writer
from bascule.system.packet_tap import TappedPacket

CONTENT: Final = 128
"""Bytes that are kept of what a packet carries."""

_END: Final = 128
"""Bytes that a file's end takes."""


@dataclass(slots=True)
class Recording:
    """What has been written, and how much more may be."""

    request: Capture
    names: Mapping[Address, str]
    length: int
    ended: str = ""
    packets: int = 0
    lost: int = 0
    last: int = 0
    """When the last packet came."""
    left: int = 0
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        whose = {"client": self.request.client, "relay": self.request.relay}
        told = ", ".join(f"{what} {name}" for what, name in whose.items() if name is not None)
        self.writer = Writer(program=f"Bascule {__version__}", comment=told, length=self.length)

    def begin(self) -> bytes:
        """Return how the file begins."""
        data = self.writer.begin(self.names)
        self.left = self.request.bytes - _END - len(data)
        return data

    def written(self, packets: Sequence[TappedPacket], lost: int) -> bytes:
        """Return packets as far as they fit."""
        self.lost += lost
        made: list[bytes] = []
        for packet in packets:
            data = self.writer.packet(packet, packet.data if self.request.full else _shortened(packet.data))
            if len(data) > self.left:
                self.ended = "the file has reached its size"
                break
            made.append(data)
            self.left -= len(data)
            self.packets += 1
            self.last = packet.at
        return b"".join(made)

    def end(self) -> bytes:
        """Return how the file ends; nothing where no packet is in it, and so no interface that its numbers could be of."""
        return self.writer.end(self.last, self.packets, self.lost) if self.packets else b""

    def piece(self, data: bytes) -> Captured:
        """Return a piece of the file, and how far it is."""
        return Captured(data=data, packets=self.packets, lost=self.lost, ended=self.ended)


def _shortened(data: bytes) -> bytes:
    """Return a packet's headers, and the first of what it carries."""
    found = headers(data)
    return data if found is None else data[: found.length + CONTENT]

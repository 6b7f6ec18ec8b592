"""Takes values off little-endian bytes that a stranger wrote, and never reaches past their end."""

from typing import Final

_ALIGNMENT: Final = 4


class RpcError(ValueError):
    """What a peer sent is no DCE/RPC that is spoken here, or says no; the message tells which, in a few words."""


class Reader:
    """A place in some bytes. Every method raises RpcError where fewer are left than it takes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        """Return the next so many bytes."""
        if length > len(self._data) - self._at:
            raise RpcError("a packet that is cut short")
        self._at += length
        return self._data[self._at - length : self._at]

    def number(self, length: int) -> int:
        """Return the next so many bytes as a number without a sign."""
        return int.from_bytes(self.take(length), "little")

    def align(self) -> None:
        """Step to the next multiple of four."""
        self.take(-self._at % _ALIGNMENT)

    def rest(self) -> bytes:
        """Return everything that is left."""
        return self.take(len(self._data) - self._at)

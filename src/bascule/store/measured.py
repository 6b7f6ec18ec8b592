"""What relays and hosts carried in some time, as it is kept and asked for."""

from typing import NamedTuple


class Measured(NamedTuple):
    """What a host carried for a relay within a time; of a relay itself the next three are empty."""

    relay: str = ""
    """Empty where it is about all of them together."""
    place: str = ""
    """Address and port."""
    address: str = ""
    host: str = ""
    """What people call it."""
    opened: int = 0
    """Sessions that began."""
    from_client: int = 0
    from_host: int = 0
    """Bytes each way."""
    sessions: int = 0
    """That lived, the most of any moment."""
    checks: int = 0
    ups: int = 0
    """Checks, and those of them that found it up."""
    took: int = 0
    """Tenths of a millisecond that those checks took together."""


class Bucket(NamedTuple):
    """Some moments together."""

    at: int
    """The Unix time that it begins at."""
    measured: Measured


class Chosen(NamedTuple):
    """Which moments are asked for, and how they are put together."""

    since: int
    until: int
    """Unix times; `until` is not within."""
    step: int
    """Seconds of one bucket: ten, or a multiple of it."""
    relay: str = ""
    host: str = ""
    """A name, an address, or address and port; empty is all."""
    relays: bool = True
    hosts: bool = True
    """What is told one by one: without hosts, their relays, and where nothing is named all together come first."""

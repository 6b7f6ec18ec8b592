"""What `explain` is asked about a client, and what it answers. Values."""

from dataclasses import dataclass

from bascule.config.model import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A client's new connection."""

    client: Address
    port: int
    """Of ICMP, the type; of protocols without ports it means nothing."""
    to: Address | None = None
    """The address it connects to; None takes the only relay that listens on the port, then this machine."""
    protocol: str = "tcp"
    """`icmp` is that of the client's IP version."""
    interface: str | None = None
    """The interface that it comes in by; None asks no listener's and, where there is a firewall, takes the one that the
    route to the client leads by."""
    rules: int = 0
    """How many of the rules that are asked are to be told, at most: the last ones, where the one is that decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A rule of the firewall that was asked about the client."""

    rule: str
    """Its text, as the operator wrote it or might have."""
    line: int
    """Where the text has it, or what causes it; 0 where that is nowhere."""
    cause: str
    """Why it is there, of one that nobody wrote; else empty."""
    matched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Who takes the client, and why; the fields of `service.results.Explanation`, for the service to hand on."""

    client: str
    port: int
    relay: str | None = None
    table: str | None = None
    host: str | None = None
    """None where no host takes the client, or several might."""
    reason: str
    to: str | None = None
    address: str | None = None
    slot: int | None = None
    rule: str | None = None
    path: str | None = None
    interface: str | None = None
    direction: str | None = None
    """`in`, `through` or `out`; None, as what follows, where there is no firewall."""
    verdict: str | None = None
    """`pass`, `block` or `reject`."""
    decided: Asked | None = None
    """None, too, where no rule was asked."""
    rules: tuple[Asked, ...] = ()
    """The rules that were asked, in order: the last of them, as many as the question wants."""
    rules_left_out: int = 0
    """How many were asked before those."""
    forward: str | None = None
    """Where a port forward sends it: address and port."""
    masquerade: bool | None = None
    """Whether it leaves with our address."""

"""Makes a rule of the few answers that a port forward needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PortForwardAnswers:
    """What somebody answered, whatever he wrote."""

    zone: str = ""
    """Where its clients are; empty is anywhere."""
    protocol: str = "tcp"
    address: str
    """Where they connect to."""
    port: str
    """A port, or a range."""
    target: str
    """Where they are sent."""
    target_port: str = ""
    """Empty keeps the port."""
    label: str = ""


def port_forward(answers: PortForwardAnswers) -> tuple[str, ...]:
    """Return the words of a port forward, from the outside in: what `spelling.from_arguments` reads and `put` puts in."""
    zone = ("on", answers.zone) if answers.zone else ()
    to = ("to", answers.address, "port", answers.port)
    target = ("forward", "to", answers.target, *(("port", answers.target_port) if answers.target_port else ()))
    label = ("label", answers.label) if answers.label else ()
    return ("firewall", "pass", "in", *zone, "proto", answers.protocol, *to, *target, *label)

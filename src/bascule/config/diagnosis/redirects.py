"""What is wrong or doubtful about redirects: they need checks, and hosts that answer through us."""

from collections.abc import Iterator, Sequence
from typing import Final

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.firewall import Action, Direction, Firewall
from bascule.config.model import Host, HttpCheck, Kind, MailCheck, Relay, SendCheck, Table, TcpCheck, TlsCheck
from bascule.config.wording import listed

_MOST_SHOWN: Final = 4
"""Hosts that a message names; of the others it says how many there are."""


def redirect(ownership: Ownership, relay: Relay, table: Table) -> Iterator[Diagnostic]:
    """Yield redirects without a check, and hosts that would answer past us."""
    for forward in relay.forwards:
        if forward.check is None:
            what = f"{relay.title} does not check its hosts"
            hint = "write `check tcp` or another check; without one, clients would be sent to dead hosts"
            yield Diagnostic.error(forward.span, what, hint)
    yield from _answers(ownership, relay, table)


def ranges(relay: Relay) -> Iterator[Diagnostic]:
    """Yield checks that ask for the first port of a range, where often nothing listens."""
    spread = next((listen for listen in relay.listens if listen.last_port is not None), None)
    for forward in relay.forwards:
        if spread is None or forward.port is not None:
            continue
        if isinstance(forward.check, TcpCheck | TlsCheck | HttpCheck | SendCheck | MailCheck):
            what = f"the check of {relay.title} asks port {spread.port} of its hosts, the first of the range"
            yield Diagnostic.warning(forward.span, what, "`check icmp` asks for the host alone")


def routing(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield that a machine which was no router forwards nothing but what redirects carry."""
    balancer = ownership.configuration.load_balancer
    if _routes(ownership.configuration.firewall):
        return
    for relay in balancer.relays:
        if relay.kind is not Kind.REDIRECT or relay.disabled:
            continue
        versions = {host.address.version for forward in relay.forwards for host in balancer.table(forward.table).hosts}
        closed = sorted(versions - ownership.facts.forwarded_before)
        if closed:
            family = listed([f"IPv{version}" for version in closed], "and")
            what = f"this machine is no {family} router: it will forward what {relay.title} carries, and nothing else"
            hint = "hosts that use it as default gateway reach nothing beyond it; switch forwarding on if they shall"
            yield Diagnostic.warning(relay.span, what, hint)
            return


def _routes(firewall: Firewall | None) -> bool:
    """Tell whether a firewall says itself what this machine forwards."""
    if firewall is None:
        return False
    return any(rule.action is Action.PASS and rule.direction is Direction.THROUGH for rule in firewall.rules)


def _answers(ownership: Ownership, relay: Relay, table: Table) -> Iterator[Diagnostic]:
    """Judge where answers go. The hosts' own routes cannot be seen from here, so only what is known is said."""
    holders = {name for listen in relay.listens for name in ownership.holders(listen.address)}
    places = {host: ownership.attached(host.address) for host in table.hosts}
    beside = [host for host, name in places.items() if name is not None and name in holders]
    beyond = [host for host, name in places.items() if name is None and ownership.towards(host.address) is not None]
    if beside:
        what = (
            f"hosts of {relay.title} share a network with its address: answers of {_labels(beside)} to clients of that "
            "network go past this machine, and those connections fail"
        )
        hint = "clients elsewhere are served where this machine is the hosts' default gateway; a relay serves all"
        yield Diagnostic.warning(relay.span, what, hint)
    if beyond:
        what = (
            f"hosts of {relay.title} are reached through another router: {_labels(beyond)} must send what is for clients "
            "back through this machine, or connections fail"
        )
        yield Diagnostic.warning(relay.span, what, "a relay needs no route from the hosts to the clients")


def _labels(hosts: Sequence[Host]) -> str:
    shown = [host.label for host in hosts[:_MOST_SHOWN]]
    return listed(shown if len(shown) == len(hosts) else [*shown, f"{len(hosts) - len(shown)} more"], "and")

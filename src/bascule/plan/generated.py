"""The rules of a firewall that nobody writes: what networks need, what relays and administrators need, the rest. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from bascule.config.contacts import Contact, contacts
from bascule.config.diagnostics import Span
from bascule.config.firewall import ANY, Action, Direction, End, Firewall, Network, Ports, Protocol, Rule
from bascule.config.model import Configuration, EngineName
from bascule.config.outward import Snmp
from bascule.plan.firewall import Purpose, RulePlan
from bascule.plan.model import AdminPlan, Endpoint, RelayPlan

TRUSTED_ZONE: Final = "internal"
"""Whence ssh and the admin server are open; where no zone is called so, from everywhere."""
SSH: Final = Ports(22, 22)

_NEEDED: Final = (
    (Protocol.ICMP, Direction.IN),
    (Protocol.ICMP6, Direction.IN),
    (Protocol.IGMP, Direction.IN),
    (Protocol.IGMP, Direction.OUT),
)
"""Queries of IGMP come in, and reports go out (RFC 3376, 4), or switches end memberships; of IPv6 nothing is tracked."""
_DNS: Final = Ports(53, 53)
_DHCP: Final = (
    (ip_network("0.0.0.0/0"), Ports(67, 67), Ports(68, 68)),
    (ip_network("fe80::/10"), Ports(547, 547), Ports(546, 546)),
)
"""Whence and on which ports servers answer clients (RFC 2131, 4.1; RFC 8415, 7.2)."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a rule is there that nobody wrote: in words, and where the text has it."""

    words: str
    span: Span


def before(
    configuration: Configuration, families: Iterable[Cause], relays: Sequence[RelayPlan], span: Span
) -> Iterator[RulePlan]:
    """Yield what is asked before the text's rules; `families` names each family, and the firewall stands at `span`."""
    for direction in (Direction.IN, Direction.THROUGH):
        rule = _rule(Action.BLOCK, direction, span=span)
        yield RulePlan(rule=rule, purpose=Purpose.SPOOFING, cause="sources that cannot come from there")
    for family in families:
        rule = _rule(Action.PASS, Direction.THROUGH, span=family.span)
        yield RulePlan(rule=rule, purpose=Purpose.EXCHANGE, cause=family.words)
    for protocol, direction in _NEEDED:
        rule = _rule(Action.PASS, direction, protocol=protocol, span=span)
        yield RulePlan(rule=rule, purpose=Purpose.NEIGHBOURS, cause="what networks need")
    for interface in configuration.interfaces:
        for network, source, to in _DHCP if interface.dhcp else ():
            rule = _rule(
                Action.PASS,
                Direction.IN,
                protocol=Protocol.UDP,
                source=End(network=network, ports=source),
                to=End(ports=to),
                interface=interface.name,
                span=interface.span,
            )
            yield RulePlan(
                rule=rule, purpose=Purpose.NEIGHBOURS, cause=f"address dhcp of {interface.name}", interface=interface.name
            )
    for server in configuration.system.dns:
        where = End(network=ip_network(server), ports=_DNS)
        rule = _rule(Action.PASS, Direction.OUT, to=where, span=configuration.system.dns_span or span)
        yield RulePlan(rule=rule, purpose=Purpose.NEIGHBOURS, cause="the name servers")
    yield from dict.fromkeys(_spoken(each) for each in contacts(configuration.system) if not isinstance(each.host, str))
    snmp = configuration.system.outward.snmp
    if snmp is not None:  # asked at a second address of ours, it answers from the first: that is another session
        yield from (
            _snmp(Direction.OUT, source=_door(snmp), to=End(network=each), span=snmp.span) for each in _askers(snmp)
        )
    yield from dict.fromkeys(_carried(relay, host, listen) for relay, host, listen in _proxied(relays))


def _spoken(contact: Contact) -> RulePlan:
    """Return what lets this machine speak to somebody whom the text names by an address."""
    assert not isinstance(contact.host, str), "what a name means is not known here"
    to = End(network=ip_network(contact.host), ports=Ports(contact.port, contact.port))
    rule = _rule(Action.PASS, Direction.OUT, protocol=contact.protocol, to=to, span=contact.span)
    return RulePlan(rule=rule, purpose=Purpose.NEIGHBOURS, cause=contact.whose)


def _proxied(relays: Sequence[RelayPlan]) -> Iterator[tuple[RelayPlan, Endpoint, Endpoint]]:
    """Yield the relays that the proxy carries, with each of their hosts, for each place that they listen on."""
    for relay in relays:
        for host in relay.pool.hosts if relay.engine is EngineName.PROXY else ():
            yield from ((relay, host.endpoint, listen) for listen in relay.listens)


def _carried(relay: RelayPlan, host: Endpoint, listen: Endpoint) -> RulePlan:
    """Return what lets the proxy reach a host, as checks do: no rule of the text keeps one up and the other out."""
    ports = _ports(host if host.port else listen)
    rule = _rule(
        Action.PASS,
        Direction.OUT,
        protocol=Protocol(host.transport.value),
        to=End(network=ip_network(host.address), ports=ports),
        span=relay.span,
    )
    return RulePlan(rule=rule, purpose=Purpose.RELAY, cause=f"{relay.title}, which the proxy carries")


def after(relays: Sequence[RelayPlan], admin: AdminPlan, firewall: Firewall, snmp: Snmp | None) -> Iterator[RulePlan]:
    """Yield what is asked after the text's rules; the defaults end it."""
    yield from dict.fromkeys(_opened(relay, listen) for relay in relays for listen in relay.listens)
    zone = TRUSTED_ZONE if any(each.name == TRUSTED_ZONE for each in firewall.zones) else ""
    yield _administered(zone, End(ports=SSH), "ssh", firewall.span)
    for to, span in {_answering(each.endpoint): each.span for each in admin.listeners}.items():
        yield _administered(zone, to, "the admin server", span)
    yield from (
        ()
        if snmp is None
        else (_snmp(Direction.IN, source=End(network=each), to=_door(snmp), span=snmp.span) for each in _askers(snmp))
    )
    for action, direction in (
        (Action.BLOCK, Direction.IN),
        (Action.BLOCK, Direction.THROUGH),
        (Action.PASS, Direction.OUT),
    ):
        yield RulePlan(
            rule=_rule(action, direction, span=firewall.span), purpose=Purpose.DEFAULT, cause="what no rule decides"
        )


def _door(snmp: Snmp) -> End:
    """Return where SNMP is asked."""
    network = None if snmp.address is None else ip_network(snmp.address)
    return End(network=network, ports=Ports(snmp.port, snmp.port))


def _askers(snmp: Snmp) -> Iterator[Network]:
    """Yield who may ask there."""
    return (each for each in snmp.sources if snmp.address is None or each.version == snmp.address.version)


def _snmp(direction: Direction, *, source: End, to: End, span: Span) -> RulePlan:
    rule = _rule(Action.PASS, direction, protocol=Protocol.UDP, source=source, to=to, span=span)
    return RulePlan(rule=rule, purpose=Purpose.NEIGHBOURS, cause="SNMP")


def _opened(relay: RelayPlan, listen: Endpoint) -> RulePlan:
    rule = _rule(
        Action.PASS,
        Direction.IN,
        zone=relay.zone,
        protocol=Protocol(listen.transport.value),
        to=End(network=ip_network(listen.address), ports=_ports(listen)),
        interface=relay.interface,
        span=relay.span,
    )
    return RulePlan(rule=rule, purpose=Purpose.RELAY, cause=relay.title, interface=relay.interface)


def _ports(endpoint: Endpoint) -> Ports:
    return Ports(endpoint.port, endpoint.last or endpoint.port)


def _answering(endpoint: Endpoint) -> End:
    """Return where an admin server is reached."""
    network = None if endpoint.address.is_unspecified else ip_network(endpoint.address)
    return End(network=network, ports=Ports(endpoint.port, endpoint.port))


def _administered(zone: str, to: End, cause: str, span: Span) -> RulePlan:
    rule = _rule(Action.PASS, Direction.IN, zone=zone, protocol=Protocol.TCP, to=to, span=span)
    return RulePlan(rule=rule, purpose=Purpose.ADMIN, cause=cause)


def _rule(
    action: Action,
    direction: Direction,
    *,
    zone: str = "",
    protocol: Protocol | None = None,
    source: End = ANY,
    to: End = ANY,
    interface: str = "",
    span: Span,
) -> Rule:
    """Return a rule with its text, as an operator might have written it."""
    words = [
        f"{action} {direction}",
        f"on {zone or interface}" if zone or interface else "",
        f"proto {protocol}" if protocol else "",
        _said("from", source),
        _said("to", to),
    ]
    text = " ".join(filter(None, words))
    return Rule(
        action=action, direction=direction, zone=zone, protocol=protocol, source=source, to=to, text=text, span=span
    )


def _said(word: str, end: End) -> str:
    network = end.network
    where = "any" if network is None else str(network.network_address if network.num_addresses == 1 else network)
    port = f" port {end.ports}" if end.ports else ""
    return f"{word} {where}{port}" if network is not None or end.ports else ""

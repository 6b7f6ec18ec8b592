"""Configurations and machines to compile, made from short texts without a machine."""

from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_interface, ip_network

from bascule.config.facts import Facts, InterfaceFacts, RouteFacts
from bascule.config.load import load
from bascule.config.model import Configuration
from bascule.plan.explain import named
from bascule.plan.model import HostState, Plan, PoolHost, ProbeTarget, Source

ONE_ARM_BLOCK = """
interface eth0 {
	address 10.80.0.2/16
	address 10.80.0.10/16 virtual
	address fd80::2/64
	address fd80::10/64 virtual
}
"""


def machine(*interfaces: tuple[str, Sequence[str]], routes: Sequence[tuple[str, str]] = ()) -> Facts:
    """Return a machine with these interfaces and addresses, the routes that follow from them, and more routes."""
    held = [(name, tuple(ip_interface(address) for address in addresses)) for name, addresses in interfaces]
    connected = [
        RouteFacts(destination=address.network, interface=name) for name, addresses in held for address in addresses
    ]
    further = [RouteFacts(destination=ip_network(destination), interface=name) for destination, name in routes]
    return Facts(
        interfaces=(
            InterfaceFacts(name="lo", addresses=(ip_interface("127.0.0.1/8"), ip_interface("::1/128")), loopback=True),
            *(InterfaceFacts(name=name, addresses=addresses) for name, addresses in held),
        ),
        routes=(*connected, *further),
    )


ONE_ARM = machine(("eth0", ("10.80.0.2/16", "10.80.0.10/16", "fd80::2/64", "fd80::10/64")))
TWO_ARM = machine(
    ("eth0", ("10.80.0.2/16", "10.80.0.10/16", "fd80::2/64", "fd80::10/64")),
    ("eth1", ("10.90.0.2/16", "fd90::2/64")),
)


def configured(text: str) -> Configuration:
    """Return the configuration of a text that has no errors."""
    loaded = load(text)
    assert loaded.configuration is not None, loaded.diagnostics
    return loaded.configuration


def balancer(*relays: str, hosts: Sequence[str] = ("10.80.2.1", "10.80.2.2", "10.80.2.3"), key: int = 0x7F3A91C2) -> str:
    """Return a `load-balancer` block of one table and these relays."""
    return (
        "load-balancer {\n\ttable <exchange> {\n"
        + "".join(f"\t\t{host}\n" for host in hosts)
        + f"\t\tkey {key:08x}\n\t}}\n"
        + "".join(relays)
        + "}\n"
    )


def relay(
    name: str = "HTTPS",
    *statements: str,
    listen: Sequence[str] = ("10.80.0.10 port 443",),
    forward: str = "check tcp mode source-hash",
    kind: str = "relay",
) -> str:
    """Return a `relay` or `redirect` block that forwards to the table."""
    lines = [*(f"listen on {place}" for place in listen), f"forward to <exchange> {forward}", *statements]
    return f'\t{kind} "{name}" {{\n' + "".join(f"\t\t{line}\n" for line in lines) + "\t}\n"


def states(plan: Plan, *, down: Collection[str] = ()) -> Mapping[ProbeTarget, HostState]:
    """Return states in which every host is up but those named."""
    return {
        host.target: HostState.DOWN if any(named(host, name) for name in down) else HostState.UP
        for host in all_hosts(plan)
        if host.target is not None
    }


def all_hosts(plan: Plan) -> Sequence[PoolHost]:
    """Return the hosts of every pool."""
    return [host for relay in plan.relays for host in relay.pool.hosts]


def sources(plan: Plan) -> Sequence[tuple[str, str, str, bool]]:
    """Return each source of the first relay as `listen, host, addresses, own`."""
    return [(str(each.listen), str(each.host), _addresses(each), each.own) for each in plan.relays[0].sources]


def _addresses(source: Source) -> str:
    return str(source.first) if source.first == source.last else f"{source.first}-{source.last}"

"""Looking at the machine once: interfaces, addresses, routes, settings, and whether rules may be loaded."""

import os
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_interface, ip_network
from socket import AF_INET, AF_INET6
from typing import Any, Final

from pyroute2 import IPRoute

from bascule.config.facts import Facts, InterfaceFacts, RouteFacts
from bascule.system.commands import Commands
from bascule.system.errors import MachineError
from bascule.system.links import DUPLICATED, TENTATIVE, no_addressing
from bascule.system.nft import PROGRAM
from bascule.system.sysctls import FORWARDING, Sysctls

_LOOPBACK: Final = 8  # IFF_LOOPBACK
_MAIN: Final = 254  # RT_TABLE_MAIN
_UNICAST: Final = 1  # RTN_UNICAST

_NEEDED: Final = """
table inet bascule_probe {
	map m_slots {
		typeof numgen inc mod 1024 : meta mark
	}
	ct timeout ct_tcp {
		protocol tcp
		policy = { established : 2400 }
	}
	chain c_raw {
		type filter hook output priority raw; policy accept;
		meta mark 0x1ba60001 notrack
	}
	chain c_nat {
		type nat hook prerouting priority dstnat - 5; policy accept;
		socket wildcard 0 accept
		ct timeout set "ct_tcp"
		ct mark set jhash ip saddr mod 1024 seed 0x1 map @m_slots
		meta l4proto tcp dnat ip to 192.0.2.1
	}
	chain c_out {
		type nat hook output priority -105; policy accept;
		fib daddr type != local accept
	}
	chain c_guard {
		type filter hook prerouting priority mangle; policy accept;
		tcp dport 1 reject with tcp reset
	}
}
"""


async def nftables_refusal(commands: Commands) -> str:
    """Return why rules may not be loaded here, in words for people; empty where they may. Changes no rule.

    The kernel is asked about one rule of each kind that relays need, and so loads its modules for them: before that,
    settings of connection tracking may not be there either.
    """
    try:
        finished = await commands.run([PROGRAM, "-c", "-f", "-"], _NEEDED)
    except MachineError as error:
        return f"the program {PROGRAM} cannot be run: {error.cause}"
    if not finished.code:
        return ""
    if "not permitted" in finished.err:
        return "this user may not change firewall rules"
    return next(iter(finished.err.splitlines()), f"{PROGRAM} ends with {finished.code}")


def observe(sysctls: Sysctls, no_nftables: str, before: Mapping[str, str]) -> Facts:
    """Return the machine's facts. Blocking, some milliseconds: call it from a thread.

    `before` holds the values of settings that we have changed, as they were before: the facts say what the machine is
    without us, or a plan would no longer ask for what it has got. Raises MachineError.
    """
    try:
        with IPRoute() as netlink:
            interfaces = _interfaces(netlink)
            routes = tuple(_routes(netlink, {index: facts.name for index, facts in interfaces.items()}))
    except OSError as error:
        raise MachineError("read interfaces and routes", error.strerror or str(error)) from error
    values = {name: before.get(name, value) for name, value in sysctls.planned().items()}
    return Facts(
        interfaces=tuple(interfaces.values()),
        routes=routes,
        sysctls=values,
        forwarded_before=frozenset(version for version, name in FORWARDING.items() if values.get(name) == "1"),
        no_nftables=no_nftables,
        no_addressing=no_addressing(),
        processors=len(os.sched_getaffinity(0)),
    )


def _interfaces(netlink: Any) -> dict[int, InterfaceFacts]:
    addresses: dict[int, list[Any]] = {}
    duplicated: dict[int, set[Any]] = {}
    tentative: dict[int, set[Any]] = {}
    for entry in netlink.get_addr():
        held = entry.get_attr("IFA_LOCAL") or entry.get_attr("IFA_ADDRESS")
        if entry["flags"] & DUPLICATED:
            duplicated.setdefault(entry["index"], set()).add(ip_address(held))
        elif entry["flags"] & TENTATIVE:
            tentative.setdefault(entry["index"], set()).add(ip_address(held))
        addresses.setdefault(entry["index"], []).append(ip_interface(f"{held}/{entry['prefixlen']}"))
    return {
        link["index"]: InterfaceFacts(
            name=link.get_attr("IFLA_IFNAME"),
            addresses=tuple(addresses.get(link["index"], ())),
            loopback=bool(link["flags"] & _LOOPBACK),
            duplicated=frozenset(duplicated.get(link["index"], ())),
            tentative=frozenset(tentative.get(link["index"], ())),
        )
        for link in netlink.get_links()
    }


def _routes(netlink: Any, names: Mapping[int, str]) -> Iterator[RouteFacts]:
    """Yield the routes of the main table; of several next hops the first one's interface stands for the route."""
    for family, everything in ((AF_INET, "0.0.0.0/0"), (AF_INET6, "::/0")):
        for route in netlink.get_routes(family=family):
            hops = route.get_attr("RTA_MULTIPATH") or ({"oif": route.get_attr("RTA_OIF")},)
            name = names.get(hops[0]["oif"])
            if route.get_attr("RTA_TABLE") != _MAIN or route["type"] != _UNICAST or name is None:
                continue
            destination, gateway = route.get_attr("RTA_DST"), route.get_attr("RTA_GATEWAY")
            yield RouteFacts(
                destination=ip_network(f"{destination}/{route['dst_len']}" if destination else everything),
                interface=name,
                metric=route.get_attr("RTA_PRIORITY") or 0,
                gateway=None if gateway is None else ip_address(gateway),
            )

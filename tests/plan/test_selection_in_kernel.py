"""The slots that Python computes are those that the kernel chooses: thousands of packets ask it."""

import json
import random
import socket
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final, TypeAlias

import pytest

from bascule.config.model import Address
from bascule.plan import selection
from bascule.plan.selection import SLOTS, slot_of
from bed.layout import Layout
from bed.netlab import NetLab
from bed.node import Node
from bed.wait import until

pytestmark = pytest.mark.kernel

LabFactory: TypeAlias = Callable[[Layout], NetLab]
ADDRESSES: Final = 4000
KEYS: Final = (0x7F3A91C2, 0, 0xFFFFFFFF)
_FREE_BIND: Final = {4: (socket.IPPROTO_IP, 15), 6: (socket.IPPROTO_IPV6, 78)}  # IP_FREEBIND, IPV6_FREEBIND


def rules(key: int) -> str:
    """Return rules that note each client's slot: of its address alone, and joined with where it sent its packet."""
    sets, lines = [], []
    for family, version in (("ip", 4), ("ip6", 6)):
        alone, joined = f"{family} saddr", f"{family} saddr . {family} daddr . udp dport"
        for name, hashed in (("m_alone", alone), ("m_joined", joined)):
            kind = f"type ipv{version}_addr : mark; flags dynamic; size {ADDRESSES};"
            sets.append(f"map {name}{version} {{ {kind} }}")
            lines.append(f"meta nfproto ipv{version} meta mark set jhash {hashed} mod {SLOTS} seed {key:#x}")
            lines.append(f"update @{name}{version} {{ {alone} : meta mark }}")
    hook = "type filter hook input priority 0; policy accept;"
    chain = "\n".join(["chain c_in {", hook, "meta l4proto != udp accept", *lines, "drop", "}"])
    whole = "\n".join(["table inet t {", *sets, chain, "}"])
    return f"table inet t\ndelete table inet t\n{whole}\n"


def talk(client: Node, listening: str, clients: Mapping[Address, int]) -> None:
    """Send a datagram from each address to its port."""
    with client.entered():
        for address, port in clients.items():
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            with socket.socket(family, socket.SOCK_DGRAM) as door:
                door.setsockopt(*_FREE_BIND[address.version], 1)
                door.bind((str(address), 0))
                door.sendto(b"", (listening, port))


def noted(node: Node, name: str) -> Mapping[str, int]:
    """Return the slot of each client that a map holds."""
    listed = json.loads(node.run("nft", "-j", "list", "map", "inet", "t", name).stdout)
    (found,) = [entry["map"] for entry in listed["nftables"] if "map" in entry]
    return dict(found.get("elem", ()))


def joined_slot(client: Address, listening: str, port: int, *, key: int) -> int:
    """Return the slot of a concatenated key: each field in network order, padded to four bytes."""
    data = client.packed + ip_address(listening).packed + port.to_bytes(2, "big") + b"\0\0"
    return (selection._jhash(data, seed=key) * SLOTS) >> 32


@pytest.mark.parametrize("version", [4, 6])
def test_slots_are_the_kernels(lab: LabFactory, version: int) -> None:
    """For 4,000 addresses, alone and joined with listening address and port, and for several keys."""
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    first, prefix = (ip_address("10.78.0.0"), 16) if version == 4 else (ip_address("fd78::"), 64)
    numbers = chance.sample(range(1, 1 << min(48, first.max_prefixlen - prefix)), ADDRESSES)
    clients = {first + number: chance.randrange(1, 65536) for number in numbers}
    net = lab(Layout(arms=1, clients=1, servers=1))
    client, node = net["client1"], net["lb1"]
    client.run("ip", "route", "add", "local", f"{first}/{prefix}", "dev", "lo")
    listening = node.address(version)
    client.run("ping", "-c", "1", "-W", "2", listening)  # so that no packet waits for the neighbour's address
    for key in KEYS:
        node.nft(rules(key))
        talk(client, listening, clients)
        until(lambda: len(noted(node, f"m_joined{version}")) == ADDRESSES, what="every packet was seen")
        alone = {str(address): slot_of(address, key=key) for address in clients}
        assert noted(node, f"m_alone{version}") == alone, f"key {key:08x}"
        joined = {str(address): joined_slot(address, listening, port, key=key) for address, port in clients.items()}
        assert noted(node, f"m_joined{version}") == joined, f"key {key:08x}"

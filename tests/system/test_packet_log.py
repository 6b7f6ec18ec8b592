"""Packets that rules log are heard with all that an administrator asks: whence, whither, by which rule."""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.system.errors import MachineError
from bascule.system.packet_log import NFLOG_GROUP, KernelPacketLog, LoggedPacket, logged
from bed.layout import Layout
from bed.netlab import NetLab

RULES = f"""table inet t {{
	chain c {{
		type filter hook input priority filter; policy accept;
		udp dport 99 log prefix "0123abc.1 the label" group {NFLOG_GROUP} drop
		meta l4proto {{ icmp, ipv6-icmp }} log prefix "ping" group {NFLOG_GROUP}
	}}
}}
"""


@pytest.mark.kernel
@pytest.mark.parametrize(("near", "far", "ping"), [("10.80.1.1", "10.80.0.2", "icmp"), ("fd80::1:1", "fd80::2", "icmp6")])
async def test_what_a_rule_logs_is_heard(near: str, far: str, ping: str, lab: Callable[[Layout], NetLab]) -> None:
    """Of both IP versions, with the interface that it came in by."""
    net = lab(Layout(arms=1, servers=1))
    node, client = net["lb1"], net["client1"]
    node.nft(RULES)
    heard: list[LoggedPacket] = []
    come = asyncio.Event()

    def take(packet: LoggedPacket) -> None:
        heard.append(packet)
        if packet.port == 99:
            come.set()

    with node.entered():
        index = socket.if_nametoindex("eth0")
        with KernelPacketLog().follow(take, lambda: None):
            with pytest.raises(MachineError, match="another process listens"), KernelPacketLog().follow(take, lambda: None):
                pass
            await asyncio.to_thread(client.run, "ping", "-c1", "-W1", far)
            family = socket.AF_INET if "." in near else socket.AF_INET6
            with client.socket(family, socket.SOCK_DGRAM) as sender:
                sender.bind((near, 5000))
                sender.sendto(b"x", (far, 99))
                async with asyncio.timeout(10):
                    await come.wait()
    told = next(packet for packet in heard if packet.port == 99)
    assert told == LoggedPacket(
        prefix="0123abc.1 the label",
        source=ip_address(near),
        to=ip_address(far),
        protocol="udp",
        source_port=5000,
        port=99,
        entered=index,
    )
    assert ping in {packet.protocol for packet in heard if packet.prefix == "ping"}


@given(st.binary(max_size=400))
def test_nonsense_is_passed_over(data: bytes) -> None:
    """Whatever comes, nothing is raised."""
    for _ in logged(data):
        pass
    length = 20 + len(data)
    message = length.to_bytes(4, "little") + (4 << 8).to_bytes(2, "little") + bytes(14) + data
    for _ in logged(message):
        pass

"""Packets of a real device, in a network of their own."""

import asyncio
import socket
import time
from collections.abc import Sequence

import pytest

from bascule.system.errors import MachineError
from bascule.system.packet_tap import KernelPacketTap, TappedPacket
from bed.layout import Layout
from bed.netlab import NetLab

EVERYTHING = ((0x06, 0, 0, 60),)
NOTHING = ((0x06, 0, 0, 0),)


@pytest.mark.kernel
def test_packets_are_seen_each_way() -> None:
    """Cut off at the length, with the length they had, their way and their time, in order."""

    async def looked() -> Sequence[TappedPacket]:
        tap = KernelPacketTap().open(EVERYTHING, 60)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
                door.sendto(b"x" * 500, (server, 9))
            found: list[TappedPacket] = []
            while len(found) < 2:
                found += await tap.packets(5)
            assert tap.lost() == 0
            return found
        finally:
            tap.close()

    with NetLab(Layout(arms=1, servers=1)) as net:
        server = str(net["srv1"].interfaces[0].addresses[0]).partition("/")[0]
        with net["lb1"].entered():
            sent, refused = [each for each in asyncio.run(looked()) if each.data[9] in (1, 17)][:2]
            assert (sent.direction, sent.length, len(sent.data)) == (4, 528, 60)
            assert (refused.direction, refused.data[9]) == (0, 1)
            assert sent.interface == refused.interface == socket.if_nametoindex("eth0")
            assert abs(sent.at - time.time_ns()) < 60 * 10**9
            assert 0 < refused.at - sent.at < 5 * 10**9
            assert len(refused.sender) == 6

            async def whole() -> Sequence[int]:
                """Send more than the ring holds at once, and look often enough."""
                tap = KernelPacketTap().open(((0x06, 0, 0, 65535),), 65535)
                try:
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
                        lengths = []
                        for number in range(300):
                            door.sendto(b"x" * (1000 + number), (server, 9))
                            lengths += [len(each.data) for each in await tap.packets(5) if each.data[9] == 17]
                        return lengths
                finally:
                    tap.close()

            assert asyncio.run(whole()) == [1028 + number for number in range(300)]

            async def silent() -> Sequence[TappedPacket]:
                tap = KernelPacketTap().open(NOTHING, 60)
                try:
                    return await tap.packets(0.05)
                finally:
                    tap.close()

            assert asyncio.run(silent()) == ()


def test_a_bad_program_is_a_fault_of_the_machine() -> None:
    """Also where we may not look at all."""
    with pytest.raises(MachineError, match="capture packets"):
        KernelPacketTap().open(((0xFFFF, 0, 0, 0),), 60)

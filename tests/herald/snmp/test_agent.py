"""Traps by community, as a manager of SNMPv2c reads them; those by user are tried with the role."""

import asyncio
import socket

from bascule.herald.snmp.agent import Agent
from bascule.herald.snmp.objects import NOTICES
from bascule.herald.snmp.wire import Fault, Settings, Target, Trap

TRAP_OID = b"\x06\x0a\x2b\x06\x01\x06\x03\x01\x01\x04\x01\x00"
"""snmpTrapOID.0 (RFC 3418): what is told stands behind it."""


async def test_a_trap_goes_by_the_community_where_there_is_no_user() -> None:
    """Version 2c, a trap's own kind of message (RFC 3416, 4.2.6), which notice it is, and its words."""
    faults: list[Fault] = []

    async def report(fault: Fault) -> None:
        faults.append(fault)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as manager:
        manager.bind(("127.0.0.1", 0))
        manager.setblocking(False)  # noqa: FBT003 - the standard library's
        settings = Settings(
            name="lb1",
            engine=b"\x80\x00\x7e\xd9\x05engine",
            community="c0mmunity",
            sources=("127.0.0.1",),
            targets=(Target(host="127.0.0.1", port=manager.getsockname()[1]),),
        )
        agent = Agent(settings, (), report)
        sending = asyncio.ensure_future(agent.send_traps())
        try:
            agent.trap(Trap(about="host", relay="HTTPS", host="EX1", state="down", words="EX1 is down"))
            async with asyncio.timeout(10):
                told = await asyncio.get_running_loop().sock_recv(manager, 4096)
        finally:
            sending.cancel()
            agent.close()
    assert b"\x02\x01\x01\x04\x09c0mmunity\xa7" in told
    assert told.partition(TRAP_OID)[2].startswith(b"\x06")
    assert bytes(NOTICES["host"][-2:]) in told.partition(TRAP_OID)[2][:16]
    assert all(words in told for words in (b"EX1 is down", b"HTTPS", b"down"))
    assert faults == []

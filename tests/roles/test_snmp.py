"""The SNMP process answers clients that we did not write, and tells traps; who may not ask is not answered."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bascule.herald.snmp.wire import Picture, Relay, Settings, Target, Trap
from bascule.system.channel import encode
from bascule.system.child import GIVEN

PASSWORD = "m0nit0r m0nit0r"
SENTENCE = "1.3.6.1.4.1.32473.1.1.1.3.0"


class Agent:
    """The role, with a port to ask and a port where traps come."""

    def __init__(self, at: Path, *sources: str) -> None:
        self._at = at
        self.traps = _bound()
        with _bound() as door:
            self.port: int = door.getsockname()[1]
            ours, theirs = socket.socketpair()
            with theirs:
                command = [sys.executable, "-m", "bascule", "role", "snmp", "--fd", str(theirs.fileno())]
                self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True)
            self._ours = ours
            socket.send_fds(ours, [GIVEN], [door.fileno()])
        settings = Settings(
            name="lb1",
            engine=b"\x80\x00\x7e\xd9\x05engine",
            community="c0mmunity",
            user="monitor",
            password=PASSWORD,
            sources=sources,
            targets=(Target(host="127.0.0.1", port=self.traps.getsockname()[1]),),
        )
        relays = tuple(Relay(number=number, name=f"R{number}", status="active", sessions=0) for number in range(1, 200))
        for order in (settings, Picture(version="1", configuration="x", sentence="all is well", relays=relays)):
            self.tell(order)

    def tell(self, order: object) -> None:
        """Give it an order."""
        self._ours.sendall(encode(order))

    def ask(self, program: str, *words: str, tries: int = 0) -> str:
        """Return what one of Net-SNMP's programs says."""
        command = [program, "-t", "0.5", "-r", str(tries), "-On", *words[:-1], f"127.0.0.1:{self.port}", words[-1]]
        environment = {"PATH": "/usr/bin", "SNMP_PERSISTENT_DIR": str(self._at), "MIBS": ""}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=False)
        return done.stdout + done.stderr

    def close(self) -> str:
        """Close the channel and return what it had to say in the end."""
        self._ours.close()
        self.traps.close()
        _, said = self._process.communicate(timeout=10)
        return said if self._process.returncode == 0 else f"exit {self._process.returncode}: {said}"


def _bound() -> socket.socket:
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(("127.0.0.1", 0))
    door.settimeout(10)
    return door


V2C = ("-v2c", "-c", "c0mmunity")
V3 = ("-v3", "-u", "monitor", "-l", "authPriv", "-a", "SHA-256", "-A", PASSWORD, "-x", "AES", "-X", PASSWORD)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    """Run one that loopback may ask."""
    if shutil.which("snmpget") is None:
        pytest.skip("snmpget is not here")
    agent = Agent(tmp_path, "127.0.0.0/8")
    try:
        yield agent
    finally:
        assert agent.close() == ""


def test_who_may_is_answered_and_told(agent: Agent) -> None:
    """By v2c and v3, one thing or all; garbage, a wrong name and whoever would write get nothing."""
    assert "all is well" in agent.ask("snmpget", *V2C, SENTENCE, tries=8)
    assert "all is well" in agent.ask("snmpget", *V3, SENTENCE, tries=3)
    rows = agent.ask("snmpbulkwalk", "-Cr50", *V2C, "1.3.6.1.4.1.32473.1.1.2.1.2").splitlines()
    assert [row.rpartition(" ")[2] for row in rows] == [f'"R{number}"' for number in range(1, 200)]
    with _bound() as stranger:
        for garbage in (b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80" * 500, bytes(range(256))):
            stranger.sendto(garbage, ("127.0.0.1", agent.port))
    assert "Timeout" in agent.ask("snmpget", "-v2c", "-c", "public", SENTENCE)
    assert "all is well" not in agent.ask("snmpget", "-v1", "-c", "c0mmunity", SENTENCE)
    assert "all is well" not in agent.ask("snmpget", "-v3", "-u", "monitor", "-l", "noAuthNoPriv", SENTENCE)
    assert "No Such Object" in agent.ask("snmpget", *V2C, "1.3.6.1.4.1.32473.1.1.99.0")
    agent.tell(Picture(version="1", configuration="x", sentence="less well"))
    assert "less well" in agent.ask("snmpget", *V2C, SENTENCE)
    agent.tell(Trap(about="host", relay="HTTPS", host="EX1", state="down", words="EX1 is down"))
    told = agent.traps.recv(4096)
    assert b"EX1 is down" not in told  # it goes by the user, encrypted
    assert b"monitor" in told

"""Lines get to a server that we did not write; one that is away is tried again, and what is lost is counted."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from bascule.herald.fault import FaultError
from bascule.herald.syslog import sender as module
from bascule.herald.syslog.line import line
from bascule.herald.syslog.sender import FIRST_PAUSE, Sender
from bascule.herald.wire import Record, SyslogState, SyslogTarget
from bascule.system.clock import SystemClock
from bed.certificates import Authority
from bed.clock import SteppedClock

TARGET = SyslogTarget(host="logs.example.com", port=514, transport="tcp", facility=3)


class FakeWay:
    """Takes lines, or fails as a test says."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.fails = False
        self.end = asyncio.Event()

    async def send(self, lines: Sequence[bytes]) -> None:
        """Keep them."""
        if self.fails:
            raise ConnectionResetError(104, "Connection reset by peer")
        self.lines += lines

    async def closed(self) -> None:
        """Wait for the test."""
        await self.end.wait()

    def close(self) -> None:
        """Have nothing to let go of."""


class Bench:
    """A sender whose server a test takes away and brings back."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.way = FakeWay()
        self.away: Exception | None = None
        self.told: list[SyslogState] = []
        self.opened = 0
        self.sender = Sender(TARGET, clock=self.clock, report=self._report, open_way=self._open)
        self.task = asyncio.ensure_future(self.sender.run())

    async def _report(self, state: SyslogState) -> None:
        self.told.append(state)

    async def _open(self, _: SyslogTarget) -> FakeWay:
        self.opened += 1
        if self.away is not None:
            raise self.away
        return self.way

    async def settle(self) -> None:
        """Let everything happen that can."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Stop it."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


async def test_what_a_broken_connection_did_not_take_is_sent_again() -> None:
    """In its order, before what came meanwhile; that it was away and is back is told once each."""
    bench = Bench()
    bench.way.fails = True
    for number in range(3):
        bench.sender.add(b"%d" % number)
    await bench.settle()
    bench.way.fails = False
    bench.sender.add(b"3")
    await bench.clock.advance(FIRST_PAUSE)
    await bench.settle()
    assert bench.way.lines == [b"0", b"1", b"2", b"3"]
    assert bench.told == [
        SyslogState(host=TARGET.host, fault="Connection reset by peer"),
        SyslogState(host=TARGET.host),
    ]
    await bench.end()


async def test_the_oldest_make_room_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is away for long costs no more than so many lines."""
    monkeypatch.setattr(module, "WAITING", 10)
    bench = Bench()
    bench.away = FaultError("gone")
    await bench.settle()
    for number in range(25):
        bench.sender.add(b"%d" % number)
    bench.away = None
    await bench.clock.advance(FIRST_PAUSE)
    await bench.settle()
    assert bench.way.lines == [b"%d" % number for number in range(15, 25)]
    assert bench.told == [SyslogState(host=TARGET.host, fault="gone"), SyslogState(host=TARGET.host, lost=15)]
    await bench.end()


async def test_it_waits_longer_each_time_and_a_server_that_closes_in_between_is_no_fault() -> None:
    """Back-off without end, and silence where nothing is lost."""
    bench = Bench()
    bench.away = FaultError("gone")
    for pause in (1, 2, 4):
        await bench.settle()
        await bench.clock.advance(pause)
    await bench.settle()
    assert bench.opened == 4
    bench.away = None
    await bench.clock.advance(8)
    bench.sender.add(b"x")
    await bench.settle()
    told = len(bench.told)
    bench.way.end.set()
    await bench.settle()
    bench.way.end.clear()
    await bench.clock.advance(FIRST_PAUSE)
    bench.sender.add(b"y")
    await bench.settle()
    assert bench.way.lines == [b"x", b"y"]
    assert len(bench.told) == told
    await bench.end()


_CONFIGURATION = """
global(workDirectory="{at}" defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{authority}"
	defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
template(name="parts" type="string"
	string="%pri%|%hostname%|%app-name%|%procid%|%msgid%|%structured-data%|%timestamp:::date-rfc3339%|%msg%\\n")
module(load="imudp")
module(load="imptcp")
module(load="imtcp" streamdriver.name="ossl" streamdriver.mode="1" streamdriver.authmode="anon")
input(type="imudp" address="127.0.0.1" port="{udp}")
input(type="imptcp" address="127.0.0.1" port="{tcp}")
input(type="imtcp" address="127.0.0.1" port="{tls}")
action(type="omfile" file="{at}/log" template="parts")
"""


def _free(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[tuple[dict[str, int], Path, Authority]]:
    """Run rsyslogd with a port for each transport; yield the ports, its log, and who signed its certificate."""
    if shutil.which("rsyslogd") is None:
        pytest.skip("rsyslogd is not here")
    authority = Authority(tmp_path)
    leaf = authority.leaf("localhost", "127.0.0.1")
    ports = {"udp": _free(socket.SOCK_DGRAM), "tcp": _free(socket.SOCK_STREAM), "tls": _free(socket.SOCK_STREAM)}
    text = _CONFIGURATION.format(
        at=tmp_path, authority=authority.certificate, certificate=leaf.certificate, key=leaf.key, **ports
    )
    (tmp_path / "rsyslog.conf").write_text(text)
    (tmp_path / "log").touch()
    command = ["rsyslogd", "-n", "-f", str(tmp_path / "rsyslog.conf"), "-i", str(tmp_path / "pid")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield ports, tmp_path / "log", authority
        finally:
            process.kill()


async def test_rsyslog_reads_what_comes_by_every_transport(
    rsyslog: tuple[dict[str, int], Path, Authority],
) -> None:
    """Every part of a line arrives as it was meant, by UDP, TCP and TLS; a stranger's certificate is not believed."""
    ports, log, authority = rsyslog
    told: list[SyslogState] = []

    async def report(state: SyslogState) -> None:
        told.append(state)

    targets = [
        SyslogTarget(host="127.0.0.1", port=port, transport=transport, facility=3, authority=str(authority.certificate))
        for transport, port in ports.items()
    ]
    targets.append(SyslogTarget(host="127.0.0.1", port=ports["tls"], transport="tls", facility=3))
    senders = [Sender(target, clock=SystemClock(), report=report) for target in targets]
    running = [asyncio.ensure_future(each.run()) for each in senders]
    try:
        async with asyncio.timeout(20):
            sent = 0
            while not all(f"by {transport} " in log.read_text() for transport in ports):
                sent += 1
                for each in senders:
                    record = Record(
                        at=1_790_000_000.5,
                        kind="host",
                        warning=True,
                        words=f"by {each.target.transport} Jörg",
                        fields=(("host", 'a"b'),),
                    )
                    each.add(line(record, facility=3, host_name="lb1", pid=42, longest=2048))
                await asyncio.sleep(0.1)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0.01)  # sockets close in the loop's next turn
    lines = {text for text in log.read_text().splitlines() if "|bascule|" in text}
    assert len(lines) == 3, lines
    for text in lines:
        assert text.startswith('28|lb1|bascule|42|host|[bascule@32473 host="a\\"b"]|2026-09-21T'), text
        assert text.endswith("Jörg"), text
    assert [state.fault for state in told if "not believed" in state.fault]

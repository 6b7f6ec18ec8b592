"""The file, read by tcpdump, which knows nothing of us."""

import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest

from bascule.service.capture import Capture
from bascule.service.local.capture.recording import CONTENT, Recording
from service.local.capture.packets import ip_packet, tapped

ASKED = Capture(client="10.1.1.1", bytes=4096)


def recording(request: Capture = ASKED) -> Recording:
    """Return a file that has not begun."""
    return Recording(request, {ip_address("10.2.0.11"): "EX1"}, 248)


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")
def test_tcpdump_reads_it(tmp_path: Path) -> None:
    """Addresses, ports, way, interface and the time to the nanosecond are those of the packets, of both IP versions."""
    file = recording()
    packets = [
        tapped(ip_packet("10.1.1.1", "10.2.0.50", (50000, 443))),
        tapped(ip_packet("10.2.0.50", "10.2.0.11", (40000, 443)), interface=9999, out=True),
        tapped(ip_packet("2001:db8::1", "2001:db8::2", (5, 53), protocol=17)),
    ]
    path = tmp_path / "file.pcapng"
    path.write_bytes(file.begin() + file.written(packets, lost=3) + file.end())
    command = ["tcpdump", "-n", "-e", "-tt", "--nano", "-r", str(path)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(lines) == 3
    assert "1700000000.123456789" in lines[0]
    assert "10.1.1.1.50000 > 10.2.0.50.443: Flags [S]" in lines[0]
    assert ("  In " in lines[0], "02:00:00:00:00:01" in lines[0]) == (True, True)
    assert "10.2.0.50.40000 > 10.2.0.11.443" in lines[1]
    assert "Out" in lines[1]
    assert "2001:db8::1.5 > 2001:db8::2.53" in lines[2]


def test_the_file_ends_at_its_size() -> None:
    """No byte more than was asked for, with the end that belongs to it."""
    file = recording()
    packets = [tapped(ip_packet("10.1.1.1", "10.2.0.50", (50000, 443)))] * 1000
    whole = file.begin() + file.written(packets, lost=0) + file.end()
    assert 3800 < len(whole) <= ASKED.bytes
    assert file.ended == "the file has reached its size"
    assert 0 < file.piece(b"").packets < 100


def test_numbers_are_of_an_interface_that_the_file_names() -> None:
    """A first packet that has no room leaves none behind, and so nothing that numbers could be of."""
    file = recording(Capture(client="10.1.1.1", bytes=4096, full=True))
    file.begin()
    packet = tapped(ip_packet("10.1.1.1", "10.2.0.50", (50000, 143)) + b"a" * 5000)
    assert not file.written([packet], lost=0)
    assert file.ended == "the file has reached its size"
    assert not file.end()


def test_what_a_packet_carries_is_cut_off() -> None:
    """Unless whole packets were asked for: what people write is not ours to keep."""
    packet = tapped(ip_packet("10.1.1.1", "10.2.0.50", (50000, 143)) + b"a" * 500 + b"secret")
    file, whole = recording(), recording(Capture(client="10.1.1.1", full=True))
    file.begin()
    whole.begin()
    assert b"a" * (CONTENT - 10) in (short := file.written([packet], lost=0))
    assert b"a" * CONTENT not in short
    assert b"secret" in whole.written([packet], lost=0)

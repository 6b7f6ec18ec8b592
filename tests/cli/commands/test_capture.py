"""`capture` as it is typed."""

import stat
from pathlib import Path

import pytest

from bascule.service.capture import Capture, Captured
from bascule.service.failures import NotFound, OperationFailed
from cli.calling import PretendedConnection, call


def test_the_file_is_what_came_for_its_owner_alone(tmp_path: Path) -> None:
    """Until the last piece; how it ended is said beside it."""
    file = tmp_path / "file.pcapng"
    connection = PretendedConnection({Capture: Captured(data=b"packets", packets=2, lost=1, ended="the time is over")})
    words = ("--client", "10.1.1.1", "--relay", "HTTPS", "--seconds", "1m", "--bytes", "1M", "--full")
    called = call("capture", *words, str(file), connection=connection)
    assert called.err == "bascule: 2 packets, 1 lost, since they came too fast: the time is over\n"
    assert (called.code, file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (0, b"packets", 0o600)
    assert connection.asked == [Capture(client="10.1.1.1", relay="HTTPS", seconds=60, bytes=1 << 20, full=True)]


def test_what_is_refused_leaves_no_file(tmp_path: Path) -> None:
    """Nor is a file emptied that was there."""
    file = tmp_path / "file.pcapng"
    file.write_text("mine")
    connection = PretendedConnection({Capture: OperationFailed(NotFound(message="there is no relay X"))})
    assert call("capture", "--relay", "X", str(file), connection=connection).code == 1
    assert file.read_text() == "mine"
    assert call("capture", str(file)).err == "bascule: name a client, a relay, or both: --client A, --relay R\n"
    with pytest.raises(SystemExit):
        call("capture", "--relay", "X", "--bytes", "1K", str(file))
    assert call("capture", "--relay", "X", str(tmp_path / "no" / "file"), connection=connection).code == 1

import socket
import subprocess
import sys
from ipaddress import ip_address

import pytest

from bascule.config.model import TcpCheck, Timing
from bascule.health import wire
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.roles.probe import main
from bascule.system.channel import Decoder, encode


def start(theirs: socket.socket) -> subprocess.Popen[str]:
    """Start the role as the parent does."""
    command = [sys.executable, "-m", "bascule", "role", "probe", "--fd", str(theirs.fileno())]
    return subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True)


def order_of(listener: socket.socket) -> wire.SetProbes:
    """Return the order to probe a listening socket ten times a second."""
    host, port = listener.getsockname()
    target = ProbeTarget(endpoint=Endpoint(ip_address(host), port), check=TcpCheck(), timing=Timing(interval=0.1))
    return wire.SetProbes(probes=(wire.order(7, Probe(target=target)),))


def test_it_probes_until_the_parent_closes() -> None:
    """Orders in, results out, and a clean end when the parent is gone."""
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as listener:
        process = start(theirs)
        theirs.close()
        ours.settimeout(20)
        ours.sendall(encode(order_of(listener)))
        decoder: Decoder[wire.Probed] = Decoder(wire.Probed)
        results: list[wire.Probed] = []
        while len(results) < 3:
            results.extend(decoder.feed(ours.recv(4096)))
    assert process.wait(20) in {0, 1}
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert {(result.number, result.up, result.reason) for result in results} == {(7, True, "connection accepted")}


def test_what_is_no_order_ends_it() -> None:
    """A parent that speaks another protocol is told in one line."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = start(theirs)
        theirs.close()
        ours.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        assert process.wait(20) == 1
    assert process.stderr is not None
    words = process.stderr.read()
    process.stderr.close()
    assert words.startswith("the prober lost its parent: a frame of ")
    assert words.count("\n") == 1


def test_a_descriptor_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--fd` there is nobody to work for."""
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "--fd" in capsys.readouterr().err

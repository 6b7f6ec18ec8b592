"""Who is connected is seen with address and port, of both IP versions."""

import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from bascule.system.errors import MachineError
from bascule.system.visitors import Visitor, visitors
from bed.layout import Layout
from bed.netlab import NetLab


@pytest.mark.kernel
@pytest.mark.parametrize(("near", "far"), [("10.80.1.1", "10.80.0.2"), ("fd80::1:1", "fd80::2")])
def test_a_session_is_seen_while_it_stands(near: str, far: str, lab: Callable[[Layout], NetLab]) -> None:
    """Also one that came over IPv4 to a socket of IPv6; other ports are not told."""
    net = lab(Layout(arms=1, servers=1))
    version6 = ":" in far
    with net["lb1"].socket(socket.AF_INET6) as listener, net["lb1"].socket(socket.AF_INET6) as other:
        for each, port in ((listener, 22), (other, 23)):
            each.bind(("::", port))
            each.listen()
        clients = [net["client1"].socket(socket.AF_INET6 if version6 else socket.AF_INET) for _ in range(2)]
        for client, port in zip(clients, (22, 23), strict=True):
            client.connect((far, port))
        with net["lb1"].entered():
            assert visitors([22]) == {Visitor(source=ip_address(near), to=ip_address(far), port=22)}
        for client in clients:
            client.close()


def test_what_cannot_be_read_is_a_fault_of_the_machine(tmp_path: Path) -> None:
    """And a kernel without IPv6 is none."""
    assert visitors([22], tmp_path) == frozenset()
    (tmp_path / "tcp").mkdir()
    with pytest.raises(MachineError, match="see who is connected"):
        visitors([22], tmp_path)

"""The password of a test mailbox, from the text to the server that it is for: it gets there, and is seen nowhere else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

import pytest

from bascule.lab.certificate import make_certificate
from bed.balancer import Balancer
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.servers import simulated
from bed.servers.simulated import Simulated
from bed.wait import until

pytestmark = pytest.mark.kernel

OLD, NEW = "old-s3cret", "new-s3cret"
_TEXT: Final = """
interface eth0 {{
	address 10.80.0.2/16
	address 10.80.0.10/16 virtual
}}
exchange {{ version 2016; namespace "mail.lab.local" }}
load-balancer {{
	interval 300ms
	timeout 300ms
	rise 1
	table <exchange> {{ 10.80.2.1 name "EX1" }}
	relay "IMAP" {{
		listen on 10.80.0.10 port 143
		forward to <exchange> check imap starttls login "probe" password "{}" mode source-hash
	}}
}}
"""
_REFUSED: Final = "the test mailbox probe cannot log in: NO"
_SHOWN: Final = (
    ("revisions", "1"),
    ("show", "exchange"),
    ("show", "hosts", "--json"),
    ("show", "log", "--json"),
    ("show", "audit", "--json"),
    ("status",),
)


@pytest.fixture
def farm(open_directory: Path) -> Iterator[tuple[Balancer, Simulated, Path]]:
    """Run a server with one mailbox, and a balancer that knows nothing yet; give them, and the file for its text."""
    certificate = open_directory / "mail.pem"
    certificate.write_bytes(make_certificate("mail.lab.local", IPv4Address(VIP), now=datetime.now(UTC)).pem)
    with NetLab(Layout(arms=1, servers=1)) as net, ExitStack() as last:
        server = simulated.start(net["srv1"], "EX1", certificate)
        server.order(f"mailbox probe {NEW}")
        balancer = Balancer(net["lb1"], None, open_directory / "lb")
        last.callback(balancer.tell)
        last.callback(balancer.close)
        balancer.start()
        yield balancer, server, open_directory / "farm.conf"


def test_it_is_sent_to_the_server_and_shown_to_nobody(farm: tuple[Balancer, Simulated, Path]) -> None:
    """What was written wrong is warned of; written right, it is sent as soon as that runs, and not while it is a draft."""
    balancer, _, text = farm
    text.write_text(_TEXT.format(OLD), encoding="utf-8")
    balancer.command("deploy", str(text), "--commit")
    balancer.wait_hosts("IMAP", EX1="up")
    _wait_told(balancer, f"): {_REFUSED}")
    text.write_text(_TEXT.format(NEW), encoding="utf-8")
    balancer.command("load", str(text))
    balancer.command("deploy", "--commit")
    _wait_told(balancer, f": no longer so: {_REFUSED}")
    balancer.command("rollback", "1", "--commit")
    _wait_told(balancer, f"): {_REFUSED}", times=2)
    with ThreadPoolExecutor() as pool:
        everything = [*pool.map(lambda words: balancer.command(*words, check=False), _SHOWN)]
    seen = "".join(f"{done.stdout}{done.stderr}" for done in everything) + balancer.log.read_text(encoding="utf-8")
    for path in filter(Path.is_file, balancer.state.rglob("*")):
        holds = any(secret.encode() in path.read_bytes() for secret in (OLD, NEW))
        assert not holds or (".db" in path.name and not path.stat().st_mode & 0o077), path
    assert 'login "probe" password "<set ' in seen
    assert OLD not in seen
    assert NEW not in seen


def _wait_told(balancer: Balancer, words: str, times: int = 1) -> None:
    """Wait until it is told: for as long as some checks take, and far less than until the next login would be due."""
    until(lambda: balancer.log.read_text(encoding="utf-8").count(words) == times, within=15.0, what=words)

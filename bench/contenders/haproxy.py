"""HAProxy in TCP mode, on one thread, with and without splicing."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bed.command import end
from bench.contenders.contender import folder
from bench.network import Network
from bench.services import SERVICES, VIP, Service

CONFIGURATION: Final = "haproxy.cfg"
LOG: Final = "log"

_GLOBAL: Final = """\
global
	nbthread {workers}
	maxconn 9600
	maxpipes 250
	tune.pipesize 262144
	stats socket {at}/haproxy.sock mode 600 level admin expose-fd listeners
	pidfile {at}/haproxy.pid
defaults
	mode tcp
	balance roundrobin
	option tcp-smart-accept
	option tcp-smart-connect
{splice}	timeout connect 5s
	timeout client 40m
	timeout server 40m
	timeout client-fin 40m
	timeout server-fin 40m
	timeout check 1s
	default-server inter {interval} fall 2 rise 2
"""


@dataclass(frozen=True, slots=True)
class HAProxy:
    """HAProxy, tuned for TCP as its manual says (configuration.txt, 4.2: splice, tcp-smart-accept, tcp-smart-connect)."""

    name: str
    splices: bool
    workers: int = 1
    interval: str = "5s"
    """Between two checks of a host."""
    entrances: Sequence[str] = (VIP, VIP)
    balances: bool = True

    @contextmanager
    def running(self, network: Network, at: Path) -> Iterator[None]:
        """Run it as its unit file does, with a master process, until it listens."""
        with self.process(network, at):
            yield

    @contextmanager
    def process(self, network: Network, at: Path) -> Iterator[subprocess.Popen[Any]]:
        """Do the same, and hand out its master."""
        place = folder(at, self.name)
        (place / CONFIGURATION).write_text(self.text(place), encoding="ascii")
        process = started(network, place, self.workers)
        try:
            yield process
        finally:
            end(process)

    def text(self, at: Path) -> str:
        """Return the configuration."""
        splice = "\toption splice-auto\n\toption splice-request\n\toption splice-response\n" if self.splices else ""
        top = _GLOBAL.format(at=at, workers=self.workers, splice=splice, interval=self.interval)
        return top + "".join(_listen(service, port) for service in SERVICES for port in service.ports)


def started(network: Network, place: Path, workers: int) -> subprocess.Popen[Any]:
    """Start a master with the configuration in a folder; return it once it listens."""
    with (place / LOG).open("ab") as log:
        argv = ["haproxy", "-W", "-db", "-f", str(place / CONFIGURATION)]
        process = network.start_on_balancer(argv, workers, stdout=log, stderr=log)
    network.balancer.wait_listening(*(port for service in SERVICES for port in service.ports))
    return process


def _listen(service: Service, port: int) -> str:
    check = " check" if service.checked else ""
    servers = "".join(f"\tserver s{n} {address}:{port}{check}\n" for n, address in enumerate(service.servers, 1))
    return f"listen {service.name}_{port}\n\tbind {VIP}:{port} backlog 65535\n{servers}"

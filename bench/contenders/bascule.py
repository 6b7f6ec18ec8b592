"""Bascule: relays in the kernel, redirects, and relays in the proxy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bed.balancer import Balancer
from bench.contenders.contender import folder
from bench.network import BALANCER_INTERFACES, Network
from bench.services import SERVICES, VIP, Service

_SESSION_TIMEOUT: Final = "40m"


@dataclass(frozen=True, slots=True)
class Bascule:
    """One of its paths. `statement` is `relay` or `redirect`."""

    name: str
    statement: str = "relay"
    engine: str = "kernel"
    workers: int = 0
    interval: str = "5s"
    """Between two checks of a host."""
    entrances: Sequence[str] = (VIP, VIP)
    balances: bool = True

    @contextmanager
    def running(self, network: Network, at: Path) -> Iterator[None]:
        """Run it as an operator does, until every host is up."""
        with self.balancer(network, at):
            yield

    @contextmanager
    def balancer(self, network: Network, at: Path) -> Iterator[Balancer]:
        """Do the same, and hand out who may be reloaded, killed and started again."""
        balancer = Balancer(network.balancer, self.text(), folder(at, self.name))
        try:
            with network.on_balancer_cores(self.workers):
                balancer.start()
            balancer.wait_all_up()
            yield balancer
        finally:
            balancer.close()

    def text(self) -> str:
        """Return the configuration."""
        interfaces = "".join(
            f"interface {name} {{\n" + "".join(f"\taddress {address}\n" for address in addresses) + "}\n"
            for name, addresses in BALANCER_INTERFACES.items()
        )
        workers = f"\tworkers {self.workers}\n" if self.workers else ""
        services = "".join(self._service(service) for service in SERVICES)
        return f"{interfaces}load-balancer {{\n\tinterval {self.interval}\n{workers}{services}}}\n"

    def _service(self, service: Service) -> str:
        hosts = "".join(f"\t\t{address}\n" for address in service.servers)
        listens = "".join(f"\t\tlisten on {VIP} port {port}\n" for port in service.ports)
        engine = f"\t\tengine {self.engine}\n" if self.statement == "relay" else ""
        check = "check tcp" if service.checked else "check icmp"
        return (
            f"\ttable <{service.name}> {{\n{hosts}\t\tkey 7f3a91c2\n\t}}\n"
            f'\t{self.statement} "{service.name}" {{\n{listens}{engine}'
            f"\t\tforward to <{service.name}> {check} mode roundrobin\n\t\tsession timeout {_SESSION_TIMEOUT}\n\t}}\n"
        )

"""The least that nftables can do: a host by hash, our address as source. It checks nothing, and ends nobody's session."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.contenders.contender import folder
from bench.network import Network
from bench.services import SERVICES, VIP, Service

_TABLE: Final = "inet least"


@dataclass(frozen=True, slots=True)
class LeastRules:
    """A rule for each service, one for the source: what tracking and translation cost, which no relay can do without."""

    name: str
    entrances: Sequence[str] = (VIP, VIP)
    workers: int = 0
    balances: bool = True

    @contextmanager
    def running(self, network: Network, at: Path) -> Iterator[None]:
        """Have the kernel hold them. Raises BedError."""
        rules = folder(at, self.name) / "rules.nft"
        rules.write_text(self.text(), encoding="utf-8")
        network.balancer.run("nft", "-f", str(rules))
        try:
            yield
        finally:
            network.balancer.run("nft", "delete", "table", *_TABLE.split())

    def text(self) -> str:
        """Return them as nft reads them. The hash knows the client's port, since the benchmark has one client."""
        services = "".join(f"\t\t{_rule(service)}\n" for service in SERVICES)
        return (
            f"table {_TABLE} {{\n"
            f"\tchain to_host {{\n\t\ttype nat hook prerouting priority dstnat\n{services}\t}}\n"
            "\tchain from_us {\n\t\ttype nat hook postrouting priority srcnat\n"
            "\t\tct status dnat masquerade\n\t}\n}\n"
        )


def _rule(service: Service) -> str:
    count = len(service.servers)
    hosts = ", ".join(f"{slot} : {address}" for slot, address in enumerate(service.servers))
    ports = ", ".join(str(port) for port in service.ports)
    return f"ip daddr {VIP} tcp dport {{ {ports} }} dnat ip to jhash ip saddr . tcp sport mod {count} map {{ {hosts} }}"

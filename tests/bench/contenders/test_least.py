"""The least rules carry what every contender carries."""

from bench.contenders.least import LeastRules
from bench.services import SERVICES, VIP


def test_every_port_is_carried_to_each_of_its_servers() -> None:
    """A rule for each service, with all of its ports and servers."""
    rules = [line.strip() for line in LeastRules("x").text().splitlines() if "dnat ip to" in line]
    for service, rule in zip(SERVICES, rules, strict=True):
        ports = ", ".join(map(str, service.ports))
        assert rule.startswith(f"ip daddr {VIP} tcp dport {{ {ports} }} ")
        assert all(f" : {address}" in rule for address in service.servers)

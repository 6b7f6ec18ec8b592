"""HAProxy is compared with and without splicing, and alike in all else."""

from pathlib import Path

from bench.contenders.haproxy import HAProxy
from bench.services import SERVICES


def test_only_splicing_differs() -> None:
    """The lines that one has and the other has not are about splicing."""
    spliced, copied = (HAProxy("x", splices=splices).text(Path("/nowhere")).splitlines() for splices in (True, False))
    assert {line.split()[1].split("-")[0] for line in set(spliced) - set(copied)} == {"splice"}
    assert set(copied) <= set(spliced)


def test_every_port_is_carried_to_each_of_its_servers() -> None:
    """A listener for each port, with as many servers as the service has."""
    text = HAProxy("x", splices=True).text(Path("/nowhere"))
    for service in SERVICES:
        for port in service.ports:
            assert f"listen {service.name}_{port}\n" in text
            assert all(f"{address}:{port}" in text for address in service.servers)

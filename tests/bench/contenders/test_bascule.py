"""The configurations that are measured are ones that Bascule takes."""

import pytest

from bascule.config.load import load
from bascule.config.model import EngineName, Kind
from bench.contenders.bascule import Bascule
from bench.services import SERVICES


@pytest.mark.parametrize(
    ("contender", "kind", "engine", "workers"),
    [
        (Bascule("kernel relay"), Kind.RELAY, EngineName.KERNEL, None),
        (Bascule("redirect", "redirect"), Kind.REDIRECT, None, None),
        (Bascule("proxy", engine="proxy", workers=2), Kind.RELAY, EngineName.PROXY, 2),
    ],
)
def test_every_service_is_carried_by_the_path_that_is_meant(
    contender: Bascule, kind: Kind, engine: EngineName | None, workers: int | None
) -> None:
    """No mistake, a relay or redirect for each service, in the engine that the name promises."""
    loaded = load(contender.text())
    assert not loaded.diagnostics
    assert loaded.configuration is not None
    balancer = loaded.configuration.load_balancer
    assert balancer.workers == workers
    assert [relay.name for relay in balancer.relays] == [service.name for service in SERVICES]
    assert {(relay.kind, relay.engine) for relay in balancer.relays} == {(kind, engine)}

"""The large configuration is one that Bascule takes."""

from bascule.config.load import load
from bench.control import farm


def test_every_relay_has_a_table_of_its_own() -> None:
    """So many relays, tables and hosts as asked for, and no mistake in the text."""
    loaded = load(farm.text(relays=30, hosts=16))
    assert loaded.configuration is not None, loaded.diagnostics
    assert not loaded.diagnostics
    balancer = loaded.configuration.load_balancer
    assert len(balancer.relays) == len({relay.forward.table for relay in balancer.relays}) == 30
    assert all(len(table.hosts) == 16 for table in balancer.tables)

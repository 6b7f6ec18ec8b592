"""Ports are free where all need them, and the configuration names what is there."""

import socket

from bascule.cli.demo.scenery import PAGES, SERVERS, SERVICES, configuration, free_ports
from bascule.config.load import load
from bascule.config.model import EngineName


def test_a_port_that_one_server_cannot_have_is_passed_over() -> None:
    """The same port serves on the balancer and on every server, so each must have it."""
    first = free_ports()["imap"]
    with socket.create_server((str(SERVERS["EX3"]), first)):
        others = free_ports()
    assert others["imap"] > first
    assert len({others[service.simulated] - service.port for service in SERVICES}) == 1


def test_every_service_has_a_port_of_its_own() -> None:
    """No two relays listen at the same place."""
    ports = free_ports()
    assert set(ports) == {PAGES, *(service.simulated for service in SERVICES)}
    assert len(set(ports.values())) == len(SERVICES) + 1


def test_every_relay_is_written_for_the_proxy() -> None:
    """The machine's kernel is never asked, also when root runs the demo."""
    names = [PAGES, *(service.simulated for service in SERVICES)]
    text = configuration({name: 1000 + index for index, name in enumerate(names)})
    loaded = load(text)
    assert loaded.diagnostics == ()
    assert loaded.configuration is not None
    (pages,) = [loaded.configuration.system.http_server]
    assert pages is not None
    assert pages.port == 1000
    relays = loaded.configuration.load_balancer.relays
    assert [relay.name for relay in relays] == [service.relay for service in SERVICES]
    assert {relay.engine for relay in relays} == {EngineName.PROXY}

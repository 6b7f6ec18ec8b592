"""Hosts that a program of the operator's says are up or down, under a balancer that runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.clients import exchange
from bed.layout import Layout
from bed.site import PORT, Site, site

pytestmark = pytest.mark.kernel

_SCRIPT: Final = """#!/bin/sh
if [ -e "$0.$1" ]; then
	cat "$0.$1"
	exit 2
fi
"""


@pytest.fixture
def program(open_directory: Path) -> Path:
    """Return a program that finds a host down where a file of its address says why."""
    program = open_directory / "check-mail"
    program.write_text(_SCRIPT)
    program.chmod(0o755)
    return program


@pytest.fixture
def place(program: Path, open_directory: Path) -> Iterator[Site]:
    """Run a relay over two servers that the program checks."""
    text = configuration.plain(("RPCCAS", PORT), timing="interval 500ms; timeout 500ms; fall 2; rise 1")
    text = text.replace("check tcp", f'check script "{program}"')
    with site(text, Layout(arms=1), open_directory) as built:
        yield built


def test_a_host_is_what_the_program_says(place: Site, program: Path) -> None:
    """Down with its words as the reason, and its clients go elsewhere; up again when it says so."""
    client = place.clients_of("EX1")[0]
    why = program.with_name("check-mail.10.80.2.1")
    why.write_text("the mailbox database is dismounted\n")
    place.balancer.wait_hosts(EX1="down", EX2="up")
    hosts = map(json.loads, place.balancer.command("show", "hosts", "--json").stdout.splitlines())
    assert {host["name"]: host["reason"] for host in hosts}["EX1"] == "exit code 2: the mailbox database is dismounted"
    with place.session(client) as (connection, name):
        exchange(connection, b"here\n")
        assert name == "EX2"
    why.unlink()
    place.balancer.wait_all_up()
    assert client in place.clients_of("EX1")
    table = place.balancer.command("show", "tables", "--json").stdout
    assert json.loads(table.splitlines()[0])["check"] == f'check script "{program}"'

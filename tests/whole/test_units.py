"""The units, under Debian's systemd as process 1 of a machine of its own."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bed.systemd import Machine, booted
from bed.wait import until

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.daemons,
    pytest.mark.skipif(not Path("/lib/systemd/systemd").exists(), reason="there is no systemd to boot (package systemd)"),
    pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="there is no systemd-sysusers to make users with"),
]

TEXT = """\
interface eth0 { address 10.80.0.2/16 }
load-balancer {
	interval 1s
	table <t> {
		10.80.2.1 name "EX1"
		key 7f3a91c2
	}
	relay "KERNEL" {
		listen on 10.80.0.2 port 443
		forward to <t>
	}
	relay "PROXY" {
		engine proxy
		listen on 10.80.0.2 port 993
		forward to <t>
	}
}
system { http-server { port 4433 } }
"""
SERVICE, EARLY = "bascule.service", "bascule-early.service"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Return a machine where the units are installed, Bascule runs, and revision 1 is committed."""
    with TemporaryDirectory(prefix="bascule-") as folder:
        at = Path(folder) / "machine"
        at.mkdir()
        with booted(at) as machine:
            machine.run("systemd-sysusers", "/mnt/sysusers.conf")
            machine.run("systemd-tmpfiles", "--create", "/mnt/tmpfiles.conf")
            for command in (
                "ip link set lo up",
                "ip link add eth0 type veth peer name eth1",
                "ip link set eth1 up",
                "ip link set eth0 up",
            ):
                machine.run(*command.split())
            machine.run("systemctl", "start", SERVICE)
            machine.run("sh", "-c", f"cat >/run/new.conf <<'E'\n{TEXT}\nE")
            machine.bascule("deploy", "/run/new.conf", "--commit")
            yield machine


@pytest.fixture(autouse=True)
def runs(machine: Machine) -> None:
    """See that it runs, and forget how often it had to be started."""
    machine.run("systemctl", "reset-failed", SERVICE)
    machine.run("systemctl", "start", SERVICE)


def parent(machine: Machine) -> int:
    """Return the parent's process; 0 while there is none."""
    found = machine.bascule("status", "--json", check=False).stdout
    return int(json.loads(found).get("pid", 0)) if found else 0


def user(machine: Machine, pid: int) -> str:
    """Return whose process it is."""
    return machine.run("ps", "-o", "user:20=", "-p", str(pid)).stdout.strip()


def started_again(machine: Machine, was: int) -> None:
    """Wait until systemd has started another one, which has what was committed."""
    until(lambda: parent(machine) not in {0, was}, within=40, what="it is started again", every=0.2)
    assert "revision 1" in machine.bascule("status", check=False).stdout


def table(machine: Machine) -> str:
    """Return our rules in the machine's kernel; empty where there are none."""
    return machine.run("nft", "list", "table", "inet", "bascule", check=False).stdout


def test_it_runs_as_its_users_and_says_how_it_goes(machine: Machine) -> None:
    """The starter alone is root; systemd has the sentence of `status`."""
    main = int(machine.property(SERVICE, "MainPID"))
    assert (user(machine, main), user(machine, parent(machine))) == ("root", "_bascule-net")
    workers = machine.processes("proxy")
    assert workers
    assert {user(machine, pid) for pid in (*workers, *machine.processes("probe"))} == {"_bascule"}
    until(lambda: "2 relays" in machine.property(SERVICE, "StatusText"), within=15, what="systemd is told")
    assert machine.run("stat", "-c", "%U %a", "/etc/bascule/bascule.conf").stdout == "_bascule-net 600\n"


def test_a_killed_parent_is_started_again(machine: Machine) -> None:
    """And finds its rules and its workers."""
    was, workers, rules = parent(machine), machine.processes("proxy"), table(machine)
    machine.run("kill", "-9", str(was))
    started_again(machine, was)
    assert machine.processes("proxy") == workers
    assert "10.80.0.2 . 443" in rules
    assert "10.80.0.2 . 443" in table(machine)


def test_a_parent_that_stands_still_is_replaced(machine: Machine) -> None:
    """By the watchdog: it says nothing any more."""
    was = parent(machine)
    machine.run("kill", f"-{signal.SIGSTOP.value}", str(was))
    started_again(machine, was)


def test_a_stop_leaves_rules_and_workers(machine: Machine) -> None:
    """They are cleared by `bascule clear`, not by a restart for an upgrade."""
    workers = machine.processes("proxy")
    machine.run("systemctl", "stop", SERVICE)
    assert machine.processes("proxy") == workers
    assert "10.80.0.2 . 443" in table(machine)
    assert machine.property(SERVICE, "Result") == "success"


def test_a_boot_begins_with_the_committed_rules(machine: Machine) -> None:
    """Before anything of Python runs; the service then finds what it wants, and changes nothing."""
    machine.run("systemctl", "stop", SERVICE, EARLY)
    machine.run("nft", "delete", "table", "inet", "bascule")
    machine.run("systemctl", "start", EARLY)
    assert machine.property(EARLY, "Result") == "success"
    assert "10.80.0.2 . 443" in table(machine)
    machine.run("systemctl", "restart", EARLY)
    machine.run("systemctl", "start", SERVICE)
    assert "10.80.0.2 . 443" in table(machine)


def test_the_units_are_sound(machine: Machine) -> None:
    """Systemd reads every line of them, and finds little that the service could still do."""
    assert (
        machine.run(
            "systemd-analyze", "verify", *(f"/etc/systemd/system/{unit}" for unit in (SERVICE, EARLY)), check=False
        ).stderr
        == ""
    )
    for unit, most in ((SERVICE, 4.5), (EARLY, 5.0)):
        told = machine.run("systemd-analyze", "security", "--no-pager", unit).stdout.splitlines()
        exposure = float(next(line for line in told if "Overall exposure level" in line).split(":")[1].split()[0])
        print(unit, exposure, os.linesep)  # noqa: T201 - the figure that this test is about
        assert exposure <= most

"""Who asks counts: Unix users with an account, or a role by their group, and nobody else."""

import json
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bed import configuration
from bed.balancer import Balancer
from bed.layout import Layout
from bed.netlab import NetLab

pytestmark = pytest.mark.kernel

NOBODY = 65534
NAME = pwd.getpwuid(NOBODY).pw_name
TEXT = configuration.plain(("HTTPS", 443)) + "system {\n\thttp-server { port 4433 }\n}\n"


@pytest.fixture
def place(open_directory: Path) -> Iterator[Balancer]:
    """Return a balancer that keeps revisions; none is committed."""
    with NetLab(Layout(arms=1)) as net:
        balancer = Balancer(net["lb1"], None, open_directory)
        balancer.start()
        with balancer.cleared():
            yield balancer


def as_nobody(balancer: Balancer, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as another user, who may read what a test's machine keeps from him."""
    user = ("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
    reads = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
    told = ("--socket", str(balancer.socket))
    return balancer.node.run("setpriv", *user, *reads, sys.executable, "-m", "bascule", *words, *told, check=False)


def test_roles_decide_what_is_done(place: Balancer, open_directory: Path) -> None:
    """Without an account nothing, as a viewer a look, as an operator a deployment for a time."""
    file = open_directory / "new.conf"
    file.write_text(TEXT, encoding="utf-8")
    refused = as_nobody(place, "status")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "has no account here" in refused.stderr
    place.command("account", "add", NAME, "--role", "viewer", "--no-password")
    assert as_nobody(place, "show", "summary").returncode == 0
    assert "is viewer and may not" in as_nobody(place, "deploy", str(file)).stderr
    place.command("account", "role", NAME, "operator")
    assert "may not commit; administrators may" in as_nobody(place, "deploy", str(file), "--commit").stderr
    assert "keep it with" in as_nobody(place, "deploy", str(file)).stdout
    assert "administrators may" in as_nobody(place, "commit").stderr
    assert "committed: revision 1" in place.command("commit").stdout
    told = [json.loads(line) for line in place.command("show", "audit", "--json").stdout.splitlines()]
    assert [(row["user"], row["words"], bool(row["refused"])) for row in told if row["user"] == NAME] == [
        (NAME, "came to the control socket", True),
        (NAME, "asked to put a configuration into effect until it is committed, or its time is over", True),
        (NAME, "asked to put a configuration into effect until it is committed, or its time is over", True),
        (NAME, "deployed a configuration", False),
        (NAME, "asked to keep what is deployed as the next revision", True),
    ]


def test_a_password_in_a_text_is_gone_with_the_deployment(place: Balancer, open_directory: Path) -> None:
    """The account is made by the commit, and neither text, store, file for people nor log has the password."""
    text = 'system {\n\tauthentication {\n\t\tuser "carol" { role operator; password "battery staple" }\n\t}'
    file = open_directory / "new.conf"
    file.write_text(TEXT.replace("system {", text), encoding="utf-8")
    place.command("deploy", str(file))
    assert place.command("account", "list", "--json").stdout == ""
    assert "carol has an account now, as an operator\n" in place.command("commit").stdout
    (carol,) = map(json.loads, place.command("account", "list", "--json").stdout.splitlines())
    assert (carol["name"], carol["role"], carol["password"]) == ("carol", "operator", True)
    assert "password set" in place.command("revisions", "1").stdout
    kept = [each for each in place.state.rglob("*") if each.is_file()]
    assert kept
    assert not [each for each in (*kept, place.log) if b"battery staple" in each.read_bytes()]
    file.write_text(TEXT, encoding="utf-8")
    place.command("deploy", str(file), "--commit")
    place.command("account", "remove", "carol")
    assert "committed: revision 3" in place.command("rollback", "1", "--commit").stdout
    assert place.command("account", "list", "--json").stdout == ""

"""The editor of the working copy, as an administrator has it: typed into a terminal, or sent through a pipe."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bed import configuration
from bed.balancer import Balancer
from bed.layout import VIP, Layout
from bed.netlab import NetLab
from bed.terminal import Terminal, terminal
from bed.wait import until

pytestmark = pytest.mark.kernel

NOBODY = 65534
BASCULE = (sys.executable, "-m", "bascule")
AS_NOBODY = (
    *("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
    *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),
    *BASCULE,
)
"""Without the right to change rules, relays run in the proxy."""


@pytest.fixture(params=[BASCULE, AS_NOBODY], ids=["root", "nobody"])
def balancer(request: pytest.FixtureRequest, open_directory: Path) -> Iterator[Balancer]:
    """Return a balancer whose first revision, one relay of two hosts that are down, is committed."""
    with NetLab(Layout(arms=1)) as net:
        net.hold("lb1", VIP)
        if request.param is AS_NOBODY:
            os.chown(open_directory, NOBODY, NOBODY)
        found = Balancer(net["lb1"], None, open_directory)
        found.start(request.param)
        file = open_directory / "first.conf"
        admin = "system {\n\thttp-server {\n\t\tport 4433\n\t}\n}\n"
        file.write_text(configuration.plain(("HTTPS", 8443)) + admin, encoding="utf-8")
        try:
            found.command("deploy", str(file), "--commit", "-m", "first")
            yield found
        finally:
            found.tell()
            found.close()


def piped(balancer: Balancer, *lines: str) -> subprocess.CompletedProcess[str]:
    """Send lines to the editor."""
    argv = (*BASCULE, "configure", "--socket", str(balancer.socket))
    return balancer.node.run(*argv, check=False, input="".join(f"{line}\n" for line in lines))


@contextmanager
def typed(balancer: Balancer) -> Iterator[tuple[Terminal, "subprocess.Popen[Any]"]]:
    """Open the editor in a terminal, and wait for its prompt."""
    argv = balancer.node.command([*BASCULE, "configure", "--socket", str(balancer.socket)])
    with terminal(argv) as (screen, process):
        screen.wait_for("configure>")
        yield screen, process


def copy(balancer: Balancer, *path: str) -> str:
    """Return the working copy, or a part of it."""
    return balancer.command("show", "working-copy", *path).stdout


def test_a_session_through_a_pipe(balancer: Balancer) -> None:
    """Every line is done, in the block that `edit` has led to; the answers are those of the plain commands."""
    said = piped(
        balancer,
        "# a comment, and an empty line",
        "",
        "edit load relay HTTPS",
        "set session timeout 30m",
        "show",
        "up",
        "show workers",
    )
    assert said.returncode == 1
    assert "\tsession timeout 30m\n" in said.stdout
    assert "show:1:15: error: there is no `workers` in `load-balancer`" in said.stderr
    assert "line 7 was not done" in said.stderr
    assert "warning: your working copy is kept, and is not in effect" in said.stderr
    said = piped(balancer, "compare", "check", "deploy --seconds 60 -m 'half an hour'", "status", "commit", "compare 1 2")
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("session timeout 30m\n") == 2
    assert "relay HTTPS: new sessions may be silent for 1800 s, not 2400 s" in said.stdout
    assert "committed: revision 2 is in effect" in said.stdout
    assert "half an hour" in balancer.command("revisions").stdout
    said = piped(balancer, "rollback 1 --seconds 30")
    assert "a deployment waits for its commit: taken back in" in said.stderr
    assert "in effect for 30 s" in said.stdout
    assert piped(balancer, "cancel").returncode == 0


def test_plain_commands_do_the_same(balancer: Balancer) -> None:
    """With the words as a shell leaves them."""
    said = balancer.command("set", "load", "table", "exchange", "10.80.2.9", "name", "EX 9", "weight", "2")
    assert "kept as your working copy, written from revision 1" in said.stdout
    assert copy(balancer, "load", "table", "exchange", "10.80.2.9") == '10.80.2.9 name "EX 9" weight 2\n'
    balancer.command("delete", "load", "table", "exchange", "10.80.2.9", "weight")
    assert copy(balancer, "load", "table", "exchange", "10.80.2.9") == '10.80.2.9 name "EX 9"\n'
    assert "relay HTTPS" in balancer.command("compare").stdout.partition("in effect")[2]
    assert "warning" not in balancer.command("check").stderr
    wrong = balancer.command("set", "load", "wrokers", "2", check=False)
    assert wrong.returncode == 1
    assert "did you mean `workers`?" in wrong.stderr
    balancer.command("delete", "load", "table", "exchange", "10.80.2.9")
    assert "your working copy is as revision 1" in balancer.command("compare").stdout
    assert balancer.command("diff").stdout == ""
    balancer.command("discard")


def test_twenty_edits_at_once_are_all_kept(balancer: Balancer) -> None:
    """From as many terminals of one account."""
    with ThreadPoolExecutor(4) as at_once:
        edits = [("set", "load", "table", "exchange", f"10.80.3.{n}") for n in range(1, 21)]
        for said in at_once.map(lambda words: balancer.command(*words, check=False), edits):
            assert said.returncode == 0, said.stderr
    table = copy(balancer, "load", "table", "exchange")
    assert all(f"\t10.80.3.{n}\n" in table for n in range(1, 21))


def test_tab_and_question_mark(balancer: Balancer) -> None:
    """Tab writes what can only be meant, `?` tells what may be; Ctrl-C forgets the line, Ctrl-D leaves."""
    with typed(balancer) as (screen, process):
        screen.type("ed\tload rel\t\t\r")
        screen.wait_for('[load-balancer relay "HTTPS"]')
        screen.type("set se\t20m\r")
        screen.wait_for("set session timeout 20m")
        screen.type("set on down ?")
        screen.wait_for("keep")
        screen.wait_for("configure>")
        screen.type("\x03show\r")
        screen.wait_for("\tsession timeout 20m\n")
        screen.type("up\rset relay New forward to exc\tcheck sm\tmode lea\t\r")
        screen.wait_for("forward to <exchange> check smtp mode least-states")
        screen.type("delete relay N\t\r")
        screen.wait_for('delete relay "New"')
        screen.type("rollback ?")
        screen.wait_for("first")
        screen.wait_for("configure>")
        screen.type("\x03\x04")
        assert screen.drain(process) == 0
        screen.wait_for("your working copy is kept, and is not in effect")
    assert "New" not in copy(balancer)
    assert "session timeout 20m" in copy(balancer)


def test_a_countdown_is_never_hidden(balancer: Balancer) -> None:
    """It stands in the prompt and counts while nobody types; its end is told above the line, and so is another's commit."""
    with typed(balancer) as (screen, process):
        screen.type("set load relay HTTPS session timeout 20m\rdeploy --seconds 6\r")
        screen.wait_for("in effect for 6 s")
        begun = time.monotonic()
        screen.wait_for("(taken back in 5s) configure>")
        screen.wait_for("4")  # of the line that is there only what differs is written
        screen.wait_for("32")
        screen.type("sho")
        screen.wait_for("was taken back, revision 1 is in effect: nobody committed it in time")
        assert 4 < time.monotonic() - begun < 9
        screen.wait_for("configure>")
        screen.type("\x03deploy --seconds 60\r")
        screen.wait_for("(taken back in 5")
        time.sleep(1.1)  # an own event of the command before is no news for so long
        balancer.command("commit")
        screen.wait_for("committed revision 2")
        screen.type("set load relay HTTPS session timeout 25m\rdeploy --seconds 60\r")
        screen.wait_for("(taken back in 5")
        screen.type("exit\r")
        assert screen.drain(process) == 0
        assert "warning: a deployment waits for its commit: taken back in" in screen.text
    balancer.command("cancel")


@pytest.mark.parametrize("balancer", [BASCULE], ids=["root"], indirect=True)
def test_a_bascule_that_ends_is_told_and_found_again(balancer: Balancer) -> None:
    """The editor stays, and goes on with the working copy that was kept."""
    with typed(balancer) as (screen, process):
        screen.type("set load relay HTTPS session timeout 20m\r")
        until(lambda: "20m" in copy(balancer), what="it is kept")
        balancer.stop()
        screen.wait_for("has ended")
        screen.type("show\r")
        screen.wait_for("no Bascule runs")
        balancer.start()
        screen.wait_for("Bascule answers again")
        screen.type("show load relay HTTPS session\r")
        screen.wait_for("session timeout 20m\n")
        screen.wait_for("configure>")
        screen.type("\x04")
        assert screen.drain(process) == 0

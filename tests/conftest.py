"""What every test may ask for: networks of its own, and a word at the end on what this machine could not run."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import pytest

from bed.command import BedError
from bed.layout import Layout
from bed.netlab import NetLab, leftovers, remove

LabFactory: TypeAlias = Callable[[Layout], NetLab]

_NOT_HERE: Final = "not on this machine: "


@pytest.fixture
def lab() -> Iterator[LabFactory]:
    """Return a maker of networks; they are gone after the test."""
    with ExitStack() as stack:
        yield lambda layout: stack.enter_context(NetLab(layout))


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Return a directory that servers may enter which change user; its path is short enough for their sockets."""
    with TemporaryDirectory(prefix="bascule-") as directory:
        path = Path(directory)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="session", autouse=True)
def _nothing_left() -> Iterator[None]:
    """Fail the run where a test left a network namespace behind, and remove it."""
    yield
    left = leftovers(f"bed{os.getpid()}x")
    for prefix in {name.rpartition("-")[0] for name in left}:
        remove(prefix)
    assert left == []


def pytest_configure() -> None:
    """Let a run that is asked to end (a time limit, a machine that stops) take its networks along, as ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine cannot run."""
    lacks = {"kernel": _lacks_kernel(), "daemons": _lacks_daemons(), "browser": _lacks_browser()}
    for item in items:
        for marker, reason in lacks.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=_NOT_HERE + reason))


def _lacks_kernel() -> str:
    """Return why no test can have nftables in a namespace of its own; empty where it can."""
    missing = [program for program in ("ip", "nft", "conntrack", "sysctl", "ss") if shutil.which(program) is None]
    if missing:
        return f"no {', '.join(missing)} installed"
    if os.geteuid() != 0:
        return "neither root nor in a user namespace (make test makes one)"
    try:
        with NetLab(Layout(clients=1, lbs=1, servers=1)) as lab:
            lab["lb1"].nft("table inet t { chain c { type nat hook prerouting priority dstnat; }\n}")
    except BedError as error:
        return str(error)
    return ""


def _lacks_daemons() -> str:
    """Return why servers that change user cannot run; empty where they can."""
    missing = [program for program in ("nginx", "dovecot", "postfix") if shutil.which(program) is None]
    if missing:
        return f"no {', '.join(missing)} installed"
    users = sum(int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text().splitlines())
    return "" if os.geteuid() == 0 and users > 1 else "daemons that change user need root of the machine"


def _lacks_browser() -> str:
    """Return why no browser can be had; empty where it can."""
    return "" if shutil.which("chromium") else "no chromium installed"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count and name the tests that this machine could not run."""
    reports = [report for report in terminalreporter.getreports("skipped") if isinstance(report.longrepr, tuple)]
    if reports:
        terminalreporter.section(f"{len(reports)} tests not run on this machine")
        for report in sorted(reports, key=lambda report: report.nodeid):
            terminalreporter.line(
                f"{report.nodeid}: {report.longrepr[2].removeprefix('Skipped: ').removeprefix(_NOT_HERE)}"
            )

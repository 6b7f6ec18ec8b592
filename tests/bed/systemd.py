"""A machine of its own to boot: Debian's systemd as process 1, over the files of this one, which stay as they are."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bed import memory
from bed.command import BedError
from bed.wait import until

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = Path("/opt/bascule")
"""Where units look for Bascule; the machine has this tree's own there."""

_INIT: Final = "/lib/systemd/systemd"
_BOOT: Final = r"""
set -e
at=$1 tree=$2 python=$3
mount -t tmpfs tmpfs "$at"
mkdir "$at/upper" "$at/work" "$at/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$at/upper,workdir=$at/work" "$at/root"
cd "$at/root"
mkdir -p opt/bascule opt/source
mount --bind "$tree/src" opt/source
mount --bind "$tree/packaging" mnt
mount --bind "$python" opt/bascule
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/shm dev/pts dev/mqueue dev/hugepages
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t sysfs sysfs sys
mount -t cgroup2 none sys/fs/cgroup
rm -rf etc/systemd/system var/lib/bascule etc/bascule
mkdir -p etc/systemd/system
cp mnt/systemd/*.service etc/systemd/system/
mkdir -p etc/systemd/system/bascule.service.d
printf '[Service]\nEnvironment=PYTHONPATH=/opt/source\nWatchdogSec=6\n' >etc/systemd/system/bascule.service.d/tree.conf
mkdir old
pivot_root . old
umount -l old
exec /usr/bin/env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin "$4" --show-status=no --unit=basic.target
"""


class Machine:
    """One that has booted; commands are run in it as root."""

    def __init__(self, first: int) -> None:
        """Take its first process, as this machine numbers it."""
        self._first = first

    def run(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in it. Raises BedError with what it said, unless told not to."""
        enter = ("nsenter", "--target", str(self._first), *("-m", "-u", "-i", "-n", "-p", "-C"), "--root", "--wd=/")
        done = subprocess.run([*enter, *argv], capture_output=True, text=True, check=False, timeout=60)
        if check and done.returncode:
            raise BedError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def bascule(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of Bascule in it."""
        return self.run("env", "PYTHONPATH=/opt/source", "/opt/bascule/bin/python", "-m", "bascule", *words, check=check)

    def property(self, unit: str, name: str) -> str:
        """Return what systemd knows of a unit: `ActiveState`, `StatusText` and so on."""
        return self.run("systemctl", "show", unit, f"--property={name}", "--value").stdout.strip()

    def processes(self, word: str) -> Sequence[int]:
        """Return the machine's processes with this word on their command line, as this machine numbers them."""
        members = self.run("cat", "/sys/fs/cgroup/system.slice/bascule.service/cgroup.procs", check=False).stdout.split()
        told = [(pid, self.run("cat", f"/proc/{pid}/cmdline", check=False).stdout.split("\0")) for pid in members]
        return [int(pid) for pid, words in told if word in words]


@contextmanager
def booted(at: Path) -> Iterator[Machine]:
    """Boot one over an empty folder, and switch it off afterwards."""
    spaces = ("--pid", "--fork", "--mount", "--net", "--cgroup", "--uts", "--ipc", "--kill-child")
    command = ["unshare", *spaces, "bash", "-c", _BOOT, "boot", str(at), str(ROOT), sys.prefix, _INIT]
    with (at.parent / "boot.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:

            def first() -> int:
                if process.poll() is not None:
                    raise BedError(f"it does not boot: {(at.parent / 'boot.log').read_text()}")
                return next((pid for pid in memory.children(process.pid) if memory.words(pid)[:1] == [_INIT]), 0)

            machine = Machine(until(first, within=20, what="systemd is process 1"))
            states = {"running", "degraded"}
            until(
                lambda: machine.run("systemctl", "is-system-running", check=False).stdout.strip() in states,
                within=60,
                what="the machine has booted",
                every=0.2,
            )
            yield machine
        finally:
            process.kill()

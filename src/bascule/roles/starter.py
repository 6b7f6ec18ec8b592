"""The starter: the only process that is root. It starts the others as their users, with their rights, and that is all.

`python -m bascule.roles.starter [--users NET,OTHERS,WEB] COMMAND…` starts the parent with a command of `bascule`. It
reads no configuration, listens nowhere, and imports nothing but the standard library. setpriv(1) drops what a role may
not have. It ends when the parent ends, with its exit code; the parent is killed when it ends otherwise.
"""

import argparse
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, Final

_USERS: Final = "_bascule-net,_bascule,_bascule-web"
_PARENT_MAY: Final = ("net_admin", "net_raw", "net_bind_service")
_VARIABLE: Final = "BASCULE_STARTER"
_HEARD: Final = "BASCULE_NOTIFY"
_NOTIFY: Final = "NOTIFY_SOCKET"
_MAY_SAY: Final = ("READY=1", "STATUS=", "WATCHDOG=1", "STOPPING=1")
"""What the service manager hears from the parent (sd_notify(3)): `WATCHDOG=trigger`, say, is not his to say."""
_LONGEST: Final = 65536
_MOST_ARGUMENTS: Final = 32
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_BY_SIGNAL: Final = 128


def main(arguments: Sequence[str]) -> int:
    """Start the parent and, as it asks, the others; return the parent's exit code."""
    parser = argparse.ArgumentParser(prog="bascule starter", allow_abbrev=False)
    parser.add_argument("--users", default=_USERS, help="of parent, others and web (default: %(default)s)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="of the parent: run …")
    chosen = parser.parse_args(arguments)
    parent, others, web = chosen.users.split(",")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    hear, tell = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    tell.setblocking(False)  # noqa: FBT003 - its name for it
    environment = {name: value for name, value in os.environ.items() if name != _NOTIFY}
    environment |= {_VARIABLE: str(theirs.fileno()), _HEARD: str(tell.fileno())}
    become = _as(parent, _PARENT_MAY, "--pdeathsig", "KILL")
    started = _spawn(become, chosen.command, (theirs.fileno(), tell.fileno()), environment)
    theirs.close()
    tell.close()
    users = {**dict.fromkeys(("probe", "proxy", "herald", "snmp", "directory"), others), "web": web}
    return _serve(ours, hear, started, {role: _as(user) for role, user in users.items()})


def _as(user: str, rights: Sequence[str] = (), *options: str) -> Sequence[str]:
    """Return the command that becomes a user with these capabilities alone, for ever (setpriv(1))."""
    kept = ",".join(["-all", *(f"+{right}" for right in rights)])
    groups = "--clear-groups" if user.isdigit() else "--init-groups"
    sets = (f"--inh-caps={kept}", f"--ambient-caps={kept}", f"--bounding-set={kept}")
    return ["setpriv", f"--reuid={user}", f"--regid={user}", groups, *sets, "--no-new-privs", *options, "--"]


def _spawn(become: Sequence[str], command: Sequence[str], handed: Sequence[int], environment: Mapping[str, str]) -> int:
    kept = [(os.POSIX_SPAWN_DUP2, descriptor, descriptor) for descriptor in handed]
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), *kept]
    argv = [*become, sys.executable, "-m", "bascule", *command]
    return os.posix_spawnp(argv[0], argv, environment, file_actions=actions, setsid=True)


def _serve(parent_line: socket.socket, hear: socket.socket, parent: int, become: Mapping[str, Sequence[str]]) -> int:
    """Do what the parent asks until it ends."""
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def pass_on(number: int, _: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(parent, number)

    for number in _SIGNALS:
        signal.signal(number, pass_on)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting = select.poll()
    waiting.register(reader, select.POLLIN)
    waiting.register(parent_line, select.POLLIN)
    waiting.register(hear, select.POLLIN)
    children: set[int] = set()
    while (code := _buried(parent, children)) is None:
        for descriptor, _ in waiting.poll():
            if descriptor == reader:
                os.read(reader, _LONGEST)
            elif descriptor == hear.fileno():
                _pass_on(hear, os.environ.get(_NOTIFY, ""))
            elif not _answer(parent_line, children, become):
                waiting.unregister(parent_line)  # it has closed, and will end
    return code if code >= 0 else _BY_SIGNAL - code


def _pass_on(hear: socket.socket, address: str) -> None:
    """Tell the service manager, whom the starter alone may speak to, what the parent says of itself."""
    said = hear.recv(_LONGEST).decode(errors="replace").splitlines()
    told = "\n".join(line for line in said if line.startswith(_MAY_SAY) and line != "WATCHDOG=trigger")
    if address and told:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.settimeout(1)
            door.sendto(told.encode(), f"\0{address[1:]}" if address.startswith("@") else address)


def _buried(parent: int, children: set[int]) -> int | None:
    """Bury all that have ended; return how the parent did, None while it lives."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 1
        if not pid:
            return None
        children.discard(pid)
        if pid == parent:
            return os.waitstatus_to_exitcode(status)


def _answer(parent_line: socket.socket, children: set[int], become: Mapping[str, Sequence[str]]) -> bool:
    """Answer one request of the parent; False where it has closed."""
    try:
        data, descriptors, _, _ = socket.recv_fds(parent_line, _LONGEST, 1)
    except OSError:
        return False
    if not data:
        return False
    number: object = None
    try:
        asked = json.loads(data)
        number = asked["number"]
        answer, told = _done(asked, descriptors[0] if descriptors else None, children, become)
    except (KeyError, TypeError, ValueError, RecursionError, OSError) as error:
        answer, told = {"error": f"{type(error).__name__}: {error}"}, []
    try:
        socket.send_fds(parent_line, [json.dumps({**answer, "number": number}).encode()], told)
    except OSError:
        return False
    finally:
        for descriptor in (*descriptors, *told):
            os.close(descriptor)
    return True


def _done(
    asked: Mapping[str, Any], handed: int | None, children: set[int], become: Mapping[str, Sequence[str]]
) -> tuple[dict[str, object], list[int]]:
    """Start or end a process. Raises ValueError and its like where that was not asked as it must be."""
    if "kill" in asked:
        if asked["kill"] in children:
            os.kill(asked["kill"], signal.SIGKILL)
        return {}, []
    arguments = [str(each) for each in asked["arguments"]]
    if len(arguments) > _MOST_ARGUMENTS:
        raise ValueError(f"more than {_MOST_ARGUMENTS} arguments")
    named = [] if handed is None else ["--fd", str(handed)]
    environment = {name: value for name, value in os.environ.items() if name != _NOTIFY}
    pid = _spawn(
        become[asked["role"]], ["role", asked["role"], *arguments, *named], [] if handed is None else [handed], environment
    )
    children.add(pid)
    return {"pid": pid}, [os.pidfd_open(pid)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the demo is played on: a balancer and simulated servers, each a process of its own, in a private directory.

Everything listens on loopback and is gone when the stage is left, however that comes about.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bascule.cli.demo.scenery import BALANCER, CLIENTS, NAME, PAGES, SERVERS, SERVICES, configuration, free_ports
from bascule.cli.demo.traffic import Round, drive, visit
from bascule.lab.certificate import make_certificate
from bascule.service.client import Client
from bascule.service.deployment import Deploy
from bascule.service.failures import OperationFailed
from bascule.service.logins import MakeSetupLink
from bascule.service.operations import ShowRelays, Status
from bascule.service.request import Answer, Request
from bascule.service.results import HostRow

PATIENCE: Final = 20.0
"""Seconds that a process gets to be ready, and to end."""

_ATTEMPTS: Final = 5
_TAIL: Final = 2000


class StageError(Exception):
    """The machine would not: the demo cannot be shown, or left something behind."""


class Stage:
    """The processes of the demo."""

    def __init__(self, directory: Path, ports: Mapping[str, int]) -> None:
        self.ports = ports
        self._certificate = directory / "mail.pem"
        self._python = (*without_rights(), sys.executable, "-m")
        self.socket = directory / "control.sock"
        self._state = directory / "state"
        self._log = directory / "balancer.log"
        self._servers: dict[str, Process] = {}
        self._balancer: Process | None = None

    def make_certificate(self) -> None:
        """Make the certificate that every server shows: of one name, as an Exchange farm behind a balancer has it."""
        made = make_certificate(NAME, BALANCER, now=datetime.now(UTC))
        self._certificate.touch(mode=0o600)
        self._certificate.write_bytes(made.pem)

    async def start_server(self, name: str) -> None:
        """Start a simulated server and wait until it listens. Raises StageError when it does not."""
        options = [f"--{service.simulated.replace('_', '-')}={self.ports[service.simulated]}" for service in SERVICES]
        server = await asyncio.create_subprocess_exec(
            *(*self._python, "bascule.lab", "--orders", "--version", "2010", "--name", name),
            *("--address", str(SERVERS[name]), "--order", f"certificate {self._certificate}", *options),
            stdin=PIPE,  # closed by our end, however we end
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,  # ctrl-C is for us; we end the others in their order
        )
        self._servers[name] = server
        assert server.stdout is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                if await server.stdout.readline() == b"ready\n":
                    return
        await self.kill_server(name)
        raise StageError(f"the simulated server {name} did not start")

    async def kill_server(self, name: str) -> None:
        """End a server without warning, and wait until it is gone."""
        server = self._servers.pop(name)
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()

    async def kill_servers(self) -> None:
        """End every server that runs."""
        for name in list(self._servers):
            await self.kill_server(name)

    async def start_balancer(self) -> None:
        """Start the balancer and wait until every relay serves a client. Raises StageError when it does not."""
        with self._log.open("wb") as log:
            self._balancer = await asyncio.create_subprocess_exec(
                *(*self._python, "bascule", "run", "--state", str(self._state), "--socket", str(self.socket)),
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(PATIENCE):
                while not self.socket.exists():
                    self._require_balancer()
                    await asyncio.sleep(0.1)
                text = configuration(self.ports).encode()
                await self._ask(Deploy(text=text, commit=True, message="the demo's"))
                for service in SERVICES:
                    while (await visit(CLIENTS[0], service, self.ports[service.simulated])).failure:
                        self._require_balancer()
                        await asyncio.sleep(0.1)
        except TimeoutError:
            raise StageError(f"the balancer does not serve its relays\n{self._last_words()}") from None

    async def drive(self) -> Round:
        """Let every client use every service once."""
        return await drive(self.ports)

    async def host_rows(self, name: str) -> Sequence[HostRow]:
        """Return what the balancer says of a server, a row for each relay. Raises StageError when it says nothing."""
        answer = await self._ask(ShowRelays())
        tables = (table for relay in answer.relays for table in relay.tables)
        return [host for table in tables for host in table.hosts if host.name == name]

    async def verdict(self) -> str:
        """Return how it goes, in the balancer's own words, and what it finds wrong. Raises StageError."""
        answer = await self._ask(Status())
        return "; ".join((answer.sentence, *(each.message for each in answer.findings)))

    async def setup_link(self) -> str:
        """Return a link to the pages that makes an administrator, once. Raises StageError."""
        return f"https://{BALANCER}:{self.ports[PAGES]}{(await self._ask(MakeSetupLink())).path}"

    async def _ask(self, request: Request[Answer]) -> Answer:
        try:
            return await asyncio.to_thread(Client(self.socket).call, request)
        except OperationFailed as error:
            raise StageError(f"{error}\n{self._last_words()}") from error

    async def clear(self) -> None:
        """End every process and listener. Raises StageError where something is left."""
        await self.kill_servers()
        if self._balancer is None:
            return
        said = await self._run_clear()
        await _end(self._balancer)
        left = [service.relay for service in SERVICES if await _listens(self.ports[service.simulated])]
        if left:
            raise StageError(f"still listening after the end: {', '.join(left)}\n{said}\n{self._last_words()}")

    async def _run_clear(self) -> str:
        """Let the balancer's own command end it with its workers, which outlive it otherwise; return what it says."""
        command = await asyncio.create_subprocess_exec(
            *(*self._python, "bascule", "clear", "--socket", str(self.socket), "--state", str(self._state)),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                said, _ = await command.communicate()
        except TimeoutError:
            await _end(command)
            return "`bascule clear` did not end"
        return said.decode(errors="replace").strip()

    def _require_balancer(self) -> None:
        if self._balancer is not None and self._balancer.returncode is not None:
            raise StageError(f"the balancer ended with code {self._balancer.returncode}\n{self._last_words()}")

    def _last_words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-_TAIL:].strip()


def without_rights() -> Sequence[str]:
    """Return what to put before a command so that it cannot change this machine's network, also when root runs it.

    Raises StageError where root has no means to give up its rights.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StageError("root can show it only with setpriv (of util-linux), which takes root's rights from the balancer")
    return (setpriv, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Give a stage with everything running. Raises StageError, OSError."""
    with tempfile.TemporaryDirectory(prefix="bascule-demo-") as directory:
        made = Stage(Path(directory), free_ports())
        try:
            made.make_certificate()
            await _start_servers(made)
            await made.start_balancer()
            yield made
        finally:
            await made.clear()


async def _start_servers(made: Stage) -> None:
    """Start all servers; where somebody took a port meanwhile, on other ports.

    One after the other, so that of two demos that chose the same ports one goes on, and the other looks further.
    """
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            for name in SERVERS:
                await made.start_server(name)
        except StageError:
            if not attempts_left:
                raise
            await made.kill_servers()
            made.ports = free_ports()
        else:
            return


async def _end(process: Process) -> None:
    """Ask a process to end, and make it."""
    for step in (process.terminate, process.kill):
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                step()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), PATIENCE)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(str(BALANCER), port)
    except OSError:
        return False
    writer.transport.abort()
    return True

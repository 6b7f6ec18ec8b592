"""The parent: owns the machine's part of the work, supervises the other roles, and answers at the control socket.

It parses no HTTP and imports no web code.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bascule import __version__
from bascule.config.facts import Facts
from bascule.config.model import EngineName
from bascule.deploy.transaction import RehearsalRefused
from bascule.engines.proxy.engine import ProxyEngine
from bascule.health.supervisor import ProbeProcess
from bascule.service.failures import ExitCode, OperationFailed, Rejected
from bascule.service.local.balancer import Balancer, Running
from bascule.service.local.machine import this_machine
from bascule.service.local.preparation import judge
from bascule.service.local.service import GOING_ON, LocalService
from bascule.service.offline import RunRequest
from bascule.service.server import ControlServer, open_listener, owner_or_root
from bascule.system.claim import claimed

_FORMAT: Final = "%(asctime)s %(message)s"


def run(request: RunRequest) -> int:
    """Run a configuration in the foreground until a signal or an operation ends it, and return the exit code.

    Raises OperationFailed where the text is refused, MachineError where the machine would not; then nothing is changed.
    """
    logging.basicConfig(format=_FORMAT, datefmt="%H:%M:%S", level=logging.INFO, stream=sys.stderr)
    with claimed(request.state):
        return asyncio.run(_run(request, logging.getLogger("bascule")))


async def _run(request: RunRequest, log: logging.Logger) -> int:
    machine = this_machine(request.state)
    facts = await machine.facts()
    judged = judge(request.text, facts)
    configuration = judged.accepted()
    for warning in judged.diagnostics:
        log.warning("%s", warning.render(request.name))
    over = Ending()
    listener = open_listener(request.socket)
    try:
        proxy = ProxyEngine(request.socket.parent, clock=machine.clock, report=log.info)
        prober = ProbeProcess(clock=machine.clock, died=log.warning)
        balancer = Balancer(machine, proxy, prober, log.info)
        try:
            await balancer.start(configuration, request.name, facts)
        except RehearsalRefused as refused:
            raise OperationFailed(Rejected(diagnostics=refused.diagnostics)) from refused
        _say_ready(log, balancer.running, facts)
        service = LocalService(machine, balancer, proxy, over.end)
        server = ControlServer(service, permits=owner_or_root(os.geteuid()), log=log)
        await server.start(listener)
        async with _watched(balancer):
            last_words = await over.wait()
            await balancer.stop()
        await prober.stop()
        await server.close()
        proxy.leave_workers()
    finally:
        listener.close()
        request.socket.unlink(missing_ok=True)
    log.info("Bascule ends; %s", last_words)
    return ExitCode.FINE


class Ending:
    """The end of a parent, which a signal or an operation brings; whichever is first has the last words."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._words: asyncio.Future[str] = loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end, GOING_ON)

    def end(self, words: str) -> None:
        """Have the parent end."""
        if not self._words.done():
            self._words.set_result(words)

    async def wait(self) -> str:
        """Return the last words when it is time."""
        return await self._words


@asynccontextmanager
async def _watched(balancer: Balancer) -> AsyncIterator[None]:
    """Follow checks and machine meanwhile; a fault there ends the parent, and with it becomes visible."""
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(balancer.watch())
        yield
        watching.cancel()


def _say_ready(log: logging.Logger, running: Running, facts: Facts) -> None:
    """Say what runs, and once, clearly, where relays are not where they would be best."""
    plan = running.plan
    kernel, proxy = (len({relay.name for relay in plan.of(engine)}) for engine in (EngineName.KERNEL, EngineName.PROXY))
    if proxy and facts.no_nftables:
        log.warning(
            "nftables may not be used here: %s. The user-space proxy carries the relays instead",
            facts.no_nftables,
        )
    log.info("Bascule %s runs %s: %d relays in the kernel, %d in the proxy", __version__, running.name, kernel, proxy)

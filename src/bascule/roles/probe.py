"""The probe role: a process that probes hosts for the parent, and reads what servers answer so that the parent need not."""

import argparse
import asyncio
import logging
import resource
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from random import SystemRandom

from bascule.config.names import NOTHING_TO_ASK
from bascule.health import wire
from bascule.health.ask import ask
from bascule.health.caller import lenient_tls
from bascule.health.logins import Logins
from bascule.health.names.answer import Answer
from bascule.health.names.lookups import Lookups
from bascule.health.names.resolver import Resolver
from bascule.health.outcome import Outcome
from bascule.health.prober import Prober
from bascule.plan.model import Probe
from bascule.system.channel import Channel, ChannelError
from bascule.system.clock import SystemClock

_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Probe what the parent orders over the socket `--fd N` until the parent closes it; return the exit code.

    0: the parent closed. 1: it went away in mid-message, or what came was not the parent's.
    """
    parser = argparse.ArgumentParser(prog="bascule role probe", description="Probe hosts for the parent process.")
    parser.add_argument("--fd", type=int, required=True, help="the connected socket that the parent left open for us")
    descriptor: int = parser.parse_args(arguments).fd
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a host that is ill may cost ten connections at once
    code = 0
    try:
        asyncio.run(_serve(socket.socket(fileno=descriptor)))
    except* (ChannelError, OSError) as errors:
        _LOG.warning("the prober lost its parent: %s", errors.exceptions[0])
        code = 1
    return code


class SafeResolver(Resolver):
    """A resolver that survives what name servers send."""

    async def ask(self, name: str) -> tuple[Answer, float]:
        """Ask, and take an answer that trips us for none."""
        try:
            return await super().ask(name)
        except Exception as error:  # noqa: BLE001 - one server's answer that trips us must not end all other work
            _LOG.exception("asking for %s failed in a way that it should not", name)
            return Answer(name=name, failure=f"asking itself failed: {type(error).__name__}"), 0.0


async def _serve(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    channel: Channel[wire.Order] = Channel(reader, writer, wire.Order)
    random, tls, clock = SystemRandom(), lenient_tls(), SystemClock()
    logins = Logins(clock)

    async def ask_safely(probe: Probe) -> Outcome:
        started = clock.monotonic()
        try:
            return await ask(probe, random=random, tls_context=tls, clock=clock, now=_now, logins=logins)
        except Exception as error:  # noqa: BLE001 - one server's answer that trips us must not end the probing of all others
            _LOG.exception("a probe of %s failed in a way that it should not", probe.target.endpoint)
            reason = f"the probe itself failed: {type(error).__name__}"
            return Outcome(up=False, reason=reason, seconds=clock.monotonic() - started, ours=True)

    async def report(number: int, outcome: Outcome) -> None:
        if not writer.is_closing():  # a parent that is gone is seen once, where orders are awaited
            await channel.send(wire.probed(number, outcome))

    async def tell(answer: Answer) -> None:
        if not writer.is_closing():
            await channel.send(wire.resolved(answer))

    async with asyncio.TaskGroup() as tasks:
        prober = Prober(ask=ask_safely, report=report, clock=clock, tasks=tasks)
        lookups = Lookups(asks=SafeResolver, report=tell, clock=clock, tasks=tasks)
        while (order := await channel.receive()) is not None:
            _obey(order, prober, lookups)
        prober.set_probes({})
        lookups.set_questions(NOTHING_TO_ASK)
    await channel.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _obey(order: wire.Order, prober: Prober, lookups: Lookups) -> None:
    match order:
        case wire.SetProbes():
            prober.set_probes({ordered.number: wire.probe(ordered) for ordered in order.probes})
        case wire.ProbeNow():
            prober.probe_now()
        case wire.SetNames():
            lookups.set_questions(wire.questions(order))

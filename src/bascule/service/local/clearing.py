"""Taking everything of ours from a machine: what `bascule clear` does, with a parent running or without."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Final

from bascule.engines.nftables.engine import NftablesEngine
from bascule.engines.nftables.read import kept_marks
from bascule.engines.nftables.sessions import Sessions
from bascule.engines.proxy.engine import ProxyEngine
from bascule.service.local.early import FILE as EARLY_FILE
from bascule.service.local.machine import Machine
from bascule.service.local.words import counted
from bascule.service.results import Cleared
from bascule.system.errors import MachineError
from bascule.system.nft import PROGRAM
from bascule.system.progress import Tell, silence

_STEPS: Final = 4

_ANSWERS: Final = 0.3
"""Seconds in which both ends of ended sessions answer our nudges, and meet the resets that the rules still give."""


async def clear_machine(machine: Machine, proxy: ProxyEngine, *, kernel: bool, tell: Tell = silence) -> Cleared:
    """End every session and worker, take our table away and set old kernel settings again.

    `kernel` False leaves the table alone: this Bascule has no relay there, and another one may. What the machine would
    not do is told in `left`, and the rest is done all the same; but settings stay while the rules that need them do.
    """
    done: list[str] = []
    left: list[str] = []
    tell("ending proxy workers and their sessions", 0, _STEPS)
    await _attempt(_clear_workers(proxy), done, left)
    tell("ending the kernel's sessions and taking our rules away", 1, _STEPS)
    if not kernel or await _attempt(_clear_kernel(machine), done, left):
        tell("setting kernel settings back", 2, _STEPS)
        await _attempt(_clear_settings(machine), done, left)
    tell("taking our addresses and routes away", 3, _STEPS)
    await _attempt(_clear_network(machine), done, left)
    await _attempt(_clear_early(machine), done, left)
    if kernel and not left and not await NftablesEngine(machine.nft).drop_keeper():
        left.append(
            "table inet bascule_keep: two empty nat chains, since without any nat chain the kernel would reset every "
            f"translated session; take it away with: {PROGRAM} delete table inet bascule_keep"
        )
    return Cleared(done=tuple(done), left=tuple(left))


async def _attempt(step: Awaitable[Sequence[str]], done: list[str], left: list[str]) -> bool:
    """Do one step and note how it went; return whether it went well."""
    try:
        done += await step
    except MachineError as error:
        left.append(f"could not {error}")
        return False
    return True


async def _clear_workers(proxy: ProxyEngine) -> Sequence[str]:
    workers = await proxy.stop_workers()
    return [f"{counted(workers, 'proxy worker')} stopped, and all sessions there reset"] if workers else []


async def _clear_settings(machine: Machine) -> Sequence[str]:
    settings = await machine.settings().clear()
    return [f"{counted(settings, 'kernel setting')} set to the old value"] if settings else []


async def _clear_early(machine: Machine) -> Sequence[str]:
    early = machine.state / EARLY_FILE
    try:
        await asyncio.to_thread(early.unlink)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise MachineError(f"remove {early}", error.strerror or str(error)) from error
    return ["the rules for the next boot removed"]


async def _clear_network(machine: Machine) -> Sequence[str]:
    _, departures = machine.network()
    taken = await departures.clear()
    return [f"{taken} of our addresses and routes taken away"] if taken else []


async def _clear_kernel(machine: Machine) -> Sequence[str]:
    engine = NftablesEngine(machine.nft)
    rules = await engine.observe()
    if rules is None:
        return []
    await engine.refuse_all()
    ended = await Sessions(machine.nft, machine.conntrack, machine.nudge).end([*kept_marks(rules).values()], ())
    if ended:
        await machine.clock.sleep(_ANSWERS)
    await engine.clear()
    return [f"{counted(ended, 'session')} in the kernel ended", "table inet bascule removed"]

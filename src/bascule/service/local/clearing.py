"""Taking everything of ours from a machine: what `bascule clear` does, with a parent running or without."""

from typing import Final

from bascule.engines.nftables.engine import NftablesEngine
from bascule.engines.nftables.read import kept_marks
from bascule.engines.nftables.sessions import Sessions
from bascule.engines.proxy.engine import ProxyEngine
from bascule.service.local.machine import Machine
from bascule.service.local.words import counted
from bascule.service.results import Cleared
from bascule.system.nft import PROGRAM

_ANSWERS: Final = 0.3
"""Seconds in which both ends of ended sessions answer our nudges, and meet the resets that the rules still give."""


async def clear_machine(machine: Machine, proxy: ProxyEngine, *, kernel: bool) -> Cleared:
    """End every session and worker, take our table away and set old kernel settings again. Raises MachineError.

    `kernel` False leaves the table alone: this Bascule has no relay there, and another one may.
    """
    done, left = [], []
    workers = len((await proxy.observe()).workers)
    if workers:
        await proxy.stop_workers()
        done.append(f"{counted(workers, 'proxy worker')} stopped, and all sessions there reset")
    if kernel:
        done += await _clear_kernel(machine)
        if not await NftablesEngine(machine.nft).drop_keeper():
            left.append(
                "table inet bascule_keep: two empty nat chains, since without any nat chain the kernel would reset every "
                f"translated session; take it away with: {PROGRAM} delete table inet bascule_keep"
            )
    settings = await machine.network().clear()
    if settings:
        done.append(f"{counted(settings, 'kernel setting')} set to the old value")
    return Cleared(done=tuple(done), left=tuple(left))


async def _clear_kernel(machine: Machine) -> list[str]:
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

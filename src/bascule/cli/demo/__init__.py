"""`bascule demo`: the balancer in front of three simulated Exchange servers, on loopback, as any user."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Mapping

from rich.console import Console

from bascule.cli.demo.scenery import BALANCER, CLIENTS, SERVERS, SERVICES
from bascule.cli.demo.screen import Screen
from bascule.cli.demo.stage import Stage, StageError, stage
from bascule.cli.demo.story import Story
from bascule.service.failures import ExitCode

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_demo(*, once: bool = False, console: Console | None = None) -> int:
    """Show the demo until ctrl-C, or once, and return the exit code.

    0 when all that was shown was as it should be, 1 when it was not, 3 when the machine would not.
    """
    shown = console or Console()
    try:
        faults = asyncio.run(_play(shown, once=once))
    except (StageError, OSError) as error:
        shown.print(f"The demo cannot be shown: {error}", markup=False, highlight=False, soft_wrap=True)
        return ExitCode.MACHINE
    for fault in faults:
        shown.print(f"Not as it should be: {fault}", markup=False, highlight=False, soft_wrap=True)
    return ExitCode.REFUSED if faults else ExitCode.FINE


async def _play(console: Console, *, once: bool) -> list[str]:
    """Play until told to end, take everything away, and return what was not as it should be."""
    _end_on_signals(asyncio.current_task())
    faults: list[str] = []
    with Screen(console) as screen:
        servers = ", ".join(f"{name} ({address})" for name, address in SERVERS.items())
        screen.say(f"A simulation of Exchange 2010: starting {servers} and the balancer …")
        with contextlib.suppress(asyncio.CancelledError):  # ctrl-C is how it ends
            async with stage() as played:
                story = Story(played, screen, now=time.monotonic, sleep=asyncio.sleep)
                faults = story.faults
                screen.say(f"{len(CLIENTS)} clients ({CLIENTS[0]} to {CLIENTS[-1]}) use {_places(played.ports)}")
                await story.tell()
                screen.say(f"The balancer says: {await played.verdict()}.")
                if not once:
                    screen.say(_invitation(played))
                    screen.say(
                        f"The pages, and a link that makes you their administrator, once: {await played.setup_link()}"
                    )
                    await story.go_on()
        screen.say("Ended: processes, listeners and files of the demo are gone.")
    return faults


def _end_on_signals(play: "asyncio.Task[object] | None") -> None:
    """Let the first signal end the play; the others find it ending already."""
    assert play is not None
    loop = asyncio.get_running_loop()

    def end() -> None:
        for number in _ENDS:
            loop.add_signal_handler(number, lambda: None)
        play.cancel()

    for number in _ENDS:
        loop.add_signal_handler(number, end)


def _places(ports: Mapping[str, int]) -> str:
    return f"{BALANCER}: " + ", ".join(f"{service.relay} {ports[service.simulated]}" for service in SERVICES)


def _invitation(played: Stage) -> str:
    return (
        f"Traffic goes on until ctrl-C. Try: curl -k https://{BALANCER}:{played.ports['https']}/ "
        f"or: bascule show hosts --socket {played.socket}"
    )

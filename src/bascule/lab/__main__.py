"""One simulated Exchange server as a process: `python -m bascule.lab --name EX1 --address 127.0.0.11 --https 10443`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from ipaddress import IPv4Address

from bascule.lab.certificate import make_certificate
from bascule.lab.machine import RpcFault
from bascule.lab.orders import obey
from bascule.lab.server import Ports, SimulatedExchange

READY = "ready"
"""The one line on standard output, once every port is open."""


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM, ctrl-C or, when asked, the end of standard input; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        sys.stderr.write(f"{options.name}: cannot listen: {error}\n")
        return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bascule.lab", description="A simulated Exchange server.")
    parser.add_argument("--name", required=True, help="its NetBIOS name")
    parser.add_argument("--domain", default="lab.local", help="its domain (default: %(default)s)")
    parser.add_argument("--address", required=True, type=IPv4Address, help="the address it listens on")
    parser.add_argument("--maintenance", action="store_true", help="answer as Exchange does in maintenance")
    parser.add_argument("--orders", action="store_true", help="obey the lines of standard input, and stop when it ends")
    parser.add_argument("--rpc-fault", type=RpcFault, choices=list(RpcFault), help="what is wrong with its endpoint mapper")
    parser.add_argument("--while-input", action="store_true", help="stop when standard input ends")
    for service in fields(Ports):
        option = f"--{service.name.replace('_', '-')}"
        parser.add_argument(option, type=int, metavar="PORT", help="its port; not served without it")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    ports = Ports(**{service.name: getattr(options, service.name) for service in fields(Ports)})
    certificate = make_certificate(f"{options.name}.{options.domain}", options.address, now=datetime.now(UTC))
    server = SimulatedExchange(
        name=options.name, domain=options.domain, address=options.address, ports=ports, certificate=certificate
    )
    server.machine.in_maintenance = options.maintenance
    server.machine.rpc_fault = options.rpc_fault
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if options.orders:
        loop.add_reader(sys.stdin.fileno(), _hear, server, stop)
    elif options.while_input:
        loop.add_reader(sys.stdin.fileno(), stop.set)  # nothing is ever written to it: readable means ended
    await server.start()
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    await stop.wait()
    await server.stop()


def _hear(server: SimulatedExchange, stop: asyncio.Event) -> None:
    """Obey a line, and answer it; who writes one waits for that before the next."""
    line = sys.stdin.readline()
    if not line:
        stop.set()
        return
    try:
        obey(server, line)
    except (ValueError, OSError) as error:
        sys.stdout.write(f"{error}\n")
    else:
        sys.stdout.write("done\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One simulated Exchange server as a process: `python -m bascule.lab --name EX1 --address 127.0.0.11 --https 10443`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address

from bascule.lab.certificate import make_certificate
from bascule.lab.orders import ORDERS
from bascule.lab.process import serve
from bascule.lab.release import NEWEST, RELEASES
from bascule.lab.server import SERVICES, Ports, SimulatedExchange


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM, ctrl-C or, when asked, the end of standard input; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options))
    except ValueError as error:
        sys.stderr.write(f"{options.name}: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{options.name}: cannot listen: {error}\n")
        return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bascule.lab",
        description="A simulation of an Exchange server, as balancers and clients see one: for demonstrations and tests.",
        epilog=f"orders, one to a line:\n\n{ORDERS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--name", required=True, help="its NetBIOS name")
    parser.add_argument("--domain", default="lab.local", help="its domain (default: %(default)s)")
    parser.add_argument("--address", required=True, type=IPv4Address, help="the address it listens on")
    parser.add_argument("--version", choices=RELEASES, default=NEWEST.version, help="of Exchange (default: %(default)s)")
    parser.add_argument("--order", action="append", default=[], metavar="ORDER", help="to follow at the start; repeatable")
    parser.add_argument("--orders", action="store_true", help="follow those of standard input, and stop when it ends")
    for service in SERVICES:
        option = f"--{service.replace('_', '-')}"
        parser.add_argument(option, type=int, metavar="PORT", help="its port; not served without it")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    server = SimulatedExchange(
        name=options.name,
        domain=options.domain,
        address=options.address,
        ports=Ports(**{service: getattr(options, service) for service in SERVICES}),
        certificate=make_certificate(f"{options.name}.{options.domain}", options.address, now=datetime.now(UTC)),
        release=RELEASES[options.version],
    )
    await serve(server, orders=options.order, follow=options.orders)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

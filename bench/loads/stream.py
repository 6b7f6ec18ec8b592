"""Eight streams from a server to the client, as fast as they go, by iperf3."""

import json
from dataclasses import dataclass

from bed.command import BedError
from bench.network import Network
from bench.services import STREAM


@dataclass(frozen=True, slots=True)
class Streamed:
    """What was carried."""

    mebibytes: float
    gigabits_per_second: float


def stream(network: Network, entrance: str, seconds: float) -> Streamed:
    """Carry for so many seconds (whole ones). Raises BedError where iperf3 fails."""
    argv = ["iperf3", "-J", "-R", "-P", "8", "-c", entrance, "-p", str(STREAM.ports[0]), "-t", str(max(1, round(seconds)))]
    done = network.client.run(*argv, check=False, timeout=seconds + 30)
    report = json.loads(done.stdout or "{}")
    if done.returncode or "error" in report:
        raise BedError(f"iperf3: exit {done.returncode}: {report.get('error', done.stderr)}")
    received = report["end"]["sum_received"]
    return Streamed(received["bytes"] / 2**20, received["bits_per_second"] / 1e9)

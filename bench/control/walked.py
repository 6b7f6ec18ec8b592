"""How many first packets of sessions pass a second, by the last rule: of few, of very many in runs, of many.

Every packet begins a session of its own, and walks all rules. The sender is Python, whose own time is in the figures.
"""

import time
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from bed.frames import Frame, Wire
from bed.kernel_relays import KernelRelays
from bed.netlab import NetLab
from bed.perimeter import Perimeter
from bench.control import wall
from bench.figures import Figure
from bench.targets import Target

FEW: Final = "50 rules"
RUNS: Final = f"{wall.RULES:,} rules in runs of {wall.RUN}"
MANY: Final = "500 rules that share nothing"
RATE: Final = Figure("first_packets", "first packets of sessions", "/s")
TARGETS: Final = (
    Target(title=f"{RUNS} beside {FEW}", contender=RUNS, figure=RATE, bound=0.8, at_least=True, beside=(FEW,)),
    Target(title=f"{MANY} beside {FEW}", contender=MANY, figure=RATE, bound=0.3, at_least=True, beside=(FEW,)),
)

_RULES: Final = {FEW: (50, 1), RUNS: (wall.RULES, wall.RUN), MANY: (500, 1)}
"""How many, and how many of them in a run."""
_PACKETS: Final = 30_000
_TOWARDS: Final = "10.90.1.1"


def measured(at: Path) -> Mapping[str, Mapping[Figure, float]]:
    """Return the rate with each set of rules, in a network of its own. Raises BedError."""
    with NetLab(Perimeter(servers=0)) as net:
        relays = KernelRelays(net["lb1"], at)
        net["dmz1"].nft("table inet t_silence { chain c_in { type filter hook input priority 0; policy drop; }\n}")
        with Wire(net["outside1"], "10.70.0.2") as wire:
            frames = [_frame(net["outside1"].ip, number).packed() for number in range(_PACKETS)]
            return {name: {RATE: _rate(relays, wire, frames, *rules)} for name, rules in _RULES.items()}


def _rate(relays: KernelRelays, wire: Wire, frames: Sequence[bytes], rules: int, run: int) -> float:
    relays.deploy(text(rules, run))
    relays.forget()
    begun = time.perf_counter()
    for frame in frames:
        wire.send_packed(frame, 4)
    return len(frames) / (time.perf_counter() - begun)


def text(rules: int, run: int) -> str:
    """Return the configuration: the packets of this benchmark pass by the last of the rules."""
    lines = "".join(f"\t{wall.rule(number, run)}\n" for number in range(rules))
    return f"""\
interface eth0 {{ address 10.70.0.2/16; }}
interface eth1 {{ address 10.80.0.2/16; }}
interface eth2 {{ address 10.90.0.2/16; }}
firewall {{
	zone internal {{ interface eth1; }}
{lines}	pass through proto udp to {_TOWARDS}
}}
"""


def _frame(source: str, number: int) -> Frame:
    return Frame(
        source=ip_address(source),
        source_port=20_000 + number,
        destination=ip_address(_TOWARDS),
        port=20_000,
        protocol="udp",
    )

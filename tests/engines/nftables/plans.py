"""Plans to put into effect: small ones, and any number of random ones."""

import random
from collections.abc import Collection, Mapping, Sequence

from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.model import MarkOwner, Plan
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, balancer, configured, relay, states

NO_MARKS: Mapping[MarkOwner, int] = {}
FIXED = relay("kept", listen=["10.80.0.10 port 443"], forward="check tcp mode roundrobin")
"""A relay that stands in every random configuration that has any."""
_NAMES = (
    "HTTPS",
    "Outlook 2010",
    "Grüße, <Welt>; {x}",
    "counter packets 5 bytes 7",
    "a_4",
    "a",
    "#",
    "* $x @y !",
    "x" * 63,
)
_MAXIMA = (" max sessions 3", " max sessions 2048", " max sessions 9000")
_LIMITS = ("max source sessions 5", "max source rate 5/s", "max source rate 70/s", "max half-open 40")
_MODES = ("source-hash", "roundrobin", "random", "loadbalance", "least-states")


def planned(
    *relays: str,
    hosts: Sequence[str] = ("10.80.2.1", "10.80.2.2", "10.80.2.3"),
    down: Collection[str] = (),
    marks: Mapping[MarkOwner, int] = NO_MARKS,
    key: int = 0x7F3A91C2,
) -> Plan:
    """Return the plan of these relays on a machine with one arm, with every host up that is not named."""
    text = ONE_ARM_BLOCK + balancer(*relays, hosts=hosts, key=key)
    situation = Situation(facts=ONE_ARM, marks=marks)
    plan = compile_plan(configured(text), situation)
    return redeal(plan, states(plan, down=down), situation.rankings)


def random_plan(chance: random.Random, marks: Mapping[MarkOwner, int], *, fixed: Sequence[str] = ()) -> Plan:
    """Return a random plan that goes on with these marks; `fixed` relays stand first in it."""
    hosts = [
        f"10.80.2.{n} weight {chance.choice([0, 1, 1, 2, 50])}{chance.choice(['', '', *_MAXIMA])}"
        for n in chance.sample(range(1, 9), chance.randrange(1, 5))
    ]
    hosts += [f"fd80::2:{n}" for n in chance.sample(range(1, 9), chance.randrange(1, 3))]
    if fixed:
        hosts = ["10.80.2.1", "10.80.2.2", *(host for host in hosts if host.split()[0] not in ("10.80.2.1", "10.80.2.2"))]
    names = chance.sample(_NAMES, chance.randrange(5))
    relays = [_random_relay(chance, name, 1000 + number * 10) for number, name in enumerate(names)]
    down = [host.split()[0] for host in hosts if chance.random() < 0.3]
    return planned(*fixed, *relays, hosts=hosts, down=down, marks=marks, key=chance.choice([1, 0x7F3A91C2]))


def _random_relay(chance: random.Random, name: str, port: int) -> str:
    addresses = chance.sample(["10.80.0.10", "10.80.0.2", "fd80::10", "fd80::2"], chance.randrange(1, 5))
    kind = chance.choice(["relay", "redirect"])
    statements = [f"session timeout {chance.choice([60, 2400, 7200])}"]
    if chance.random() < 0.4:
        statements.append(f"sticky-address timeout {chance.choice(['30m', '7201', '25h'])}")
    if chance.random() < 0.3:
        statements.append(f'affinity "{chance.choice(["a", "a b"])}"')
    if kind == "relay" and chance.random() < 0.4:
        statements.append(
            f"source {chance.choice(['10.80.0.10-10.80.0.11', '10.80.0.10-10.80.0.14', '10.80.0.1-10.80.0.4'])}"
        )
    if chance.random() < 0.2:
        alone = kind == "relay" and len(statements) == 1
        statements.append("source fd80::10-fd80::1f" if alone else "on down keep")
    if chance.random() < 0.3:
        statements.append("on empty drop")
    limits = chance.sample(_LIMITS, chance.choice([0, 0, 1, 2]))
    statements += {limit.rpartition(" ")[0]: limit for limit in limits}.values()
    forward = f"check {chance.choice(['tcp', 'icmp'])} mode {chance.choice(_MODES)}"
    if chance.random() < 0.5:
        forward = f"port {chance.choice([443, 8443])} {forward}"
    listen = [f"{address} {place}" for address in addresses for place in _places(chance, kind, port)]
    return relay(name, *statements, listen=listen, forward=forward, kind=kind)


def _places(chance: random.Random, kind: str, port: int) -> Sequence[str]:
    """Return one or two places of an address: single ports, ranges, of both transports, of one interface."""
    transports = ["", "udp "] if kind == "redirect" else [""]
    ends = [chance.choice(["", f":{port + 4}"]), chance.choice(["", f":{port + 9}"])]
    places = [
        f"{chance.choice(transports)}port {first}{last}{chance.choice(['', '', ' interface eth0'])}"
        for first, last in zip((port, port + 5), ends, strict=True)
    ]
    return places[: chance.randrange(1, 3)]

"""What rules of the firewall log, as events: so many a second, and how many more there were."""

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol

from bascule.config.firewall import Action
from bascule.plan.firewall import FirewallPlan, RulePlan
from bascule.plan.idents import idents
from bascule.service.events import EventKind, Grade, PacketRow
from bascule.service.local.journal import Journal
from bascule.service.local.running import Running
from bascule.system.clock import Clock
from bascule.system.errors import MachineError
from bascule.system.packet_log import LoggedPacket, PacketLog

TICK: Final = 1.0
"""Seconds in which `MOST` packets are told one by one."""

MOST: Final = 20

AGAIN: Final = 5.0
"""Seconds until what the kernel would not is tried again."""

_DOES: Final[Mapping[Action, str]] = {Action.PASS: "passes", Action.BLOCK: "blocks", Action.REJECT: "rejects"}


class Runs(Protocol):
    """The balancer, as far as the log concerns it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...


class FirewallLog:
    """Listens while a rule of what runs logs."""

    def __init__(self, packets: PacketLog, balancer: Runs, journal: Journal, *, clock: Clock) -> None:
        self._packets = packets
        self._balancer = balancer
        self._journal = journal
        self._clock = clock
        self._told = 0
        self._more = 0
        self._known: tuple[FirewallPlan, Mapping[str, RulePlan]] = (FirewallPlan(), {})
        self._trouble = ""

    def findings(self) -> tuple[str, ...]:
        """Return why nothing is heard of what rules log; empty where all is."""
        return (self._trouble,) if self._trouble else ()

    async def watch(self) -> None:
        """Tell of packets, until cancelled."""
        while True:
            if self._logs():
                try:
                    with self._packets.follow(self._heard, self._lost):
                        self._trouble = ""
                        while self._logs():
                            await self._clock.sleep(TICK)
                            self._tell_more()
                except MachineError as error:
                    self._trouble = f"what rules of the firewall log is not heard: could not {error}"
                    await self._clock.sleep(AGAIN)
            else:
                self._trouble = ""
                await self._clock.sleep(TICK)

    def _logs(self) -> bool:
        firewall = self._balancer.running.plan.firewall
        return firewall is not None and any(each.rule.log for each in firewall.rules)

    def _heard(self, packet: LoggedPacket) -> None:
        if self._told >= MOST:
            self._more += 1
            return
        self._told += 1
        rule = self._rule(packet.prefix)
        row = PacketRow(
            protocol=packet.protocol,
            source=str(packet.source),
            source_port=packet.source_port,
            to=str(packet.to),
            port=packet.port,
            entered=_interface(packet.entered),
            leaves=_interface(packet.leaves),
        )
        title = "a rule that is gone" if rule is None else _titled(rule)
        does = "logged" if rule is None else _DOES[rule.rule.action]
        label = "" if rule is None else rule.rule.title
        self._journal.packet(f"{title} {does} {_words(row)}", row, rule=label)

    def _lost(self) -> None:
        self._more += 1

    def _tell_more(self) -> None:
        """Say how many there were beyond those that were told, and begin a new count."""
        if self._more:
            words = f"rules of the firewall logged at least {self._more} more packets within a second"
            self._journal.note(EventKind.FIREWALL, words, grade=Grade.INFO, number=self._more)
        self._told = self._more = 0

    def _rule(self, prefix: str) -> RulePlan | None:
        firewall = self._balancer.running.plan.firewall
        if firewall is None:
            return None
        if self._known[0] is not firewall:
            rules = firewall.all_rules
            # of a run, whose rules share their ident, the first stands for all
            self._known = firewall, {ident: rules[index] for index, ident in reversed([*idents(firewall).items()])}
        return self._known[1].get(prefix.strip())


def _titled(rule: RulePlan) -> str:
    line = f" (line {rule.span.line})" if rule.span.line else ""
    return f'rule "{rule.rule.label}"{line}' if rule.rule.label else f"rule {rule.cause or rule.rule.text}{line}"


def _words(row: PacketRow) -> str:
    """Return a packet as people read it: `tcp 203.0.113.7:4711 -> 10.2.0.10:25, in by eth0`."""
    ways = [f"in by {row.entered}" if row.entered else "", f"out by {row.leaves}" if row.leaves else ""]
    ends = f"{_place(row.source, row.source_port)} -> {_place(row.to, row.port)}"
    return ", ".join([f"{row.protocol} {ends}", *(way for way in ways if way)])


def _place(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _interface(index: int) -> str:
    """Return an interface's name; empty where there is none, or it is gone."""
    if index:
        with suppress(OSError):
            return socket.if_indextoname(index)
    return ""

"""What is another than before: hosts by relay, and relays that serve clients again or no more. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bascule.health.states import HostStates
from bascule.plan.model import NO_HOST, HostState, Plan, PoolHost, ProbeTarget
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal, Subject

States = Mapping[ProbeTarget, HostState]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An event that has no time yet."""

    kind: EventKind
    words: str
    grade: Grade = Grade.INFO
    subject: Subject

    def tell(self, journal: Journal) -> None:
        """Have a journal keep it."""
        journal.note(self.kind, self.words, grade=self.grade, **self.subject)


def host_news(plan: Plan, before: States, after: States, hosts: HostStates) -> Iterator[News]:
    """Yield what there is to say of each host of each relay whose state is another than it was."""
    told: set[tuple[str, ProbeTarget]] = set()
    for relay in plan.relays:
        for host in relay.pool.hosts:
            target = host.target
            if target is None or (relay.name, target) in told:
                continue
            told.add((relay.name, target))
            state = after.get(target, HostState.UNKNOWN)
            if state is not before.get(target, HostState.UNKNOWN):
                reason = hosts.records[target].reason if state is HostState.DOWN else ""
                yield _host_news(relay.name, host, state, reason)


def _host_news(relay: str, host: PoolHost, state: HostState, reason: str) -> News:
    return News(
        kind=EventKind.HOST,
        words=f"relay {relay}: host {host.label} ({host.endpoint}) is {state}{reason and f': {reason}'}",
        grade=Grade.INFO if state is HostState.UP else Grade.WARNING,
        subject=Subject(relay=relay, host=host.label, address=str(host.endpoint), state=state, reason=reason),
    )


def relay_news(before: Plan, after: Plan) -> Iterator[News]:
    """Yield what there is to say of each relay that serves clients again, or none any more."""
    earlier, now = _serving(before), _serving(after)
    for name, serves in now.items():
        if earlier.get(name, False) != serves:
            state, words = ("active", "serves clients") if serves else ("down", "serves no client: no host is up")
            grade = Grade.INFO if serves else Grade.WARNING
            yield News(
                kind=EventKind.RELAY, words=f"relay {name} {words}", grade=grade, subject=Subject(relay=name, state=state)
            )


def _serving(plan: Plan) -> Mapping[str, bool]:
    """Return whether a client of each relay finds a host."""
    serving: dict[str, bool] = {}
    for relay in plan.relays:
        serving[relay.name] = serving.get(relay.name, False) or any(slot != NO_HOST for slot in relay.pool.slots)
    return serving

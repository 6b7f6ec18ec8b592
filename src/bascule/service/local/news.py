"""What is another than before: hosts by relay, and relays that serve clients again or no more. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bascule.health.states import HostStates
from bascule.plan.fullness import Member
from bascule.plan.model import NO_HOST, HostState, Plan, PoolHost, ProbeTarget, RelayPlan
from bascule.plan.standing import groups, torn
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal, Subject

States = Mapping[ProbeTarget, HostState]


_REASONED: Final = frozenset({HostState.DOWN, HostState.MAINTENANCE})


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
    resting = {target.endpoint.address for target, state in after.items() if state is HostState.MAINTENANCE}
    for relay in plan.relays:
        for host in relay.pool.hosts:
            target = host.target
            if target is None or (relay.name, target) in told:
                continue
            told.add((relay.name, target))
            state = after.get(target, HostState.UNKNOWN)
            if state is not before.get(target, HostState.UNKNOWN):
                reason = hosts.records[target].reason if state in _REASONED else ""
                yield _host_news(relay, host, state, reason, meant=target.endpoint.address in resting)


def _host_news(relay: RelayPlan, host: PoolHost, state: HostState, reason: str, *, meant: bool) -> News:
    """Return the news of one host; `meant` says that its server is in Exchange's maintenance, which alarms nobody."""
    said = reason if state is HostState.MAINTENANCE else f"{state}{reason and f': {reason}'}"
    return News(
        kind=EventKind.HOST,
        words=f"{relay.title}: host {host.label} ({host.endpoint}) is {said}",
        grade=Grade.INFO if state is HostState.UP or meant else Grade.WARNING,
        subject=Subject(relay=relay.name, host=host.label, address=str(host.endpoint), state=state, reason=reason),
    )


def relay_news(before: Plan, after: Plan) -> Iterator[News]:
    """Yield what there is to say of each relay that serves clients again, or none any more, or from another table."""
    earlier, now = _serving(before), _serving(after)
    titles = {relay.name: relay.title for relay in after.relays}
    for name, tables in now.items():
        known = earlier.get(name, frozenset())
        if not tables and known:
            words = f"{titles[name]} serves no client: {_lack(after, name)}"
            subject = Subject(relay=name, state="down")
            yield News(kind=EventKind.RELAY, words=words, grade=Grade.WARNING, subject=subject)
        elif tables and not known:
            words, subject = f"{titles[name]} serves clients", Subject(relay=name, state="active")
            yield News(kind=EventKind.RELAY, words=words, subject=subject)
        else:
            for table in sorted(tables - known):
                subject = Subject(relay=name, table=table, state="active")
                yield News(
                    kind=EventKind.TABLE, words=f"{titles[name]}: table <{table}> takes its clients", subject=subject
                )


def fullness_news(plan: Plan, before: frozenset[Member], after: frozenset[Member]) -> Iterator[News]:
    """Yield what there is to say of each host that has all the sessions it may have, or room again."""
    hosts = {Member.of(host): host for relay in plan.relays for host in relay.pool.hosts}
    for member in sorted((before ^ after) & hosts.keys(), key=str):
        host, full = hosts[member], member in after
        words = "is full and takes no new clients" if full else "has room for clients again"
        subject = Subject(table=member.table, host=host.label, address=str(member.address), state="full" if full else "up")
        yield News(
            kind=EventKind.HOST,
            words=f"table <{member.table}>: host {host.label} {words} (max sessions {host.max_sessions})",
            grade=Grade.WARNING if full else Grade.INFO,
            subject=subject,
        )


def group_news(plan: Plan, before: States, after: States) -> Iterator[News]:
    """Yield what there is to say of each affinity group whose clients may be split now, or are together again."""
    earlier, now = torn(plan, before), torn(plan, after)
    for name in groups(plan):
        if (name in earlier) == (name in now):
            continue
        split = name in now
        words = "no host is up on every service, so each goes by its own checks" if split else "clients stay together again"
        yield News(
            kind=EventKind.AFFINITY,
            words=f'affinity "{name}": {words}',
            grade=Grade.WARNING if split else Grade.INFO,
            subject=Subject(state="split" if split else "together"),
        )


def _lack(plan: Plan, name: str) -> str:
    """Return why a relay has no host for its clients."""
    full = any(host.full for relay in plan.relays if relay.name == name for host in relay.pool.hosts)
    return "every host that is up is full" if full else "no host is up"


def _serving(plan: Plan) -> Mapping[str, frozenset[str]]:
    """Return the tables that take clients of each relay now."""
    serving: dict[str, frozenset[str]] = {}
    for relay in plan.relays:
        hosts = [relay.pool.hosts[index] for index in set(relay.pool.slots) - {NO_HOST}]
        serving[relay.name] = serving.get(relay.name, frozenset()) | {host.table for host in hosts}
    return serving

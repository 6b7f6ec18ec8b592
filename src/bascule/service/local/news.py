"""What is another than before: hosts by relay, and relays that serve clients again or no more. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

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


def standing_news(plan: Plan, before: States, after: States) -> Iterator[News]:
    """Yield what there is to say of groups and tables."""
    yield from group_news(plan, before, after)
    yield from last_host_news(plan, before, after)


def last_host_news(plan: Plan, before: States, after: States) -> Iterator[News]:
    """Yield what there is to say of each table of several hosts of which one alone is up for a relay, or more again.

    A table none of whose hosts is up is told by its relays.
    """
    earlier, now = _fewest(plan, before), _fewest(plan, after)
    for table, fewest in now.items():
        known = earlier.get(table)
        if fewest == known:
            continue
        if len(fewest.up) == 1:
            words = f"table <{table}>: host {fewest.up[0]} alone is left for {fewest.relay}"
            subject = Subject(table=table, host=fewest.up[0], state="last")
            yield News(kind=EventKind.TABLE, words=words, grade=Grade.WARNING, subject=subject)
        elif len(fewest.up) > 1 and known is not None and len(known.up) <= 1:
            words, subject = f"table <{table}>: more than one host is up again", Subject(table=table, state="several")
            yield News(kind=EventKind.TABLE, words=words, subject=subject)


class _Fewest(NamedTuple):
    """The relay that has the fewest hosts of a table, and those."""

    relay: str
    up: Sequence[str]


def _fewest(plan: Plan, states: States) -> Mapping[str, _Fewest]:
    """Return it for each table of several hosts; of those with a host that was not probed yet nothing is known."""
    found: dict[str, _Fewest] = {}
    for relay in plan.relays:
        for table in {host.table: None for host in relay.pool.hosts}:
            hosts = {host.target: host for host in relay.pool.hosts if host.table == table and host.target is not None}
            known = {target: states.get(target, HostState.UNKNOWN) for target in hosts}
            up = [hosts[target].label for target, state in known.items() if state is HostState.UP]
            if len(hosts) > 1 and HostState.UNKNOWN not in known.values():
                fewest = found.setdefault(table, _Fewest(relay.title, up))
                if len(up) < len(fewest.up):
                    found[table] = _Fewest(relay.title, up)
    return found


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

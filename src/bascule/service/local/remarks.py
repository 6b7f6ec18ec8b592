"""What is not as it should be of hosts that are up: events when it begins and ends, rows while it stands. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from bascule.config.model import IcmpCheck, RpcCheck, ScriptCheck, TcpCheck
from bascule.health.findings import Remark, SeenCertificate
from bascule.health.states import HostStates, Record
from bascule.plan.model import HostState, Plan, PoolHost, ProbeTarget
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Subject
from bascule.service.local.news import News

_OTHERS_SHOWN: Final = 3
_BLIND: Final = (IcmpCheck, TcpCheck, RpcCheck, ScriptCheck)
"""Checks that never see a certificate."""

Members = Mapping[ProbeTarget, PoolHost]
"""The targets of a plan, each with a host that it is probed for."""


def remark_news(plan: Plan, target: ProbeTarget, before: HostStates, after: HostStates) -> Iterator[News]:
    """Yield what there is to say after one result for a target; mostly nothing, and then it costs nothing."""
    old, new = before.records.get(target), after.records.get(target)
    if old is None or new is None:
        return
    if old.noted != new.noted:
        host = next(host for host in _hosts(plan) if host.target == target)
        yield from _changed(host, old.remarks, new.remarks)
    first = not old.checks and bool(new.checks) and not isinstance(target.check, _BLIND)
    if first or _print(old) != _print(new):
        yield from _certificates_changed(plan, target, before, after)


def host_remarks(plan: Plan, hosts: HostStates) -> Mapping[ProbeTarget, Sequence[str]]:
    """Return what stands of each target, in words; targets of which nothing is to be said are left out."""
    different = differing(plan, hosts)
    found = {
        target: [*(remark.words for remark in record.remarks), *([different[target]] if target in different else [])]
        for target, record in hosts.records.items()
    }
    return {target: words for target, words in found.items() if words}


def remark_findings(plan: Plan, hosts: HostStates) -> Sequence[str]:
    """Return a sentence for each host and what stands of it."""
    members = {host.target: host for host in _hosts(plan)}
    found = (
        f"host {members[target].label} ({target.endpoint}): {words}"
        for target, said in host_remarks(plan, hosts).items()
        if target in members
        for words in said
    )
    return [*dict.fromkeys(found)]  # a host that several checks ask tells most of it to each


def resting_hosts(plan: Plan, states: Mapping[ProbeTarget, HostState], hosts: HostStates) -> Sequence[str]:
    """Return a sentence for each host that is in Exchange's maintenance."""
    found = {
        host.label: hosts.records[host.target].reason
        for host in _hosts(plan)
        if host.target is not None and states.get(host.target) is HostState.MAINTENANCE
    }
    return [f"host {label} takes no new clients: {reason}" for label, reason in found.items()]


def differing(plan: Plan, hosts: HostStates) -> Mapping[ProbeTarget, str]:
    """Return the targets that show another certificate than most hosts of their table do at that port, in words.

    Microsoft Learn, "Load balancing in Exchange Server": the cookie of a login is encrypted with the certificate, so all
    servers must share one. A table is judged when every host of it has been probed.
    """
    return _all_differing(_together(_hosts(plan)), hosts)


def _together(hosts: Iterable[PoolHost]) -> Sequence[Members]:
    """Return the hosts that should show one certificate: of one table, at one port."""
    together: defaultdict[tuple[str, int], dict[ProbeTarget, PoolHost]] = defaultdict(dict)
    for host in hosts:
        if host.target is not None:
            together[host.table, host.target.endpoint.port].setdefault(host.target, host)
    return list(together.values())


def _companions(plan: Plan, target: ProbeTarget) -> Sequence[Members]:
    """Return those of them that a target is among; with each result, so hosts of other tables are passed over."""
    tables = {host.table for host in _hosts(plan) if hash(host.target) == hash(target)}
    return [each for each in _together(host for host in _hosts(plan) if host.table in tables) if target in each]


def _all_differing(groups: Iterable[Members], hosts: HostStates) -> Mapping[ProbeTarget, str]:
    found: dict[ProbeTarget, str] = {}
    for members in groups:
        found |= _differing(members, hosts)
    return found


def _differing(members: Members, hosts: HostStates) -> Mapping[ProbeTarget, str]:
    records = {target: hosts.records.get(target, Record(since=0.0)) for target in members}
    if not all(record.checks for record in records.values()):
        return {}
    shown = {target: seen for target, record in records.items() if (seen := record.findings.certificate) is not None}
    if len({seen.fingerprint for seen in shown.values()}) < 2:  # noqa: PLR2004 - one is what it should be
        return {}
    usual = Counter(seen.fingerprint for seen in shown.values()).most_common(1)[0][0]
    others = [*dict.fromkeys(members[target].label for target, seen in shown.items() if seen.fingerprint == usual)]
    named = ", ".join(others[:_OTHERS_SHOWN]) + (", …" if len(others) > _OTHERS_SHOWN else "")
    return {
        target: f"shows another certificate ({_briefly(seen)}) than {named}: who moves there must log in again"
        for target, seen in shown.items()
        if seen.fingerprint != usual
    }


def _briefly(seen: SeenCertificate) -> str:
    return f"SHA-256 {seen.fingerprint[:8]}…, until {datetime.fromtimestamp(seen.until, UTC):%Y-%m-%d}"


def _print(record: Record) -> str:
    certificate = record.findings.certificate
    return "" if certificate is None else certificate.fingerprint


def _changed(host: PoolHost, before: Sequence[Remark], after: Sequence[Remark]) -> Iterator[News]:
    known, now = {remark.about for remark in before}, {remark.about for remark in after}
    for remark in after:
        if remark.about not in known:
            yield _news(host, remark.words, warns=True)
    for remark in before:
        if remark.about not in now:
            yield _news(host, remark.words, warns=False)


def _certificates_changed(plan: Plan, target: ProbeTarget, before: HostStates, after: HostStates) -> Iterator[News]:
    groups = _companions(plan, target)
    known, now = _all_differing(groups, before), _all_differing(groups, after)
    hosts = {each: host for members in groups for each, host in members.items()}
    begun = {each.endpoint: (hosts[each], words) for each, words in now.items() if each not in known}
    ended = {each.endpoint: (hosts[each], words) for each, words in known.items() if each not in now}
    for host, words in begun.values():
        yield _news(host, words, warns=True)
    for host, words in ended.values():
        yield _news(host, words, warns=False)


def _news(host: PoolHost, words: str, *, warns: bool) -> News:
    said = words if warns else f"no longer so: {words}"
    where = str(host.endpoint if host.target is None else host.target.endpoint)
    return News(
        kind=EventKind.HOST,
        words=f"table <{host.table}>: host {host.label} ({where}): {said}",
        grade=Grade.WARNING if warns else Grade.INFO,
        subject=Subject(
            table=host.table, host=host.label, address=where, state="warned" if warns else "well", reason=words
        ),
    )


def _hosts(plan: Plan) -> Iterator[PoolHost]:
    return (host for relay in plan.relays for host in relay.pool.hosts)

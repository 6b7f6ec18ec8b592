"""What a deployment changes in the firewall, in effect: who is let in, blocked and forwarded from now on. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bascule.config.firewall import Action, Direction, End, Network, Protocol, Rule, shown
from bascule.plan.firewall import FirewallPlan, Purpose, TablePlan, ZonePlan

MOST_RULES: Final = 14
MOST_OTHERS: Final = 6
"""Sentences about rules, and about zones, tables and translations; the others are counted."""

_NOTHING: Final = FirewallPlan()


def effects_of_firewall(before: FirewallPlan | None, after: FirewallPlan | None) -> Sequence[str]:
    """Return what changes for packets that no relay carries, a sentence each, some twenty at most."""
    if after is None:
        return [] if before is None else ["packets that no relay touched are not judged any more: there is no firewall"]
    old, new = before or _NOTHING, after
    begins = "packets that no relay touched are judged from now on: `in` and `through` block what no rule passes"
    ends = "sessions through this machine that its kernel did not track until now end: their ends begin new ones"
    others = [*_zones(old, new), *_tables(old, new), *_nats(old, new)]
    return [
        *([begins, ends] if before is None else []),
        *_administrators(old, new),
        *_bounded(others, MOST_OTHERS, "zones, tables and translations change"),
        *_bounded(_rules(old, new), MOST_RULES, "rules change"),
    ]


def _bounded(sentences: Sequence[str], most: int, what: str) -> Sequence[str]:
    left = len(sentences) - most
    return [*sentences[:most], f"and {left} more {what}"] if left > 1 else sentences


# --- who administers, zones, tables, translations ------------------------------------------------------------------------


def _administrators(old: FirewallPlan, new: FirewallPlan) -> Iterator[str]:
    before, after = _admitted(old), _admitted(new)
    if before != after and after is not None:
        yield f"ssh and the admin server are open to {_list(after)}, unless a rule says otherwise"


def _admitted(plan: FirewallPlan) -> Sequence[str] | None:
    """Return whom generated rules let administer; None where there are none."""
    found = [_who(each.rule) for each in plan.after if each.purpose is Purpose.ADMIN]
    return list(dict.fromkeys(found)) or None


def _zones(old: FirewallPlan, new: FirewallPlan) -> Iterator[str]:
    known = _interfaces(old) | _interfaces(new)
    before, after = ({zone.name: _networks_of(zone, plan, known) for zone in plan.zones} for plan in (old, new))
    for name, networks in after.items():
        if name not in before:
            yield f"zone {name} is new"
        elif before[name] != networks:
            yield f"zone {name} has other networks or interfaces"
    yield from (f"zone {name} is gone" for name in before if name not in after)


def _interfaces(plan: FirewallPlan) -> frozenset[str]:
    """Return the interfaces that zones name, and the empty name of all others."""
    return frozenset({"", *(region.interface for zone in plan.zones for region in zone.regions)})


def _networks_of(zone: ZonePlan, plan: FirewallPlan, known: Iterable[str]) -> Mapping[str, Sequence[Network]]:
    """Return what a zone has of each interface, also of those that no zone of its plan names."""
    named, own = _interfaces(plan), {region.interface: region.networks for region in zone.regions}
    return {name: own.get(name if name in named else "", ()) for name in known}


def _tables(old: FirewallPlan, new: FirewallPlan) -> Iterator[str]:
    before: Mapping[str, TablePlan] = {table.name: table for table in old.tables}
    after: Mapping[str, TablePlan] = {table.name: table for table in new.tables}
    for name, table in after.items():
        was = before.get(name, TablePlan(name=name, networks=()))
        gained = len(frozenset(table.networks).difference(was.networks))
        lost = len(frozenset(was.networks).difference(table.networks))
        if name not in before:
            yield f"table <{name}> is new, with {_networks(gained)}"
        elif gained or lost:
            yield f"table <{name}> gains {_networks(gained)} and loses {lost}"
        if name in before and table.timeout != was.timeout:
            stays = "for ever" if table.timeout is None else f"for {table.timeout} s"
            yield f"what a command puts into table <{name}> stays {stays}"
    yield from (f"table <{name}> is gone, with what commands put in" for name in before if name not in after)


def _networks(number: int) -> str:
    return f"{number or 'no'} network{'' if number == 1 else 's'}"


def _nats(old: FirewallPlan, new: FirewallPlan) -> Iterator[str]:
    for nat in new.nats:
        if nat not in old.nats:
            yield f"what zone {nat.from_zone} sends to zone {nat.to_zone} leaves with our address"
    for nat in old.nats:
        if nat not in new.nats:
            yield f"what zone {nat.from_zone} sends to zone {nat.to_zone} does not leave with our address any more"


# --- rules ---------------------------------------------------------------------------------------------------------------


def _rules(old: FirewallPlan, new: FirewallPlan) -> Sequence[str]:
    """Return what rules that come and go change; one that is only logged or called otherwise does neither."""
    before, after = [each.rule for each in old.rules], [each.rule for each in new.rules]
    came, gone = Counter(after) - Counter(before), Counter(before) - Counter(after)
    left = Counter(map(_bare, gone.elements()))
    said: list[str] = []
    renamed: Counter[Rule] = Counter()
    for rule in came.elements():
        if renamed[_bare(rule)] < left[_bare(rule)]:
            renamed[_bare(rule)] += 1
            said.append(f"a rule is {'logged' if rule.log else 'not logged'}, and called: {rule.title}")
        else:
            said.append(_sentence(rule, comes=True))
    for rule in gone.elements():
        if renamed[_bare(rule)]:
            renamed[_bare(rule)] -= 1
        else:
            said.append(_sentence(rule, comes=False))
    common = Counter(before) & Counter(after)
    if _of(before, common) != _of(after, common):
        said.append("rules that stay are asked in another order: the first that matches decides")
    return said


def _of(rules: Sequence[Rule], wanted: Counter[Rule]) -> Sequence[Rule]:
    """Return the rules that are wanted, as often as they are, in their order."""
    left = wanted.copy()
    found = []
    for rule in rules:
        if left[rule]:
            left[rule] -= 1
            found.append(rule)
    return found


def _bare(rule: Rule) -> Rule:
    return replace(rule, log=False, label="")


def _sentence(rule: Rule, *, comes: bool) -> str:
    """Return what a rule does from now on, or does not any more; of one that is hard to put in words, its title."""
    told = _told(rule)
    if told is None:
        return f"a rule is {'new' if comes else 'gone'}: {rule.title}"
    called = f" ({rule.label})" if rule.label else ""
    return f"{told[0]}{called}" if comes else f"{told[1]} any more{called}"


def _told(rule: Rule) -> tuple[str, str] | None:
    """Return what a rule does, and, but for the last words, that it does so no more; None where that takes many words."""
    ports = rule.to.ports
    if rule.source.ports is not None:
        return None
    if rule.forward is not None:
        port = "" if rule.forward.port is None else f" port {rule.forward.port}"
        who = "" if _who(rule) == "everyone" else f" for {_who(rule)}"
        to = f"forwarded to {rule.forward.address}{port}{who}"
        return f"{_place(rule)} is {to}", f"{_place(rule)} is not {to}"
    if rule.action is Action.PASS and rule.direction is Direction.IN and ports is not None:
        who = f"{_who(rule)}, within limits" if rule.limit else _who(rule)
        return f"{_place(rule)} opens to {who}", f"{_place(rule)} is not open to {who}"
    if rule.action is Action.PASS or rule.direction is Direction.OUT or rule.source.anywhere:
        return None
    if rule.zone or rule.protocol or ports or not rule.to.anywhere:
        return None
    what = f"{rule.action}ed{' on its way through' if rule.direction is Direction.THROUGH else ''}"
    return f"{_end(rule.source)} is {what}", f"{_end(rule.source)} is not {what}"


def _place(rule: Rule) -> str:
    kind = {Protocol.UDP: "UDP port", None: "port (TCP and UDP)"}.get(rule.protocol, "port")
    of = "" if rule.to.anywhere else f" of {_end(rule.to)}"
    return f"{kind} {rule.to.ports}{of}"


def _who(rule: Rule) -> str:
    """Return whom a rule takes packets from."""
    zone = f"zone {rule.zone}" if rule.zone else ""
    if rule.source.anywhere:
        return zone or "everyone"
    return f"{_end(rule.source)} in {zone}" if zone and rule.source.zone != rule.zone else _end(rule.source)


def _end(end: End) -> str:
    if end.network is not None:
        return shown(end.network)
    return f"zone {end.zone}" if end.zone else f"table <{end.table}>"


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

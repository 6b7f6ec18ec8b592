"""From two rulesets to the script of one nft transaction that leads from the one to the other, in place.

The table is never deleted: that would take the time-out off every live session, and empty counters and sets. Chains are
flushed and refilled; sets, maps and time-out policies are added and removed one by one.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from bascule.engines.nftables.ruleset import FAMILY, KEEP, TABLE, Chain, NamedSet, Ruleset

_OURS: Final = f"{FAMILY} {TABLE}"
_SLOTS: Final = re.compile(rf"(?:add|delete) element {_OURS} (m_slots_\S+) ")
_BATCH: Final = 1024
"""Elements a line; nft reads any number, people who read a failed script do not."""


def transaction(desired: Ruleset, observed: Ruleset | None) -> str:
    """Return the script that makes `observed` equal to `desired`; empty where they are equal."""
    before = observed or Ruleset()
    lines = [*_policies(desired, before), *_objects(desired, before)]
    if not lines and observed is not None and observed.kept:
        return ""
    return "\n".join([*_foundation(), *lines]) + "\n"


def elements(name: str, before: NamedSet, after: NamedSet) -> Iterator[str]:
    """Yield the commands that bring the elements of a set or map from one state to another."""
    if before == after:
        return
    gone = [key for key in before.elements if _entry(before, key) != _entry(after, key)]
    new = [key for key in after.elements if _entry(after, key) != _entry(before, key)]
    for batch in _batches(gone):
        yield f"delete element {_OURS} {name} {{ {', '.join(batch)} }}"
    for batch in _batches([_written(after, key) for key in new]):
        yield f"add element {_OURS} {name} {{ {', '.join(batch)} }}"


def removal() -> str:
    """Return the script that takes our table away; the empty nat chains of the other stay."""
    return "\n".join((*_foundation(), f"delete table {_OURS}")) + "\n"


def _foundation() -> Iterator[str]:
    keep = f"{FAMILY} {KEEP}"
    yield f"add table {keep}"
    yield f"add chain {keep} c_pre {{ type nat hook prerouting priority 0; policy accept; }}"
    yield f"add chain {keep} c_post {{ type nat hook postrouting priority 0; policy accept; }}"
    yield f"add table {_OURS}"


def _policies(desired: Ruleset, before: Ruleset) -> Iterator[str]:
    """Time-out policies are only ever added: deleting one takes the time-out off every session that has it."""
    for name, seconds in desired.timeouts.items():
        if name not in before.timeouts:
            values = ", ".join(f"{state} : {seconds}" for state in ("established", "close_wait", "fin_wait"))
            yield f"add ct timeout {_OURS} {name} {{ protocol tcp; policy = {{ {values} }}; }}"


def _objects(desired: Ruleset, before: Ruleset) -> Iterator[str]:
    remade = {name for name, chain in desired.chains.items() if _rehooked(chain, before.chains.get(name))}
    dropped = [name for name in before.chains if name not in desired.chains]
    retyped = {name for name, wanted in desired.sets.items() if _retyped(wanted, before.sets.get(name))}
    changed = [
        name for name, chain in desired.chains.items() if chain != before.chains.get(name) or _refers(chain, retyped)
    ]
    unwanted = [name for name in before.sets if name not in desired.sets or name in retyped]
    yield from (f"add counter {_OURS} {name}" for name in sorted(desired.counters - before.counters))
    # what refers goes first, what is referred to last
    yield from (f"flush chain {_OURS} {name}" for name in [*changed, *dropped] if name in before.chains)
    yield from (f"delete chain {_OURS} {name}" for name in remade)
    verdicts = {name: wanted for name, wanted in before.sets.items() if wanted.verdicts}
    for name, old in verdicts.items():
        kept = desired.sets.get(name, NamedSet(old.type))
        stays = {key: value for key, value in old.elements.items() if kept.elements.get(key) == value}
        yield from elements(name, old, NamedSet(old.type, stays))
    yield from (f"delete chain {_OURS} {name}" for name in dropped)
    yield from (f"delete {before.sets[name].keyword} {_OURS} {name}" for name in unwanted)
    yield from (_chain(name, desired.chains[name]) for name in changed if name not in before.chains or name in remade)
    for name, wanted in desired.sets.items():
        there = before.sets.get(name) if name not in retyped else None
        if there is None:
            yield f"add {wanted.keyword} {_OURS} {name} {{ {wanted.type}; }}"
        if not wanted.dynamic:
            yield from elements(name, _without_verdicts(there, wanted), wanted)
    yield from (f"delete counter {_OURS} {name}" for name in sorted(before.counters - desired.counters))
    for name in changed:
        yield from (f"add rule {_OURS} {name} {rule}" for rule in desired.chains[name].rules)


def _without_verdicts(old: NamedSet | None, wanted: NamedSet) -> NamedSet:
    """Return what is left of a set's old elements when a map's verdicts that are gone have been deleted before."""
    if old is None:
        return NamedSet(wanted.type)
    if not wanted.verdicts:
        return old
    return NamedSet(old.type, {key: value for key, value in old.elements.items() if wanted.elements.get(key) == value})


def _chain(name: str, chain: Chain) -> str:
    return f"add chain {_OURS} {name}" + (f" {{ {chain.hook} }}" if chain.hook else "")


def _rehooked(chain: Chain, old: Chain | None) -> bool:
    return old is not None and old.hook != chain.hook


def _retyped(wanted: NamedSet, old: NamedSet | None) -> bool:
    return old is not None and old.type != wanted.type


def _refers(chain: Chain, sets: Collection[str]) -> bool:
    """Return whether a chain names one of these sets; a longer name that begins like it costs a refill, no more."""
    return any(f"@{name}" in rule for name in sets for rule in chain.rules)


def _entry(named: NamedSet, key: str) -> tuple[str | None, str | None]:
    return named.elements.get(key), named.comments.get(key)


def _written(named: NamedSet, key: str) -> str:
    said = f' comment "{named.comments[key]}"' if key in named.comments else ""
    value = named.elements[key]
    return f"{key}{said} : {value}" if value else f"{key}{said}"


def _batches(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def slot_changes(changed: Mapping[str, tuple[NamedSet, NamedSet]]) -> str:
    """Return the script for slot maps alone, by name, each from its old elements to its new ones."""
    return "\n".join(line for name, (before, after) in changed.items() for line in elements(name, before, after)) + "\n"


def parts(script: str) -> Sequence[str]:
    """Return a script in pieces that may be loaded one after the other: all but slots first, then slots map by map."""
    rest: list[str] = []
    slots: dict[str, list[str]] = {}
    for line in script.splitlines():
        found = _SLOTS.match(line)
        (slots.setdefault(found[1], []) if found else rest).append(line)
    return ["\n".join(lines) + "\n" for lines in (rest, *slots.values()) if lines]

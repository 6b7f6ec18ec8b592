"""From what nft lists to a ruleset. Pure.

Chains, their rules and the declarations of sets are read from the text, which shows them as they are written; elements
from the JSON, which is exact about them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from bascule.engines.nftables.ruleset import Chain, NamedSet, Ruleset
from bascule.plan.model import Endpoint, MarkOwner
from bascule.system.nft import Listing

_BLOCK = re.compile(r"\t(ct timeout|chain|set|map|counter) (\S+) \{")
_TIMEOUT = re.compile(r"established : (\d+)")
_PACKETS = re.compile(r"counter packets \d+ bytes \d+")
_TYPED = ("type ", "typeof ", "size ", "flags ", "gc-interval ")


def read(listing: Listing) -> Ruleset:
    """Return the ruleset of a listing."""
    timeouts: dict[str, int] = {}
    types: dict[str, str] = {}
    chains: dict[str, Chain] = {}
    counters: set[str] = set()
    for kind, name, body in _blocks(listing.rules.splitlines()):
        if kind == "chain":
            chains[name] = _chain(body)
        elif kind == "ct timeout":
            found = _TIMEOUT.search("\n".join(body))
            timeouts[name] = int(found[1]) if found else 0
        elif kind == "counter":
            counters.add(name)
        else:
            types[name] = "; ".join(line for line in body if line.startswith(_TYPED))
    entries = {entry["name"]: entry for item in listing.objects for kind, entry in item.items() if kind in ("set", "map")}
    return Ruleset(
        timeouts=timeouts,
        chains=chains,
        counters=frozenset(counters),
        sets={name: _named(kind, entries.get(name, {})) for name, kind in types.items()},
    )


def _named(kind: str, entry: Mapping[str, Any]) -> NamedSet:
    if "dynamic" in kind or kind.endswith("timeout"):
        return NamedSet(kind, dynamic=True)
    return read_elements(kind, entry)


def read_elements(kind: str, entry: Mapping[str, Any]) -> NamedSet:
    """Return a set or map of the given type with the elements of its JSON object."""
    values: dict[str, str] = {}
    comments: dict[str, str] = {}
    for item in entry.get("elem", ()):
        key, value = item if isinstance(item, list) else (item, "")
        if isinstance(key, dict) and "elem" in key:
            said = key["elem"].get("comment")
            key = key["elem"]["val"]
            if said:
                comments[_key(kind, key)] = said
        values[_key(kind, key)] = _text(value)
    return NamedSet(kind, values, comments)


def kept_marks(ruleset: Ruleset | None) -> Mapping[MarkOwner, int]:
    """Return who owns which mark: the kernel itself keeps the allocation, as long as it keeps sessions."""
    marks: dict[MarkOwner, int] = {}
    found = [ruleset.sets.get(f"{name}{version}") for name in ("m_to", "m_keep") for version in (4, 6)] if ruleset else []
    for targets in found:
        for mark, target in targets.elements.items() if targets else ():
            address, _, port = target.partition(" . ")
            service = targets.comments.get(mark, "") if targets else ""
            if service and mark.isdecimal() and (port or "0").isdecimal():
                marks[MarkOwner(service, Endpoint(ip_address(address), int(port or 0)))] = int(mark)
    return marks


def dealt_marks(ruleset: Ruleset | None) -> frozenset[int]:
    """Return the marks that stand in slots: the hosts that the kernel gives clients to now."""
    maps = [named for name, named in ruleset.sets.items() if name.startswith("m_slots_")] if ruleset else []
    return frozenset(int(mark) for named in maps for mark in named.elements.values())


def _key(kind: str, key: Any) -> str:
    """Return an element as it is written: the names of interfaces are quoted, since they may be words of nft's own."""
    if "ifname" not in kind:
        return _text(key)
    parts = key["concat"] if isinstance(key, dict) and "concat" in key else [key]
    fields = kind.partition(" ")[2].partition(";")[0].split(" . ")
    return " . ".join(
        f'"{_text(part)}"' if field == "ifname" else _text(part) for field, part in zip(fields, parts, strict=True)
    )


def _text(value: Any) -> str:
    if isinstance(value, dict):
        if "prefix" in value:
            return f"{value['prefix']['addr']}/{value['prefix']['len']}"
        if "concat" in value:
            return " . ".join(_text(part) for part in value["concat"])
        if "range" in value:
            return "-".join(_text(part) for part in value["range"])
        for verdict in ("goto", "jump"):
            if verdict in value:
                return f"{verdict} {value[verdict]['target']}"
    return str(value)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield kind, name and inner lines of each block of the table."""
    body: list[str] = []
    head: re.Match[str] | None = None
    for line in lines:
        if head is None:
            head = _BLOCK.match(line)
            body = []
        elif line == "\t}":
            yield head[1], head[2], body
            head = None
        else:
            body.append(line.strip())


def _chain(body: Sequence[str]) -> Chain:
    lines = [_uncounted(line) for line in body]
    if lines and lines[0].startswith("type "):
        return Chain(lines[0], tuple(lines[1:]))
    return Chain(rules=tuple(lines))


def _uncounted(rule: str) -> str:
    """Return a rule without what it has counted; its comment, which comes last, holds an operator's words."""
    judged, mark, said = rule.partition(' comment "')
    return _PACKETS.sub("counter", judged) + mark + said

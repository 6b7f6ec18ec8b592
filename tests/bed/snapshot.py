"""What a node is at one moment, as far as Bascule has a hand in it: two that are equal are equal byte for byte."""

import json
import re
from pathlib import Path
from typing import Any, Final

from bed.node import Node

_OURS: Final = "inet bascule"
_SETTINGS: Final = (
    "net.ipv4.ip_forward",
    "net.ipv6.conf.all.forwarding",
    "net.ipv4.conf.all.arp_announce",
    "net.ipv4.conf.all.arp_ignore",
    "net.ipv4.conf.eth0.rp_filter",
    "net.ipv6.conf.eth0.accept_ra",
    "net.netfilter.nf_conntrack_tcp_loose",
    "net.netfilter.nf_conntrack_events",
    "net.netfilter.nf_conntrack_acct",
    "net.netfilter.nf_conntrack_timestamp",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
)
_COUNTED: Final = re.compile(r"packets \d+ bytes \d+")
_PASSING: Final = ("s_settled", "s_killed", "s_probed")
"""Sets whose elements come and go by themselves."""


def snapshot(node: Node, state: Path) -> dict[str, Any]:
    """Return it: rules and sets, interfaces, routes, settings, listening sockets, and what Bascule knows to be its own."""
    rules = _rules(node)
    return {
        "rules": [line for line in rules if not line.startswith("m_to")],
        "marks": [line for line in rules if line.startswith("m_to")],
        "links": [_link(entry) for entry in _json(node, "address", "show")],
        "routes": [route for version in (4, 6) for route in _routes(node, version)],
        "settings": node.run("sysctl", *_SETTINGS).stdout.splitlines(),
        "listening": sorted(node.run("ss", "-Hltn").stdout.split()[3::5]),
        "notes": {name: _note(state / name) for name in ("network.json", "sysctls.json")},
    }


def _rules(node: Node) -> list[str]:
    """Return the parts of our table, without what packets and time change; the kernel lists them in no order of its own."""
    listing = node.run("nft", "-t", "list", "table", *_OURS.split(), check=False).stdout
    blocks = [" ".join(block.split()) for block in _COUNTED.sub("", listing).split("\n\n")]
    listed = json.loads(node.run("nft", "-j", "list", "table", *_OURS.split(), check=False).stdout or '{"nftables": []}')
    for entry in listed["nftables"]:
        for kind in ("set", "map"):
            named = entry.get(kind, {"name": _PASSING[0]})
            if not named["name"].startswith(_PASSING) and "timeout" not in named.get("flags", ()):
                blocks += [f"{named['name']}: {json.dumps(element)}" for element in named.get("elem", ())]
    return sorted(blocks)


def _routes(node: Node, version: int) -> list[dict[str, Any]]:
    """Return every route but those of link-local addresses, which are another with each card."""
    found = _json(node, f"-{version}", "route", "show", "table", "all")
    return [route for route in found if not route["dst"].startswith("fe80:")]


def _json(node: Node, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(node.run("ip", "-json", *words).stdout or "[]")
    return found


def _link(entry: dict[str, Any]) -> dict[str, Any]:
    held = sorted(f"{one['local']}/{one['prefixlen']}" for one in entry["addr_info"] if one["scope"] == "global")
    return {key: entry.get(key) for key in ("ifname", "mtu", "operstate", "ifalias")} | {"held": held}


def _note(file: Path) -> object:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def difference(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Return what is otherwise than it should be, part by part."""
    lines = []
    for key, wanted in expected.items():
        if found[key] != wanted and key != "marks":  # which outlive what they were for, until a start
            left, right = (value if isinstance(value, list) else [value] for value in (found[key], wanted))
            lines += [f"{key}: {item} is there" for item in left if item not in right]
            lines += [f"{key}: {item} is not there" for item in right if item not in left]
    return lines

"""Binds the `load-balancer` block: its tables, and the relays and redirects that refer to them."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from bascule.config.binding.known import Known
from bascule.config.binding.relays import Surroundings, relay
from bascule.config.binding.routers import router
from bascule.config.binding.timing import of_block
from bascule.config.binding.unique import unique
from bascule.config.binding.vdirs import vdir_policy
from bascule.config.lexer import Report
from bascule.config.matching import Match
from bascule.config.model import AccessLog, Address, Host, Kind, LoadBalancer, LogKind, NamedHost, Router, Table
from bascule.config.outline import Node
from bascule.config.schema.load_balancer import HOST, KEY, LOG_PATH, MAX_SESSIONS, NAME, RETRY, TABLE, TTL, WEIGHT, WORKERS

_SERVICES: Final = frozenset(Kind)


def load_balancer(top: Node, known: Known, report: Report) -> LoadBalancer:
    """Return the tables and relays; reports names that stand twice, and tables and zones that are not there."""
    node = top.first("load-balancer")
    if node is None:
        return LoadBalancer()
    tables = tuple(_table(table, report) for table in node.each("table"))
    unique(((table.name, f"table <{table.name}>", table.span) for table in tables), report)
    around = Surroundings(
        timing=of_block(node),
        tables={table.match[TABLE]: of_block(table) for table in node.each("table")},
        all_tables_known=not node.spoiled("table"),
        firewall=known,
    )
    services = [one for one in node.children if one.match.clause.word in _SERVICES and one.match.sound]
    bound = [relay(one, around, report) for one in services]
    relays = tuple(one for one in bound if one is not None)
    unique(((one.match[NAME], f"{one.match.clause.word} {one.match[NAME]}", one.match.span) for one in services), report)
    routers = tuple(_routers(node, around, report))
    unique(((one.name, f"router {one.name}", one.span) for one in routers), report)
    workers = node.first("workers")
    return LoadBalancer(
        tables=tables,
        relays=relays,
        routers=routers,
        workers=None if workers is None else workers.match[WORKERS],
        access_log=_access_log(node.first("access-log")),
    )


def _routers(node: Node, around: Surroundings, report: Report) -> Iterator[Router]:
    for block in node.each("router"):
        bound = router(block, around, report)
        if bound is not None:
            yield bound


def _access_log(node: Node | None) -> AccessLog | None:
    if node is None or node.match.choice is None:
        return None
    kind = LogKind(node.match.choice.clause.word)
    path = node.match.choice[LOG_PATH] if kind is LogKind.FILE else ""
    return AccessLog(kind=kind, path=path, span=node.match.span)


def _table(node: Node, report: Report) -> Table:
    name = node.match[TABLE]
    written = [_host(host) for host in node.each("")]
    hosts = tuple(host for host in written if isinstance(host, Host))
    named = tuple(host for host in written if isinstance(host, NamedHost))
    unique(((_place(host), f"host {_place(host)} of table <{name}>", host.span) for host in written), report)
    called = [host for host in written if host.name]
    unique(((host.name, f"host name {host.name} in table <{name}>", host.span) for host in called), report)
    key = node.first("key")
    return Table(
        name=name,
        hosts=hosts,
        named=named,
        key=derived_key(name) if key is None else key.match[KEY],
        key_written=key is not None,
        disabled=node.first("disable") is not None,
        policy=vdir_policy({child.match.clause.word: child.match for child in node.children}),
        span=node.match.span,
    )


def _place(host: Host | NamedHost) -> Address | str:
    return host.address if isinstance(host, Host) else host.host_name


def _host(node: Node) -> Host | NamedHost:
    match = node.match
    where, options = match[HOST], _options(match)
    return NamedHost(host_name=where, **options) if isinstance(where, str) else Host(address=where, **options)


def _options(match: Match) -> Mapping[str, Any]:
    """Return what is said of a host, however it is named."""
    weight, retry = match.option("weight", WEIGHT), match.option("retry", RETRY)
    return {
        "name": match.option("name", NAME) or "",
        "server": match.option("name", NAME) or "",
        "weight": 1 if weight is None else weight,
        "fall": None if retry is None else retry + 1,
        "ttl": match.option("ip ttl", TTL),
        "max_sessions": match.option("max sessions", MAX_SESSIONS),
        "span": match.spans[HOST.name],
    }


def derived_key(name: str) -> int:
    """Return the key of a table that has none written: the first 32 bits of the SHA-256 of its name, never a random one."""
    return int.from_bytes(sha256(name.encode()).digest()[:4], "big")

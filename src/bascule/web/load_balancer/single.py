"""The wizard's first way: one service from the guide's four answers, put into a text with its table."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_line
from bascule.config.kinds.addresses import ADDRESS, HOST, parsed_address
from bascule.config.kinds.kind import Flaw
from bascule.config.kinds.numbers import PORTS
from bascule.config.kinds.texts import NAME
from bascule.config.lexer import Token, TokenKind
from bascule.config.model import Kind, Mode
from bascule.config.schema.load_balancer import KEY, STICKY_TIMEOUT
from bascule.web.load_balancer.copied import copied
from bascule.web.load_balancer.services import OTHER, port_of
from bascule.web.schema_forms.spelling import written

MOST_HOSTS: Final = 256
_MOST_PORTS: Final = 16
_TABLE: Final = "exchange"


@dataclass(frozen=True, slots=True)
class Node:
    """A host of the list: where it is, and what it is called."""

    host: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One service, as somebody wants it."""

    kind: Kind
    name: str
    address: str
    """Empty: every address of this machine."""
    ports: tuple[str, ...]
    """Each as the language writes it: `443`, `6005:59530`."""
    nodes: tuple[Node, ...]
    mode: Mode
    key: str
    """Of the table, where one is made."""
    sticky: str = ""
    """How long a client's host is remembered after its last packet; empty: it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A text with the service in it."""

    text: str
    own: str = ""
    """The service's words before its brace."""
    table: str = ""
    reused: bool = False
    """The table stood in the text already, with just these hosts."""
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """Reads what was filled in; `wrong` has, by field, what is not right with it."""

    fields: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def single(self) -> Single | None:
        """Return what is wanted; None where anything is wrong."""
        made = Single(
            kind=Kind.REDIRECT if self._of("method") == Kind.REDIRECT else Kind.RELAY,
            name=self._name(),
            address=self._address(),
            ports=self._ports(),
            nodes=tuple(self.nodes()),
            mode=next((each for each in Mode if each == self._of("mode")), Mode.SOURCE_HASH),
            key=self._of("key"),
            sticky=self._sticky(),
        )
        if isinstance(written(KEY.kind, made.key), Flaw):
            self.wrong["name"] = "this form is not one of ours: load the page again"
        return None if self.wrong else made

    def nodes(self) -> Iterator[Node]:
        """Yield the hosts, one of each line: an address or a whole name, and behind it what it is called."""
        lines = [line.split(None, 1) for line in self._of("hosts").splitlines() if line.strip()]
        seen: set[str] = set()
        names: set[str] = set()
        if not lines:
            self.wrong["hosts"] = "name at least one host, one on each line"
        if len(lines) > MOST_HOSTS:
            self.wrong["hosts"] = f"{len(lines)} hosts are more than {MOST_HOSTS}"
        for number, (host, *name) in enumerate(lines[:MOST_HOSTS], 1):
            called = name[0].strip() if name else ""
            if parsed_address(host) is None and called and parsed_address(called) is not None:
                host, called = called, host  # noqa: PLW2901 - written the other way round
            found = HOST.read(Token(TokenKind.WORD, host, 1, 1))
            if isinstance(found, Flaw):
                self.wrong.setdefault("hosts", f"line {number}: {found.message}")
            elif called and isinstance(flaw := written(NAME, called), Flaw):
                self.wrong.setdefault("hosts", f"line {number}: {flaw.message}")
            elif str(found) in seen:
                self.wrong.setdefault("hosts", f"line {number}: {found} stands there twice")
            elif called and called.lower() in names:
                self.wrong.setdefault("hosts", f"line {number}: another host is called {called}")
            elif str(found) == self._of("address"):
                self.wrong.setdefault("hosts", f"line {number}: {found} is the address to listen on, and no host")
            else:
                seen.add(str(found))
                names |= {called.lower()}
                yield Node(str(found), called)

    def _of(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def _name(self) -> str:
        name = self._of("name")
        if not name:
            self.wrong["name"] = "give it a name: anything you like"
        elif isinstance(flaw := written(NAME, name), Flaw):
            self.wrong["name"] = flaw.message
        return name

    def _address(self) -> str:
        address = self._of("address")
        if address and isinstance(flaw := written(ADDRESS, address), Flaw):
            self.wrong["address"] = flaw.message
        return address

    def _ports(self) -> tuple[str, ...]:
        service = self._of("service")
        if service != OTHER:
            known = port_of(service)
            if known is None:
                self.wrong["service"] = "choose a service"
            return (str(known),)
        ports = tuple(dict.fromkeys(part for part in re.split(r"[\s,;]+", self._of("ports")) if part))
        if not ports or len(ports) > _MOST_PORTS:
            self.wrong["ports"] = f"write ports, {_MOST_PORTS} at most, such as 8443 or 6005:59530"
        for port in ports:
            if isinstance(flaw := written(PORTS, port), Flaw):
                self.wrong.setdefault("ports", flaw.message)
        return ports

    def _sticky(self) -> str:
        timeout = self._of("sticky")
        if timeout and isinstance(flaw := written(STICKY_TIMEOUT.kind, timeout), Flaw):
            self.wrong["sticky"] = flaw.message
        return timeout


def put_single(text: str, wanted: Single) -> Made:
    """Return a text with the service; a table that has just these hosts already is used again."""
    has = copied(text)
    hosts = {node.host for node in wanted.nodes}
    same = next((each.name for each in has.tables if {host.lower() for host in each.hosts} == hosts), "")
    table = same or _free(wanted.name, {each.name for each in has.tables})
    made = text
    for statement in (*([] if same else _table(table, wanted)), *_service(table, wanted)):
        edited = put(made, from_line(statement, lambda _: None))
        if edited.diagnostics:
            return Made(text=text, diagnostics=edited.diagnostics)
        made = edited.text
    return Made(text=made, own=f'{wanted.kind} "{wanted.name}"', table=table, reused=bool(same))


def _free(name: str, taken: set[str]) -> str:
    """Return a name for a new table: the guide's, else one like the service's own."""
    if _TABLE not in taken:
        return _TABLE
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:40] or _TABLE
    names = (plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)


def _table(table: str, wanted: Single) -> Iterator[str]:
    for node in wanted.nodes:
        yield f"load-balancer table <{table}> {node.host}" + (f' name "{node.name}"' if node.name else "")
    yield f"load-balancer table <{table}> key {wanted.key}"


def _service(table: str, wanted: Single) -> Sequence[str]:
    block = f'load-balancer {wanted.kind} "{wanted.name}"'
    place = f"{wanted.address} " if wanted.address else ""
    return [
        *(f"{block} listen on {place}port {port}" for port in wanted.ports),
        f"{block} forward to <{table}> check tcp mode {wanted.mode}",
        *([f"{block} sticky-address timeout {wanted.sticky}"] if wanted.sticky else []),
    ]

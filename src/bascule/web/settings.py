"""The `system` block as forms fill it in: what a text says there, and the edits that make it say something else. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bascule.config.binding.system import system
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import HttpServer, KeyFiles, System
from bascule.config.outline import Node, outline
from bascule.config.parser import parse
from bascule.web.working_copy import Change, both, deletes, sets

_SERVER: Final = "system http-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The admin server as a form has it; all are words that somebody wrote."""

    port: str
    listen: str
    """An address; empty for every one."""
    certificate: KeyFiles | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A block that lists things, a statement each."""

    block: str
    word: str = ""
    """With which each begins."""


DNS: Final = Listing("dns")
NTP: Final = Listing("ntp", "server")
LISTINGS: Final = (DNS, NTP)


def system_of(text: str) -> System:
    """Return what a text says in its `system` block, whatever is wrong with the rest."""
    found: list[Diagnostic] = []
    return system(outline(parse(text), found.append), found.append)


def server_of(text: str) -> HttpServer:
    """Return where a text has the admin server, written or not."""
    return system_of(text).http_server or HttpServer(implied=True)


def server_change(text: str, wanted: Server) -> Change:
    """Return the edit that has the admin server as a form says; what is that already stays as it is written."""
    before = server_of(text)
    return both(*_server(before, wanted))


def _server(before: HttpServer, wanted: Server) -> Iterator[Change]:
    if wanted.port != str(before.port):
        yield sets(f"{_SERVER} port {wanted.port}")
    if wanted.listen != ("" if before.address is None else str(before.address)):
        yield sets(f"{_SERVER} listen on {wanted.listen}") if wanted.listen else deletes(f"{_SERVER} listen on")
    if wanted.certificate != before.certificate:
        if wanted.certificate is None:
            yield deletes(f"{_SERVER} certificate")
        else:
            files = f'"{wanted.certificate.certificate}" key "{wanted.certificate.key}"'
            yield sets(f"{_SERVER} certificate {files}")


@dataclass(frozen=True, slots=True)
class Basics:
    """What the form of basic settings shows."""

    name: str
    lists: Mapping[Listing, Sequence[str]]


def basics_of(text: str) -> Basics:
    """Return what a text says of them, read once."""
    found: list[Diagnostic] = []
    top = outline(parse(text), found.append)
    block = top.first("system")
    lists = {each: _listed(None if block is None else block.first(each.block), each) for each in LISTINGS}
    return Basics(system(top, found.append).host_name, lists)


def name_change(text: str, name: str) -> Change:
    """Return the edit that gives the machine a name; empty leaves it as it is."""
    before = system_of(text).host_name
    if name == before:
        return both()
    return sets(f"system host-name {name}") if name else deletes("system host-name")


def lines_of(text: str, listing: Listing) -> list[str]:
    """Return what a text lists, in its order."""
    return _listed(_block(text, listing), listing)


def _listed(block: Node | None, listing: Listing) -> list[str]:
    return [] if block is None else [each.text.removeprefix(listing.word).strip() for each in block.each(listing.word)]


def lines_change(text: str, listing: Listing, lines: Sequence[str]) -> Change:
    """Return the edit that lists these, in their order; comments of those that keep their place stay."""
    before, block = lines_of(text, listing), f"system {listing.block}"
    if not lines:
        return both() if _block(text, listing) is None else deletes(block)
    statement = f"{block} {listing.word}".strip()
    kept = [each for each in before if each in lines]
    if list(lines[: len(kept)]) != kept:  # in another order
        return both(deletes(block), sets(*(f"{statement} {each}" for each in lines)))
    come, gone = lines[len(kept) :], [each for each in before if each not in lines]
    if not kept:
        return both(*([deletes(block)] if gone else []), sets(*(f"{statement} {each}" for each in come)))
    return both(deletes(*(f"{statement} {each}" for each in gone)), sets(*(f"{statement} {each}" for each in come)))


def _block(text: str, listing: Listing) -> Node | None:
    found: list[Diagnostic] = []
    top = outline(parse(text), found.append).first("system")
    return None if top is None else top.first(listing.block)

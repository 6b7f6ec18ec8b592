"""The `system` block as forms fill it in: what a text says there, and the edits that make it say something else. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bascule.config.binding.system import system
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import HttpServer, KeyFiles, System
from bascule.config.outline import outline
from bascule.config.parser import parse
from bascule.web.working_copy import Change, both, deletes, sets

_SERVER = "system http-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The admin server as a form has it; all are words that somebody wrote."""

    port: str
    listen: str
    """An address; empty for every one."""
    certificate: KeyFiles | None


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


def name_change(text: str, name: str) -> Change:
    """Return the edit that gives the machine a name; empty leaves it as it is."""
    before = system_of(text).host_name
    if name == before:
        return both()
    return sets(f"system host-name {name}") if name else deletes("system host-name")


def servers_change(text: str, servers: Sequence[str]) -> Change:
    """Return the edit that has these name servers asked, the first first; comments of those that stay, stay."""
    found = system_of(text)
    before = [str(each) for each in found.dns]
    if not servers:
        return both() if found.dns_span is None else deletes("system dns")
    kept = [each for each in before if each in servers]
    if list(servers[: len(kept)]) != kept:  # in another order
        return both(deletes("system dns"), sets(*(f"system dns {each}" for each in servers)))
    come, gone = servers[len(kept) :], [each for each in before if each not in servers]
    return both(sets(*(f"system dns {each}" for each in come)), deletes(*(f"system dns {each}" for each in gone)))

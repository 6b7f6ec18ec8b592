"""System > Administration: where these pages answer, and with which certificate."""

from typing import Final

from starlette.responses import Response

from bascule.config.diagnostics import Diagnostic, Severity, Span
from bascule.config.model import HttpServer, KeyFiles
from bascule.service.certificates import LONGEST_PEM, UploadCertificate
from bascule.service.failures import OperationFailed, Rejected, describe
from bascule.service.network import Interfaces, ShowInterfaces
from bascule.service.operations import Status
from bascule.service.permissions import Permission
from bascule.web.admin_places import move, written
from bascule.web.numbers import number_in
from bascule.web.settings import Server, server_change, server_of
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of, edit

PATH: Final = "/system/administration"
_LONGEST: Final = 1024
"""Characters of a field."""

_LAST_PORT: Final = 65535
_OWN, _FILES, _UPLOAD = "own", "files", "upload"


async def administration(visit: Visit) -> Response:
    """Show where the pages answer, and where the working copy has them."""
    return await _shown(visit)


async def save(visit: Visit) -> Response:
    """Write it into the working copy."""
    copy = await copy_of(visit)
    try:
        wanted = await _wanted(visit)
    except _WrongError as wrong:
        return await _shown(visit, found=wrong.found, code=422)
    outcome = await edit(visit, server_change(copy.text, wanted))
    found = outcome.refused or (() if outcome.loaded is None else outcome.loaded.diagnostics)
    if outcome.refused or any(each.severity is Severity.ERROR for each in found):
        return await _shown(visit, found=found, code=422 if outcome.refused else 200)
    said = "Nothing to change." if outcome.loaded is None else "Saved in your working copy: deploy it to have it in effect."
    return visit.go(PATH, said)


class _WrongError(Exception):
    """What was filled in cannot be; `found` says why."""

    def __init__(self, *found: Diagnostic) -> None:
        super().__init__()
        self.found = found


async def _wanted(visit: Visit) -> Server:
    """Return what the form says; what was uploaded is kept first. Raises _WrongError."""
    form = visit.form
    port, listen = number_in(form.one("port"), 1, _LAST_PORT), form.one("listen")[:_LONGEST]
    if port is None:
        raise _WrongError(Diagnostic.error(Span(), f"the HTTPS port must be 1 to {_LAST_PORT}"))
    if listen.split()[1:]:
        raise _WrongError(Diagnostic.error(Span(), "listen on one address, or on every address"))
    return Server(port=str(port), listen=listen, certificate=await _certificate(visit))


async def _certificate(visit: Visit) -> KeyFiles | None:
    form = visit.form
    kind = form.one("certificate", _OWN)
    if kind == _UPLOAD:
        certificate, key = (form.files.get(name, b"") for name in ("certificate_file", "key_file"))
        if not certificate or not key or max(len(certificate), len(key)) > LONGEST_PEM:
            words = f"choose two files in PEM, a certificate and its key, of {LONGEST_PEM} bytes each at most"
            raise _WrongError(Diagnostic.error(Span(), words))
        try:
            kept = await visit.ask(UploadCertificate(certificate=certificate, key=key))
        except OperationFailed as failed:
            if isinstance(failed.failure, Rejected):
                raise _WrongError(*failed.failure.diagnostics) from failed
            raise _WrongError(Diagnostic.error(Span(), describe(failed.failure))) from failed
        return KeyFiles(kept.path, kept.path)
    if kind != _FILES:
        return None
    paths = [form.one(name)[:_LONGEST] for name in ("certificate_path", "key_path")]
    if not all(path.startswith("/") and path.isprintable() and '"' not in path for path in paths):
        raise _WrongError(Diagnostic.error(Span(), "name two files by their whole paths, beginning with /"))
    return KeyFiles(*paths)


async def _shown(visit: Visit, *, found: tuple[Diagnostic, ...] = (), code: int = 200) -> Response:
    status = await visit.ask(Status())
    interfaces = await visit.ask(ShowInterfaces())
    server, kept = HttpServer(), False
    moved = None
    if visit.may(Permission.DEPLOY):
        copy = await copy_of(visit)
        server, kept = await visit.site.texts.read(server_of, copy.text), copy.at is not None
        moved = move(written(server), visit.origin, visit.host) if kept else None
    filled = {name: visit.form.one(name)[:_LONGEST] for name in ("certificate_path", "key_path")}
    return visit.page(
        "administration.html",
        code=code,
        found=found,
        places=status.admin,
        server=server,
        listen="" if server.address is None else str(server.address),
        port=visit.form.one("port")[:_LONGEST] or str(server.port),
        addresses=_addresses(interfaces, "" if server.address is None else str(server.address)),
        kind=visit.form.one("certificate") or (_OWN if server.certificate is None else _FILES),
        filled=filled,
        kept=kept,
        move=moved,
    )


def _addresses(interfaces: Interfaces, current: str) -> list[tuple[str, str]]:
    """Return what one may choose to listen on, and how it is called."""
    own = {
        row.address.partition("/")[0]: f"{row.address.partition('/')[0]} ({interface.name})"
        for interface in interfaces.interfaces
        for row in interface.addresses
    }
    more = {current: f"{current} (not of this machine)"} if current and current not in own else {}
    return [("", "every address"), *own.items(), *more.items()]


ROUTES: Final = (
    page(PATH, administration),
    action(PATH, save, permission=Permission.DEPLOY),
)

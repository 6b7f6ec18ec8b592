"""Style, script and pictures: kept in memory, named by their content, so that browsers keep them for a year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)
_KEPT: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    kind: str
    digest: str


class Files:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in _KINDS}

    def url(self, name: str) -> str:
        """Return where a browser finds a file."""
        return f"/static/{self._files[name].digest}/{name}"

    def routes(self) -> Sequence[Route]:
        """Return what answers with them."""
        return [Route("/static/{digest}/{name}", self._answer), Route("/favicon.ico", self._icon)]

    async def _answer(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None or file.digest != request.path_params["digest"]:
            raise HTTPException(404)
        return Response(file.content, headers={"content-type": file.kind, "cache-control": _KEPT})

    async def _icon(self, _: Request) -> Response:
        """Answer browsers that ask for it without having been told."""
        file = self._files["bascule.svg"]
        return Response(file.content, headers={"content-type": file.kind, "cache-control": "max-age=86400"})


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content, _KINDS[path.suffix], sha256(content).hexdigest()[:16])

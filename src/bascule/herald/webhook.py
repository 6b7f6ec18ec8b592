"""Posts JSON to a web address. Blocking: call it from a thread."""

import base64
from http.client import HTTPConnection, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from bascule import __version__
from bascule.config.kinds.kept import label
from bascule.herald.cutoff import cut_off
from bascule.herald.fault import FaultError
from bascule.herald.trust import trusting
from bascule.herald.wire import PostWebhook

LONGEST: Final = 15.0
"""Seconds that a server may take for all of it."""

_SILENT: Final = 10.0
_MOST_READ: Final = 200
"""Bytes of an answer that is no success."""

_FINE: Final = range(200, 300)


def post(order: PostWebhook) -> None:
    """Post it. No redirect is followed. Raises FaultError, OSError, http.client.HTTPException."""
    if label(order.url):
        raise FaultError("its address is not kept here: write it once, whole")
    parts = urlsplit(order.url)
    host, path = parts.hostname or "", (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = (
        HTTPSConnection(host, parts.port, timeout=_SILENT, context=trusting())
        if parts.scheme == "https"
        else HTTPConnection(host, parts.port, timeout=_SILENT)
    )
    headers = {"Content-Type": "application/json", "User-Agent": f"Bascule/{__version__}", "Connection": "close"}
    if order.user:
        headers["Authorization"] = f"Basic {base64.b64encode(f'{order.user}:{order.password}'.encode()).decode()}"
    try:
        with cut_off(LONGEST, lambda: connection.sock):
            connection.request("POST", path, order.body, headers)
            with connection.getresponse() as answer:
                said = b"" if answer.status in _FINE else answer.read(_MOST_READ)
    finally:
        connection.close()
    if answer.status not in _FINE:
        words = said.decode(errors="replace").strip()
        raise FaultError(f"it answered {answer.status} {answer.reason}".rstrip() + (f": {words}" if words else ""))

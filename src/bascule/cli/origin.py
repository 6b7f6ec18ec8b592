"""How somebody came to this machine, by his own word: a firewall must not shut him out."""

from collections.abc import Mapping
from typing import Final

from bascule.service.request import Origin

_LAST_PORT: Final = 65535


def origin(environment: Mapping[str, str]) -> Origin | None:
    """Return how the caller came, as sshd(8) says it in SSH_CONNECTION; None where he is here, or sudo has forgotten it."""
    source, _, to, port = ([*environment.get("SSH_CONNECTION", "").split(" "), "", "", ""])[:4]
    if not (source and to and port.isascii() and port.isdigit() and 0 < int(port[:6]) <= _LAST_PORT):
        return None
    return Origin(source=source[:64], to=to[:64], port=int(port))

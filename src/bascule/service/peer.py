"""Who is at the other end of the control socket, from the kernel's own knowledge."""

import pwd
import socket
from dataclasses import dataclass
from struct import Struct
from typing import Final

_CREDENTIALS: Final = Struct("3i")
_PEER_GROUPS: Final = 59
"""SO_PEERGROUPS (socket(7)), which Python does not name."""
_GROUP: Final = Struct("I")
_MOST_GROUPS: Final = 1024
"""Groups that are asked for; a peer with more is known by none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A process of this machine, as it was when it connected."""

    uid: int
    pid: int
    user: str
    """The Unix user's name, or its number where it has none."""
    groups: frozenset[int] = frozenset()
    """Numbers of the groups it was in: its own, and the supplementary ones."""


def peer_of(connection: socket.socket) -> Peer:
    """Return who is at the other end of a unix socket."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(raw)
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return Peer(uid=uid, pid=pid, user=user, groups=frozenset({gid, *_supplementary(connection)}))


def _supplementary(connection: socket.socket) -> list[int]:
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _PEER_GROUPS, _MOST_GROUPS * _GROUP.size)
    except OSError:
        return []  # more than were asked for, or a kernel before 4.13: known by less, never by more
    return [gid for (gid,) in _GROUP.iter_unpack(raw)]

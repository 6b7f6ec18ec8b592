"""Which worker a client meets: where its sessions are counted, always the same one, so that one count is enough.

Workers listen at one place with SO_REUSEPORT, and the kernel spreads connections over them by their addresses and ports. A
small filter in its place spreads them by the client's address alone (socket(7), SO_ATTACH_REUSEPORT_CBPF).
"""

import ctypes
import errno
import socket
from collections.abc import Sequence
from struct import Struct
from typing import Final

_ATTACH: Final = 51  # SO_ATTACH_REUSEPORT_CBPF
_DETACH: Final = 68  # SO_DETACH_REUSEPORT_BPF
_NETWORK: Final = 0xFFF00000  # SKF_NET_OFF: what follows counts from the IP header (linux/filter.h)
_LOAD, _KEEP, _MIX, _MODULO, _RETURN = 0x20, 0x07, 0xAC, 0x94, 0x16
"""BPF_LD|W|ABS, BPF_MISC|TAX, BPF_ALU|XOR|X, BPF_ALU|MOD|K, BPF_RET|A (linux/bpf_common.h)."""
_STEP: Final = Struct("=HBBI")
_PROGRAM: Final = Struct("@HP")
_SOURCE: Final = {socket.AF_INET: (12,), socket.AF_INET6: (8, 12, 16, 20)}
"""Where the words of the client's address stand in the IP header."""


def steer(listener: socket.socket, workers: int) -> None:
    """Have each client of a listening socket's group meet the same of so many sockets. Raises OSError."""
    first, *others = _SOURCE[listener.family]
    steps = [(_LOAD, _NETWORK + first)]
    for word in others:
        steps += [(_KEEP, 0), (_LOAD, _NETWORK + word), (_MIX, 0)]
    steps += [(_MODULO, workers), (_RETURN, 0)]
    code = ctypes.create_string_buffer(b"".join(_STEP.pack(what, 0, 0, value) for what, value in steps))
    listener.setsockopt(socket.SOL_SOCKET, _ATTACH, _PROGRAM.pack(len(steps), ctypes.addressof(code)))


def let_go(listener: socket.socket) -> None:
    """Have the kernel spread the clients of a listening socket's group as it sees fit. Raises OSError."""
    try:
        listener.setsockopt(socket.SOL_SOCKET, _DETACH, 0)
    except OSError as error:
        if error.errno != errno.ENOENT:  # nothing was attached
            raise


def share_out(listeners: Sequence[socket.socket], *, by_client: bool) -> None:
    """Bring the listening sockets of one place to one way or the other. Raises OSError."""
    if not listeners:
        return
    if by_client and len(listeners) > 1:
        steer(listeners[0], len(listeners))
    else:
        let_go(listeners[0])

"""The kernel says who is at the other end."""

import os
import pwd
import socket

from bascule.service.peer import peer_of


def test_the_kernel_knows_us() -> None:
    """Number, process, name and groups of this very process."""
    one, other = socket.socketpair()
    with one, other:
        peer = peer_of(one)
    assert (peer.uid, peer.pid, peer.user) == (os.getuid(), os.getpid(), pwd.getpwuid(os.getuid()).pw_name)
    assert peer.groups == {os.getgid(), *os.getgroups()}

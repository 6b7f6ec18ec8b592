"""How long a session of the kernel has been silent, and when one that is remembered ended: told by the time it has left."""

from collections.abc import Mapping
from typing import Final

from bascule.system.ctnetlink import Session, TcpState
from bascule.system.sysctls import Sysctls

_PREFIX: Final = "net.netfilter.nf_conntrack_tcp_timeout_"
_NAMES: Final[Mapping[TcpState, str]] = {
    TcpState.SYN_SENT: f"{_PREFIX}syn_sent",
    TcpState.SYN_RECEIVED: f"{_PREFIX}syn_recv",
    TcpState.LAST_ACK: f"{_PREFIX}last_ack",
    TcpState.TIME_WAIT: f"{_PREFIX}time_wait",
    TcpState.CLOSE: f"{_PREFIX}close",
    TcpState.SYN_SENT2: f"{_PREFIX}syn_sent",
}
_TIMED: Final = frozenset((TcpState.ESTABLISHED, TcpState.FIN_WAIT, TcpState.CLOSE_WAIT))
"""States for which the relay's own session timeout stands in the kernel's policy."""

_UNACKNOWLEDGED: Final = f"{_PREFIX}unacknowledged"


class Patience:
    """How many seconds the kernel waits for the next packet of a session (nf_conntrack-sysctl)."""

    def __init__(self, sysctls: Sysctls) -> None:
        """Read what is set now."""
        seconds = {name: int(value) for name, value in sysctls.read({*_NAMES.values(), _UNACKNOWLEDGED}).items()}
        self._by_state = {state: seconds[name] for state, name in _NAMES.items() if name in seconds}
        self._unacknowledged = seconds.get(_UNACKNOWLEDGED, 0)

    def idle(self, session: Session, session_timeout: int) -> float | None:
        """Return the seconds since the last packet; None where it is not known.

        `session_timeout` is what the relay gives a session; 0 is not known. While something that was sent
        waits to be acknowledged, the kernel's patience is shorter.
        """
        whole = session_timeout if session.state in _TIMED else self._by_state.get(session.state, 0)
        if session.unacknowledged and 0 < session.remaining <= self._unacknowledged < whole:
            whole = self._unacknowledged
        return float(whole - session.remaining) if whole >= session.remaining and whole else None

    def lingered(self, session: Session) -> float:
        """Return the seconds for which an ended session was remembered before the kernel forgot it."""
        return 0.0 if session.living else float(self._by_state.get(session.state, 0))

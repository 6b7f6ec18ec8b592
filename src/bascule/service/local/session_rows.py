"""Sessions of the kernel and of the workers, as rows and as records of the last hour."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from socket import IPPROTO_TCP
from typing import Final

from bascule.engines.proxy.wire import EndedSession, Place, ProxySession
from bascule.service.local.ended import Ended, Parties, moment, place
from bascule.service.local.idleness import Patience
from bascule.service.local.naming import Names, Owner
from bascule.service.sessions import SessionRow
from bascule.system.ctnetlink import Session, TcpState

_STATES: Final = {
    TcpState.NONE: "",
    TcpState.SYN_SENT: "connecting",
    TcpState.SYN_SENT2: "connecting",
    TcpState.SYN_RECEIVED: "answered",
    TcpState.ESTABLISHED: "established",
    TcpState.FIN_WAIT: "half-closed",
    TcpState.CLOSE_WAIT: "half-closed",
    TcpState.LAST_ACK: "closing",
    TcpState.TIME_WAIT: "closed",
    TcpState.CLOSE: "reset",
}
_ENDS: Final = {
    TcpState.SYN_SENT: "never answered",
    TcpState.SYN_SENT2: "never answered",
    TcpState.SYN_RECEIVED: "never completed",
    TcpState.ESTABLISHED: "silent for too long",
    TcpState.FIN_WAIT: "never closed by the other end",
    TcpState.CLOSE_WAIT: "never closed by the other end",
    TcpState.LAST_ACK: "closed",
    TcpState.TIME_WAIT: "closed",
    TcpState.CLOSE: "reset",
}
"""How a session came to its end, by the last state that the kernel saw it in."""

_NANO: Final = 1_000_000_000


def kernel_row(session: Session, owner: Owner, patience: Patience) -> SessionRow:
    """Return a session that lives in the kernel."""
    return SessionRow(
        client=place(session.client, session.client_port),
        relay=owner.relay,
        host=owner.host,
        address=place(session.host, session.host_port),
        listen=place(session.listen, session.listen_port),
        source=place(session.source, session.source_port),
        path="kernel",
        protocol=_protocol(session),
        state=_STATES[session.state],
        since=moment(session.started / _NANO),
        idle=patience.idle(session, owner.session_timeout),
        from_client=session.from_client,
        from_host=session.from_host,
        id=session.identity,
    )


def kernel_ended(session: Session, names: Names, patience: Patience, now: datetime) -> Ended | None:
    """Return a session that has ended in the kernel, forgotten there or not; None for one of nobody's."""
    owner = names.owner(session.mark)
    if owner is None:
        return None
    forgotten = session.stopped / _NANO or now.timestamp()
    lingered = patience.lingered(session) - session.remaining
    started = session.started / _NANO
    return Ended(
        parties=Parties(
            relay=owner.relay,
            host=owner.host,
            address=place(session.host, session.host_port),
            listen=place(session.listen, session.listen_port),
            path="kernel",
            protocol=_protocol(session),
            state=_end(session),
        ),
        client=session.client,
        client_port=session.client_port,
        source=session.source,
        source_port=session.source_port,
        since=started,
        at=max(started, forgotten - max(0.0, lingered)),
        from_client=session.from_client,
        from_host=session.from_host,
    )


def proxy_row(session: ProxySession, now: datetime) -> SessionRow:
    """Return a session that lives in a worker."""
    return SessionRow(
        client=str(session.client),
        relay=session.relay,
        host=session.label,
        address=_words(session.host),
        listen=str(session.listen),
        source=_words(session.source),
        path="proxy",
        protocol="tcp",
        state=session.state,
        since=now - timedelta(seconds=session.age),
        idle=session.idle,
        from_client=session.from_client,
        from_host=session.from_host,
        id=session.id,
    )


def proxy_ended(ended: EndedSession, now: datetime) -> Ended:
    """Return a session that has ended in a worker."""
    session, at = ended.session, now.timestamp() - ended.ago
    source = session.source
    return Ended(
        parties=Parties(
            relay=session.relay,
            host=session.label,
            address=_words(session.host),
            listen=str(session.listen),
            path="proxy",
            protocol="tcp",
            state=session.state,
        ),
        client=ip_address(session.client.address).packed,
        client_port=session.client.port,
        source=b"" if source is None else ip_address(source.address).packed,
        source_port=0 if source is None else source.port,
        since=at - session.age,
        at=at,
        from_client=session.from_client,
        from_host=session.from_host,
    )


def _words(where: Place | None) -> str:
    return "" if where is None else str(where)


def _end(session: Session) -> str:
    """Return how a session came to its end; one that lived while the kernel forgot it was ended here."""
    return "killed" if session.living and session.remaining else _ENDS.get(session.state, "silent for too long")


def _protocol(session: Session) -> str:
    return "tcp" if session.protocol == IPPROTO_TCP else "udp"

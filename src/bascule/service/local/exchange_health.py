"""The picture of virtual directories and servers, from what the probes last said. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from bascule.config.vdirs import ExchangeCheck
from bascule.health.findings import SeenCertificate, SeenPage
from bascule.health.states import Record
from bascule.plan.model import HostState, PoolHost, ProbeTarget
from bascule.service.exchange_health import CertificateRow, ExchangeHealth, ExchangeServerRow, VdirRow, VdirState
from bascule.service.local.remarks import host_remarks
from bascule.service.local.running import Running

_OFFLINE: Final = ("ServerWideOffline", "Monitoring", "RecoveryActionsEnabled")
"""What a failed update leaves Inactive (Microsoft Learn, "Manage database availability groups")."""


def exchange_health(running: Running, *, monotonic: float, now: datetime) -> ExchangeHealth:
    """Return the picture; the times are those of the two clocks."""
    remarks = host_remarks(running.plan, running.hosts)
    return ExchangeHealth(
        servers=tuple(
            _row(host, target, check, record, remarks, now - timedelta(seconds=monotonic - record.since))
            for host, target, check in _asked(running)
            if (record := running.hosts.records.get(target)) is not None
        )
    )


def _asked(running: Running) -> Iterator[tuple[PoolHost, ProbeTarget, ExchangeCheck]]:
    """Yield each server that is asked, once for each table and port."""
    seen: set[tuple[str, ProbeTarget]] = set()
    for relay in running.plan.relays:
        for host in relay.pool.hosts:
            target = host.target
            if target is None or not isinstance(target.check, ExchangeCheck) or (host.table, target) in seen:
                continue
            seen.add((host.table, target))
            yield host, target, target.check


def _row(  # noqa: PLR0917 - what a row is made of
    host: PoolHost,
    target: ProbeTarget,
    check: ExchangeCheck,
    record: Record,
    remarks: Mapping[ProbeTarget, Sequence[str]],
    since: datetime,
) -> ExchangeServerRow:
    pages = record.findings.pages
    return ExchangeServerRow(
        table=host.table,
        port=target.endpoint.port,
        host=host.label,
        address=str(target.endpoint.address),
        status=record.state,
        reason="" if record.state is HostState.UP else record.reason,
        since=since,
        checked=record.checks > 0,
        vdirs=tuple(_vdir(page, check) for page in pages),
        certificate=_certificate(record.findings.certificate),
        warnings=tuple(remarks.get(target, ())),
        advice=_advice(check.server or host.label, record),
    )


def _vdir(page: SeenPage, check: ExchangeCheck) -> VdirRow:
    state = VdirState.ILL if page.vdir in check.required else VdirState.WARNED
    return VdirRow(vdir=page.vdir, state=VdirState.WELL if page.well else state, words=page.words)


def _certificate(seen: SeenCertificate | None) -> CertificateRow | None:
    if seen is None:
        return None
    return CertificateRow(fingerprint=seen.fingerprint, until=datetime.fromtimestamp(seen.until, UTC), names=seen.names)


def _advice(server: str, record: Record) -> str:
    """Return what to look at: components that nobody set Inactive on purpose are what updates that fail leave behind."""
    ill = [page.vdir for page in record.findings.pages if not page.well]
    look = f"`Get-ServerComponentState {server}` tells"
    if record.state is HostState.MAINTENANCE:
        cure = "; ".join(
            f"`Set-ServerComponentState {server} -Component {component} -State Active -Requester Functional`"
            for component in _OFFLINE
        )
        why = "If nobody meant it, an update that failed may have left components Inactive"
        return f"{why}; {look}, and this ends it: {cure}"
    if ill and len(ill) < len(record.findings.pages):
        return f"Exchange may think ill of {', '.join(ill)} itself, or an update left the component Inactive; {look}"
    return ""

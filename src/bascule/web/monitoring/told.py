"""What a text says of those who are told, and what is known of how it goes: the rows of the page. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bascule.config.model import System
from bascule.config.outward import Alert, Cause, SyslogServer

WAITS, WELL, ILL = "not deployed", "active", "error"
"""How it goes; `active` is in effect, and no fault is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How it goes with one of them."""

    state: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert as a row."""

    alert: Alert
    tells: tuple[str, ...]
    """Of a webhook its machine alone: its address may be a secret."""
    about: tuple[str, ...]
    """Empty is everything."""
    quiet: str
    how: How
    runs: bool
    """What runs has one of that name, so that it can be tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogRow:
    """A syslog server as a row."""

    server: SyslogServer
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """A time server as a row."""

    host: str
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All of the page."""

    system: System
    """As the working copy has it."""
    alerts: tuple[AlertRow, ...]
    syslog: tuple[SyslogRow, ...]
    clocks: tuple[ClockRow, ...]
    mail: How
    snmp: How
    metrics: How
    clock_faults: tuple[str, ...]
    """What is wrong with this machine's clock itself."""
    going: tuple[str, ...]
    """Who is not told any more once the working copy is deployed."""


def told(written: System, runs: System, findings: Sequence[str]) -> Told:
    """Return the page of a working copy; `runs` is what runs, and `findings` what needs an eye there."""
    new, old = written.outward, runs.outward
    alerts, servers = {each.name: each for each in old.alerts}, {each.host: each for each in old.syslog}
    clocks = {each.host for each in old.clocks}

    def how(begins: str, *, deployed: bool) -> How:
        faults = (each.removeprefix(begins).removeprefix("does not reach ") for each in findings if each.startswith(begins))
        return _how(tuple(faults), deployed=deployed)

    return Told(
        system=written,
        alerts=tuple(
            _alert(each, how(f'alert "{each.name}" ', deployed=each == alerts.get(each.name)), runs=each.name in alerts)
            for each in new.alerts
        ),
        syslog=tuple(
            SyslogRow(server=each, how=how(f"syslog server {each.host}: ", deployed=each == servers.get(each.host)))
            for each in new.syslog
        ),
        clocks=tuple(
            ClockRow(host=str(each.host), how=how(f"time server {each.host}: ", deployed=each.host in clocks))
            for each in new.clocks
        ),
        mail=_how((), deployed=new.mail == old.mail),
        snmp=how("SNMP ", deployed=new.snmp == old.snmp),
        metrics=_how((), deployed=written.metrics == runs.metrics),
        clock_faults=tuple(each for each in findings if "this machine's clock" in each) if old.clocks else (),
        going=tuple(_going(written, runs)),
    )


def _how(faults: tuple[str, ...], *, deployed: bool) -> How:
    return How(state=(ILL if faults else WELL) if deployed else WAITS, faults=faults)


def _alert(alert: Alert, how: How, *, runs: bool) -> AlertRow:
    hooks = (f"webhook at {urlsplit(each.url).hostname}" for each in alert.webhooks)
    quiet = "" if alert.quiet is None else f"{alert.quiet.begins:%H:%M} to {alert.quiet.ends:%H:%M}"
    everything = alert.causes == frozenset(Cause)
    return AlertRow(
        alert=alert,
        tells=(*alert.mail_to, *hooks),
        about=() if everything else tuple(each.value for each in Cause if each in alert.causes),
        quiet=quiet,
        how=how,
        runs=runs,
    )


def _going(written: System, runs: System) -> Iterator[str]:
    new, old = written.outward, runs.outward
    kept = {each.name for each in new.alerts}
    yield from (f'alert "{each.name}"' for each in old.alerts if each.name not in kept)
    hosts = {each.host for each in new.syslog}
    yield from (f"syslog server {each.host}" for each in old.syslog if each.host not in hosts)
    if old.mail is not None and new.mail is None:
        yield "the mail server"
    if old.snmp is not None and new.snmp is None:
        yield "SNMP"

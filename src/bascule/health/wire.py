"""What the parent and the prober say to each other, and its conversion from and to the plan's values.

Addresses travel as text, since msgpack has none. A probe is named by a number that the parent chose and never gives again,
so that a result that comes late cannot be taken for another target's.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from ipaddress import ip_address
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec.structs import asdict as fields_of

from bascule.config import model
from bascule.config.kinds.addresses import parsed_address
from bascule.config.kinds.kept import password
from bascule.config.names import Questions
from bascule.config.vdirs import ExchangeCheck as PlannedExchangeCheck
from bascule.config.vdirs import Vdir
from bascule.health import wire_findings
from bascule.health.names.answer import Answer
from bascule.health.outcome import Outcome
from bascule.health.reasons import printable, shortened
from bascule.plan.model import Endpoint, Probe, ProbeTarget


class _Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="is"):
    pass


class IcmpCheck(_Wire, frozen=True, tag="icmp"):
    """`model.IcmpCheck` on the wire; so the others below, field by field."""


class TcpCheck(_Wire, frozen=True, tag="tcp"):
    """See `model.TcpCheck`."""


class TlsCheck(_Wire, frozen=True, tag="tls"):
    """See `model.TlsCheck`."""


class HttpCheck(_Wire, frozen=True, tag="http"):
    """See `model.HttpCheck`."""

    tls: bool
    path: str
    host: str
    codes: tuple[tuple[int, int], ...]
    expect: str


class ExchangeCheck(_Wire, frozen=True, tag="exchange"):
    """See `config.vdirs.ExchangeCheck`."""

    vdirs: tuple[Vdir, ...]
    host: str
    required: tuple[Vdir, ...]
    warned: tuple[Vdir, ...]
    server: str


class SendCheck(_Wire, frozen=True, tag="send"):
    """See `model.SendCheck`."""

    send: str
    expect: str
    tls: bool


class MailCheck(_Wire, frozen=True, tag="mail"):
    """See `model.MailCheck`."""

    protocol: model.MailProtocol
    tls: bool
    starttls: bool
    user: str
    password: str

    def __repr__(self) -> str:
        return f"MailCheck(protocol={self.protocol!r}, user={self.user!r})"


class RpcCheck(_Wire, frozen=True, tag="rpc"):
    """See `model.RpcCheck`."""

    service: str
    port: int | None
    mapper: int
    ports: tuple[model.RpcPorts, ...]


class ScriptCheck(_Wire, frozen=True, tag="script"):
    """See `model.ScriptCheck`."""

    program: str


Check: TypeAlias = (
    IcmpCheck | TcpCheck | TlsCheck | HttpCheck | ExchangeCheck | SendCheck | MailCheck | RpcCheck | ScriptCheck
)


class Timing(_Wire, frozen=True, tag="timing"):
    """See `model.Timing`."""

    interval: float
    timeout: float
    fall: int
    rise: int


class ProbeOrder(_Wire, frozen=True, tag="probe"):
    """A probe to run, under the number that its results carry."""

    number: int
    address: str
    port: int
    source: str | None
    check: Check
    timing: Timing
    ttl: int | None = None


class SetProbes(_Wire, frozen=True, tag="set-probes"):
    """Parent to prober: run these and no others. What was ordered before, number and all, keeps its rhythm."""

    probes: tuple[ProbeOrder, ...]


class ProbeNow(_Wire, frozen=True, tag="probe-now"):
    """Parent to prober: probe everything afresh, as if it were new; what is under way is given up."""


class Probed(_Wire, frozen=True, tag="probed"):
    """Prober to parent: a result."""

    number: int
    up: bool
    reason: str
    seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)]
    ours: bool
    findings: wire_findings.Findings = wire_findings.NOTHING


MAXIMUM_REASON: Final = 1000
"""Characters of a reason; ours take a few hundred."""


class SetNames(_Wire, frozen=True, tag="set-names"):
    """Parent to prober: ask these servers for these names, again and again, and for no others."""

    servers: tuple[str, ...]
    names: tuple[str, ...]


_Told: TypeAlias = Annotated[tuple[Annotated[str, msgspec.Meta(max_length=45)], ...], msgspec.Meta(max_length=64)]


class Resolved(_Wire, frozen=True, tag="resolved"):
    """Prober to parent: what name servers say of a name; see `Answer`."""

    name: Annotated[str, msgspec.Meta(max_length=253)]
    v4: _Told | None
    v6: _Told | None
    failure: str


Order: TypeAlias = SetProbes | ProbeNow | SetNames
"""What the prober receives."""

Report: TypeAlias = Probed | Resolved
"""What it says."""

_ON_THE_WIRE: Final[Mapping[type[model.Check], type[Check]]] = {
    model.IcmpCheck: IcmpCheck,
    model.TcpCheck: TcpCheck,
    model.TlsCheck: TlsCheck,
    model.HttpCheck: HttpCheck,
    PlannedExchangeCheck: ExchangeCheck,
    model.SendCheck: SendCheck,
    model.MailCheck: MailCheck,
    model.RpcCheck: RpcCheck,
    model.ScriptCheck: ScriptCheck,
}
_IN_THE_PLAN: Final[Mapping[type[Check], type[model.Check]]] = {wire: plan for plan, wire in _ON_THE_WIRE.items()}


def order(number: int, probe: Probe, secret: Callable[[str], str] = lambda _: "") -> ProbeOrder:
    """Return a probe as it travels, with the password of its test mailbox itself; `secret` knows it by label."""
    target = probe.target
    check = target.check
    if isinstance(check, model.MailCheck) and check.user:
        check = replace(check, password=password(check.user, check.password, secret))
    return ProbeOrder(
        number=number,
        address=str(target.endpoint.address),
        port=target.endpoint.port,
        source=None if probe.source is None else str(probe.source),
        check=_ON_THE_WIRE[type(check)](**asdict(check)),
        timing=Timing(**asdict(target.timing)),
        ttl=target.ttl,
    )


def probe(ordered: ProbeOrder) -> Probe:
    """Return the probe of an order. Raises ValueError for what is no address."""
    check: Any = _IN_THE_PLAN[type(ordered.check)]
    return Probe(
        target=ProbeTarget(
            endpoint=Endpoint(ip_address(ordered.address), ordered.port),
            check=check(**fields_of(ordered.check)),
            timing=model.Timing(**fields_of(ordered.timing)),
            ttl=ordered.ttl,
        ),
        source=None if ordered.source is None else ip_address(ordered.source),
    )


def probed(number: int, outcome: Outcome) -> Probed:
    """Return a result as it travels."""
    return Probed(
        number=number,
        up=outcome.up,
        reason=outcome.reason,
        seconds=outcome.seconds,
        ours=outcome.ours,
        findings=wire_findings.told(outcome.findings),
    )


def outcome(result: Probed) -> Outcome:
    """Return the outcome of a result, its reason fit to be shown: the prober reads what hosts say, and one may own it."""
    reason = shortened(printable(result.reason), MAXIMUM_REASON)
    findings = wire_findings.heard(result.findings)
    return Outcome(up=result.up, reason=reason, seconds=result.seconds, ours=result.ours, findings=findings)


def names(questions: Questions) -> SetNames:
    """Return questions as they travel."""
    return SetNames(servers=tuple(map(str, questions.servers)), names=tuple(sorted(questions.names)))


def questions(ordered: SetNames) -> Questions:
    """Return the questions of an order. Raises ValueError for what is no address."""
    return Questions(servers=tuple(map(ip_address, ordered.servers)), names=frozenset(ordered.names))


def resolved(answer: Answer) -> Resolved:
    """Return an answer as it travels."""
    v4, v6 = (None if told is None else tuple(map(str, told)) for told in (answer.v4, answer.v6))
    return Resolved(name=answer.name, v4=v4, v6=v6, failure=answer.failure)


def answer(told: Resolved) -> Answer:
    """Return the answer that was told, of addresses alone, its failure fit to be shown: strangers may own the prober."""
    failure = shortened(printable(told.failure), MAXIMUM_REASON)
    return Answer(name=told.name, v4=_addresses(told.v4, 4), v6=_addresses(told.v6, 6), failure=failure)


def _addresses(texts: tuple[str, ...] | None, version: int) -> frozenset[model.Address] | None:
    if texts is None:
        return None
    read = (parsed_address(text) for text in texts)
    return frozenset(address for address in read if address is not None and address.version == version)

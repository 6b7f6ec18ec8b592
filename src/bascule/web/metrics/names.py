"""The figures by name: what each is, and what tells its series apart. Names are part of the product's interface."""

from enum import StrEnum
from typing import Final, NamedTuple

MOST_SERIES: Final = 10_000
"""Of one answer. Relays come first, then hosts; what is left out is counted."""


class Kind(StrEnum):
    """What Prometheus calls the types of figures."""

    GAUGE = "gauge"
    COUNTER = "counter"


class Metric(NamedTuple):
    """One figure."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


HOST: Final = ("relay", "table", "host", "address")

INFO: Final = Metric("bascule_info", Kind.GAUGE, ("version",), "Always 1; the label says which version runs.")
SERVING: Final = Metric("bascule_serving", Kind.GAUGE, (), "1 while a relay serves clients, 0 while none can.")
LOADED: Final = Metric(
    "bascule_configuration_timestamp_seconds",
    Kind.GAUGE,
    (),
    "When the configuration came into effect, a Unix time.",
)
PENDING: Final = Metric("bascule_deployment_pending", Kind.GAUGE, (), "1 while a deployment waits to be committed.")
FINDINGS: Final = Metric("bascule_findings", Kind.GAUGE, (), "What needs an eye, as `bascule status` lists it.")
RELAYS: Final = Metric("bascule_relays", Kind.GAUGE, (), "Relays and redirects.")
RELAYS_ACTIVE: Final = Metric("bascule_relays_active", Kind.GAUGE, (), "Relays and redirects that serve clients.")
HOSTS: Final = Metric("bascule_hosts", Kind.GAUGE, (), "Hosts, by address.")
HOSTS_UP: Final = Metric("bascule_hosts_up", Kind.GAUGE, (), "Hosts that are up for every relay that they serve.")
LEFT_OUT: Final = Metric(
    "bascule_metrics_left_out", Kind.GAUGE, (), f"Series that this answer has not, since it has {MOST_SERIES} already."
)

RELAY_ACTIVE: Final = Metric("bascule_relay_active", Kind.GAUGE, ("relay",), "1 while a relay serves clients.")
RELAY_SESSIONS: Final = Metric("bascule_relay_sessions", Kind.GAUGE, ("relay",), "Sessions that live.")
RELAY_OPENED: Final = Metric("bascule_relay_sessions_total", Kind.COUNTER, ("relay",), "Sessions since Bascule started.")
RELAY_FAILED: Final = Metric(
    "bascule_relay_failed_total", Kind.COUNTER, ("relay",), "Sessions that a host refused or never answered."
)
RELAY_REFUSED: Final = Metric(
    "bascule_relay_refused_total", Kind.COUNTER, ("relay",), "Clients that no host took, or that were over a limit."
)
RELAY_BYTES: Final = Metric(
    "bascule_relay_bytes_total", Kind.COUNTER, ("relay", "direction"), "Bytes, `from_client` and `from_host`."
)

HOST_UP: Final = Metric("bascule_host_up", Kind.GAUGE, HOST, "1 while a host is up or full, by its checks or by order.")
HOST_STATE: Final = Metric(
    "bascule_host_state",
    Kind.GAUGE,
    (*HOST, "state"),
    "1 for the state that a host is in: up, down, unknown, full, maintenance, drained, disabled.",
)
HOST_SESSIONS: Final = Metric("bascule_host_sessions", Kind.GAUGE, HOST, "Sessions that live.")
HOST_OPENED: Final = Metric("bascule_host_sessions_total", Kind.COUNTER, HOST, "Sessions since Bascule started.")
HOST_FAILED: Final = Metric(
    "bascule_host_failed_total", Kind.COUNTER, HOST, "Sessions that the host refused or never answered."
)
HOST_BYTES: Final = Metric(
    "bascule_host_bytes_total", Kind.COUNTER, (*HOST, "direction"), "Bytes, `from_client` and `from_host`."
)
HOST_CHECKS: Final = Metric(
    "bascule_host_checks_total", Kind.COUNTER, (*HOST, "result"), "Checks, by what they found: `up` or `down`."
)
HOST_CHECK_SECONDS: Final = Metric(
    "bascule_host_check_seconds_total", Kind.COUNTER, HOST, "Seconds that all checks of a host took together."
)

METRICS: Final = (
    *(INFO, SERVING, LOADED, PENDING, FINDINGS, RELAYS, RELAYS_ACTIVE, HOSTS, HOSTS_UP, LEFT_OUT),
    *(RELAY_ACTIVE, RELAY_SESSIONS, RELAY_OPENED, RELAY_FAILED, RELAY_REFUSED, RELAY_BYTES),
    *(HOST_UP, HOST_STATE, HOST_SESSIONS, HOST_OPENED, HOST_FAILED, HOST_BYTES, HOST_CHECKS, HOST_CHECK_SECONDS),
)

"""What pages show that changes while somebody looks, by key: an element of a page names the key of what it shows.

`relay/HTTPS/sessions`, `host/HTTPS/EX1/status`, `level`: the words are those that the page was made with.
"""

from collections.abc import Iterator, Mapping, Sequence

from bascule.service.results import Counters, HostRow, HostStatus, Relays, StatusReport
from bascule.web.wording import count, percent, rate, size


def relay_key(relay: str, what: str) -> str:
    """Return the key of something about a relay."""
    return f"relay/{relay}/{what}"


def host_key(relay: str, host: str, what: str) -> str:
    """Return the key of something about a host as one relay sees it; `host` is its address with its port."""
    return f"host/{relay}/{host}/{what}"


def server_key(server: str, what: str) -> str:
    """Return the key of something about a server, on whatever ports; `server` is its address."""
    return f"server/{server}/{what}"


def address_of(place: str) -> str:
    """Return the address of `10.2.0.11:443`, `[2001:db8::11]:443` or `10.2.0.11`, which is on all ports."""
    if place.count(":") == 1 or place.startswith("["):
        return place.rpartition(":")[0].strip("[]")
    return place.partition("/")[0]


def server_status(rows: Sequence[HostRow]) -> str:
    """Return how a server is on the whole: `degraded` is up in one service and not in another."""
    states = {row.status for row in rows}
    if len(states) == 1:
        return states.pop()
    return "degraded" if HostStatus.UP in states else HostStatus.DOWN


def counted(counters: Counters) -> Mapping[str, str]:
    """Return what was carried."""
    return dict(_counted(counters))


def _counted(counters: Counters) -> Iterator[tuple[str, str]]:
    yield "sessions", f"{count(sum(row.sessions for row in counters.rows if row.type != 'host'))} sessions"
    for row in counters.rows:
        values = {
            "sessions": count(row.sessions),
            "opened": rate(row.opened_rate),
            "traffic": f"{size(row.from_client_rate + row.from_host_rate)}/s",
            "bytes": size(row.from_client + row.from_host),
        }
        for what, value in values.items():
            if row.type == "host":
                yield host_key(row.relay, row.address, what), value
            else:
                yield relay_key(row.relay, what), value
        if row.type != "host":
            yield relay_key(row.relay, "carried"), f"{values['sessions']} sessions, {values['opened']}"


def stated(relays: Relays) -> Mapping[str, str]:
    """Return the states of relays and hosts."""
    return dict(_stated(relays))


def _stated(relays: Relays) -> Iterator[tuple[str, str]]:
    servers: dict[str, list[HostRow]] = {}
    for relay in relays.relays:
        yield relay_key(relay.name, "status"), relay.status
        hosts = sum(len(table.hosts) for table in relay.tables)
        yield relay_key(relay.name, "hosts"), f"{sum(table.hosts_up for table in relay.tables)} of {hosts}"
        for table in relay.tables:
            for host in table.hosts:
                yield from _host(relay.name, host)
                servers.setdefault(address_of(host.address), []).append(host)
    for server, rows in servers.items():
        yield server_key(server, "status"), server_status(rows)


def _host(relay: str, host: HostRow) -> Iterator[tuple[str, str]]:
    yield host_key(relay, host.address, "status"), host.status
    yield host_key(relay, host.address, "reason"), host.reason
    yield host_key(relay, host.address, "availability"), percent(host.availability)


def described(status: StatusReport) -> Mapping[str, str]:
    """Return how it goes."""
    return {"level": status.level, "sentence": status.sentence}

"""Writes a configuration as lines that a case of the corpus can show."""

from collections.abc import Iterator

from bascule.config.directory import Directory
from bascule.config.firewall import End, Firewall, Rule, shown
from bascule.config.kinds.numbers import shown_time
from bascule.config.model import (
    Check,
    Configuration,
    Forward,
    Host,
    HttpCheck,
    HttpServer,
    Interface,
    Listen,
    MailCheck,
    OnDown,
    OnEmpty,
    Relay,
    Router,
    SendCheck,
    System,
    Table,
    Transport,
)
from bascule.config.outward import Alert, Cause, Outward, place


def summary(configuration: Configuration) -> Iterator[str]:
    """Yield what a configuration means, a line for each thing."""
    for interface in configuration.interfaces:
        yield from _interface(interface)
    yield from map(_table, configuration.load_balancer.tables)
    yield from map(_relay, configuration.load_balancer.relays)
    yield from map(_router, configuration.load_balancer.routers)
    if configuration.exchange is not None:
        block = configuration.exchange
        yield f"exchange {block.version} {block.namespace} {block.array_fqdn} {block.ad_site}"
    if configuration.firewall is not None:
        yield from _firewall(configuration.firewall)
    if configuration.system != System():
        yield _system(configuration.system)
        yield from _directory(configuration.system.directory)
        yield from _outward(configuration.system.outward)


def _interface(interface: Interface) -> Iterator[str]:
    held = ", ".join(f"{line.address}{' virtual' if line.virtual else ''}" for line in interface.addresses)
    yield " ".join(filter(None, ("interface", interface.name, held, "dhcp" if interface.dhcp else "")))
    for route in interface.routes:
        yield f"route {route.destination or 'default'} via {route.gateway}"


def _table(table: Table) -> str:
    hosts = (f"{host.name} {host.address} weight {host.weight}{_fall(host)}{_most(host)}".strip() for host in table.hosts)
    return f"table <{table.name}> key {table.key:08x}: {', '.join(hosts)}"


def _router(router: Router) -> str:
    led = " ".join(str(destination or "default") for destination in router.destinations)
    return f"router {router.name} {led} by <{router.forward.table}>{' disabled' if router.disabled else ''}"


def _fall(host: Host) -> str:
    return "" if host.fall is None else f" fall {host.fall}"


def _most(host: Host) -> str:
    return "" if host.max_sessions is None else f" max {host.max_sessions}"


def _relay(relay: Relay) -> str:
    places = ", ".join(map(_listen, relay.listens))
    parts = [
        f"{relay.title} on {places} to {_forward(relay.forward)}",
        f"session {shown_time(relay.session_timeout)}",
    ]
    if relay.connect_timeout != 2:
        parts.append(f"connect {shown_time(relay.connect_timeout)}")
    if relay.engine is not None:
        parts.append(relay.engine)
    if relay.on_empty is not OnEmpty.RESET:
        parts.append(f"on empty {relay.on_empty}")
    if relay.on_down is not OnDown.RESET:
        parts.append(f"on down {relay.on_down}")
    if relay.source is not None:
        parts.append(f"source {relay.source.first}-{relay.source.last}")
    if relay.sticky is not None:
        parts.append(f"sticky {shown_time(relay.sticky)}")
    if relay.limits:
        limits = relay.limits
        parts.append(f"limits {limits.source_sessions} {limits.source_rate} {limits.half_open}")
    if relay.accept_source_rewrite:
        parts.append("accepts source rewrite")
    return ", ".join(parts)


def _listen(listen: Listen) -> str:
    ports = str(listen.port) if listen.last_port is None else f"{listen.port}:{listen.last_port}"
    transport = "" if listen.transport is Transport.TCP else f"{listen.transport} "
    more = f"{listen.interface and f' interface {listen.interface}'}{listen.zone and f' from {listen.zone}'}"
    return f"{listen.address or 'any'} {transport}{ports}{more}"


def _forward(forward: Forward) -> str:
    port = "" if forward.port is None else f" port {forward.port}"
    to = f"<{forward.table}>{port} {forward.mode}"
    if forward.check is None:
        return f"{to}, unchecked"
    timing = forward.timing
    when = f"every {shown_time(timing.interval)} within {shown_time(timing.timeout)} fall {timing.fall} rise {timing.rise}"
    return f"{to}, {_check(forward.check)} {when}"


def _check(check: Check) -> str:
    match check:
        case HttpCheck():
            words = [repr(check.path), f"host {check.host!r}", repr(check.codes), repr(check.expect)]
            return f"HttpCheck({', '.join(['tls', *words] if check.tls else words)})"
        case SendCheck():
            return f"SendCheck({', '.join([repr(check.send), repr(check.expect), *(['tls'] if check.tls else [])])})"
        case MailCheck():
            return f"MailCheck({', '.join([check.protocol, *(['tls'] if check.tls else [])])})"
        case _:
            return repr(check)


def _firewall(firewall: Firewall) -> Iterator[str]:
    for zone in firewall.zones:
        yield " ".join(["zone", zone.name, *zone.interfaces, *map(str, zone.networks)])
    for table in firewall.tables:
        stays = "for ever" if table.timeout is None else shown_time(table.timeout.total_seconds())
        yield " ".join([f"table <{table.name}>", *map(shown, table.networks), *table.files, f"stays {stays}"])
    yield from map(_rule, firewall.rules)
    yield from (f"nat {nat.from_zone} to {nat.to_zone}" for nat in firewall.nats)


def _rule(rule: Rule) -> str:
    said = [rule.action, rule.direction, "logged" if rule.log else "", rule.zone and f"on {rule.zone}", rule.protocol or ""]
    said += [f"{_end(rule.source)} -> {_end(rule.to)}"]
    if rule.forward is not None:
        said += [f"=> {rule.forward.address}", str(rule.forward.port or "same port")]
    if rule.limit is not None:
        into = rule.limit.overload and f"<{rule.limit.overload}> {shown_time(rule.limit.overload_for.total_seconds())}"
        said += [f"limit {rule.limit.sessions} {rule.limit.rate}", into]
    return " ".join(["rule", *filter(None, said), f"called {rule.title}"])


def _end(end: End) -> str:
    where = end.zone or (end.table and f"<{end.table}>") or ("any" if end.network is None else shown(end.network))
    return where if end.ports is None else f"{where} {end.ports}"


def _system(system: System) -> str:
    server = system.http_server
    parts = [
        f"system {system.host_name}".rstrip(),
        " ".join(["dns", *map(str, system.dns)]),
        "no http-server" if server is None else _http_server(server),
        *([" ".join(["metrics", *map(str, system.metrics)])] if system.metrics else []),
        " ".join(["users", ", ".join(f"{user.name} {user.role}" for user in system.users)]),
    ]
    return ", ".join(parts)


def _http_server(server: HttpServer) -> str:
    files = "" if server.certificate is None else f" {server.certificate.certificate} {server.certificate.key}"
    return f"http-server {server.address or 'any'} {server.port}{files}"


def _directory(directory: Directory | None) -> Iterator[str]:
    if directory is None:
        return
    for server in directory.servers:
        yield f"ldap {place(server.host, server.port)}{f' by {server.authority}' if server.authority else ''}"
    yield f"ldap {directory.entry or f'{directory.domain} at {directory.base}'}"
    for group in directory.groups:
        yield f"ldap {group.name} is {group.role}"


def _outward(outward: Outward) -> Iterator[str]:
    for each in outward.syslog:
        yield f"syslog {each.host} {each.transport} {each.port} {each.facility}{' warnings' if each.warnings_only else ''}"
    if (mail := outward.mail) is not None:
        tls = f"{' tls' if mail.tls else ''}{' starttls' if mail.starttls else ''}"
        yield f"mail {mail.host} {mail.port}{tls} as {mail.sender} {mail.user}"
    yield from map(_alert, outward.alerts)
    if (snmp := outward.snmp) is not None:
        traps = " ".join(place(trap.host, trap.port) for trap in snmp.traps)
        sources = " ".join(map(str, snmp.sources))
        yield f"snmp {snmp.port} {snmp.community and 'community'} {snmp.user} from {sources} traps {traps}"
    if outward.clocks:
        yield " ".join(["ntp", *(str(each.host) for each in outward.clocks)])


def _alert(alert: Alert) -> str:
    targets = " ".join((*alert.mail_to, *(hook.url for hook in alert.webhooks)))
    causes = " ".join(cause.value for cause in Cause if cause in alert.causes)
    quiet = "" if alert.quiet is None else f" quiet {alert.quiet.begins}-{alert.quiet.ends}"
    return f"alert {alert.name}: {targets} on {causes}{quiet}"

"""Binds who is told what happens here."""

from bascule.config.binding.unique import unique
from bascule.config.lexer import Report
from bascule.config.matching import Match
from bascule.config.outline import Node
from bascule.config.outward import (
    SYSLOG_PORTS,
    Alert,
    Cause,
    MailServer,
    Outward,
    Quiet,
    Snmp,
    SyslogServer,
    TimeServer,
    Trap,
    Webhook,
)
from bascule.config.schema.outward import (
    BEGINS,
    COMMUNITY,
    ENDS,
    FACILITY,
    LISTEN,
    MAIL,
    NAME,
    PASSWORD,
    SOURCE,
    TRANSPORT,
    URL,
    USER,
)
from bascule.config.schema.servers import AUTHORITY, HOST, PORT


def outward(node: Node, report: Report) -> Outward:
    """Return what a `system` block says of them; reports what stands twice."""
    syslog, ntp = node.first("syslog"), node.first("ntp")
    servers = () if syslog is None else tuple(_syslog_server(line.match) for line in syslog.each("server"))
    alerts = tuple(_alert(each, report) for each in node.each("alert"))
    clocks = [] if ntp is None else [TimeServer(host=each.match[HOST], span=each.match.span) for each in ntp.each("server")]
    unique(((each.name, f'alert "{each.name}"', each.span) for each in alerts), report)
    unique(((each.host, f"syslog server {each.host}", each.span) for each in servers), report)
    unique(((each.host, f"time server {each.host}", each.span) for each in clocks), report)
    return Outward(
        syslog=servers,
        mail=_mail(node.first("mail")),
        alerts=alerts,
        snmp=_snmp(node.first("snmp"), report),
        clocks=tuple(clocks),
    )


def _syslog_server(match: Match) -> SyslogServer:
    transport = match.option("transport", TRANSPORT) or "udp"
    return SyslogServer(
        host=match[HOST],
        transport=transport,
        port=match.option("port", PORT) or SYSLOG_PORTS[transport],
        facility=match.option("facility", FACILITY) or "daemon",
        warnings_only="warnings-only" in match.options,
        authority=match.option("certificate-authority", AUTHORITY) or "",
        span=match.span,
    )


def _mail(node: Node | None) -> MailServer | None:
    server = None if node is None else node.first("server")
    if node is None or server is None:
        return None
    sender, match = node.first("from"), server.match
    user, password = _login(node)
    return MailServer(
        host=match[HOST],
        port=match.option("port", PORT) or 25,
        tls="tls" in match.options,
        starttls="starttls" in match.options,
        sender="" if sender is None else sender.match[MAIL],
        user=user,
        password=password,
        authority=match.option("certificate-authority", AUTHORITY) or "",
        span=match.span,
    )


def _login(node: Node) -> tuple[str, str]:
    """Return the user and the password of a `login` line; empty where there is none."""
    line = node.first("login")
    return ("", "") if line is None else (line.match[USER], line.match[PASSWORD])


def _alert(node: Node, report: Report) -> Alert:
    to = [(line.match[MAIL], line.match.span) for line in node.each("mail to")]
    hooks = [_webhook(line.match) for line in node.each("webhook")]
    unique(((address, f"mail to {address}", span) for address, span in to), report)
    unique(((hook.url, f"webhook {hook.url}", hook.span) for hook in hooks), report)
    on, quiet = node.first("on"), node.first("quiet")
    named = frozenset() if on is None else frozenset(cause for cause in Cause if cause.value in on.match.options)
    return Alert(
        name=node.match[NAME],
        mail_to=tuple(address for address, _ in to),
        webhooks=tuple(hooks),
        causes=named or frozenset(Cause),
        quiet=None if quiet is None else Quiet(quiet.match[BEGINS], quiet.match[ENDS]),
        span=node.match.span,
    )


def _webhook(match: Match) -> Webhook:
    login = match.options.get("login")
    user, password = ("", "") if login is None else (login[USER], login[PASSWORD])
    return Webhook(url=match[URL], user=user, password=password, span=match.span)


def _snmp(node: Node | None, report: Report) -> Snmp | None:
    if node is None:
        return None
    port, listen, community = node.first("port"), node.first("listen on"), node.first("community")
    sources = [(line.match[SOURCE], line.match.span) for line in node.each("from")]
    traps = [
        Trap(host=line.match[HOST], port=line.match.option("port", PORT) or 162, span=line.match.span)
        for line in node.each("trap to")
    ]
    unique(((source, f"from {source}", span) for source, span in sources), report)
    unique(((each.host, f"trap to {each.host}", each.span) for each in traps), report)
    user, password = _login(node)
    return Snmp(
        port=161 if port is None else port.match[PORT],
        address=None if listen is None else listen.match[LISTEN],
        community="" if community is None else community.match[COMMUNITY],
        user=user,
        password=password,
        sources=tuple(source for source, _ in sources),
        traps=tuple(traps),
        span=node.match.span,
    )

"""Binds the `system` block."""

from bascule.config.binding.ldap import ldap
from bascule.config.binding.outward import outward
from bascule.config.binding.unique import unique
from bascule.config.lexer import Report
from bascule.config.model import HttpServer, KeyFiles, System, User
from bascule.config.outline import Node
from bascule.config.schema.system import (
    HOST_NAME,
    HTTP_ADDRESS,
    HTTP_CERTIFICATE,
    HTTP_KEY,
    HTTP_PORT,
    METRICS_NETWORK,
    PASSWORD,
    ROLE,
    SERVER,
    USER,
)


def system(top: Node, report: Report) -> System:
    """Return the system's settings; reports users and name servers that stand twice."""
    node = top.first("system")
    if node is None:
        return System()
    authentication, dns, host_name = node.first("authentication"), node.first("dns"), node.first("host-name")
    users = () if authentication is None else tuple(_user(user) for user in authentication.each("user"))
    unique(((user.name, f'user "{user.name}"', user.span) for user in users), report)
    servers = [] if dns is None else [(line.match[SERVER], line.match.span) for line in dns.each("")]
    unique(((address, f"name server {address}", span) for address, span in servers), report)
    metrics = node.first("metrics")
    readers = [] if metrics is None else [(line.match[METRICS_NETWORK], line.match.span) for line in metrics.each("from")]
    unique(((network, f"from {network}", span) for network, span in readers), report)
    return System(
        users=users,
        directory=None if authentication is None else ldap(authentication.first("ldap"), report),
        dns=tuple(address for address, _ in servers),
        dns_span=None if dns is None else dns.match.span,
        http_server=_http_server(node.first("http-server")),
        host_name="" if host_name is None else host_name.match[HOST_NAME],
        metrics=tuple(network for network, _ in readers),
        metrics_span=None if metrics is None else metrics.match.span,
        outward=outward(node, report),
    )


def _user(node: Node) -> User:
    password, role = node.first("password"), node.first("role")
    plain = password.match.choice.get(PASSWORD) if password is not None and password.match.choice is not None else None
    return User(
        name=node.match[USER],
        role="" if role is None else role.match[ROLE],
        plain_password=plain or "",
        span=node.match.span if password is None else password.match.span,
    )


def _http_server(node: Node | None) -> HttpServer | None:
    if node is None:
        return None
    port, address, files = node.first("port"), node.first("listen on"), node.first("certificate")
    written = HttpServer(span=node.match.span if port is None else port.match.span)
    return HttpServer(
        port=written.port if port is None else port.match[HTTP_PORT],
        address=None if address is None else address.match[HTTP_ADDRESS],
        certificate=None if files is None else KeyFiles(files.match[HTTP_CERTIFICATE], files.match[HTTP_KEY]),
        span=written.span,
    )

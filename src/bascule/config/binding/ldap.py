"""Binds the `ldap` block."""

from bascule.config.binding.unique import unique
from bascule.config.directory import LDAPS, Directory, DirectoryGroup, DirectoryServer, base_of
from bascule.config.lexer import Report
from bascule.config.outline import Node
from bascule.config.schema.ldap import BASE, DOMAIN, GROUP, ROLE, USER_ENTRY
from bascule.config.schema.servers import AUTHORITY, HOST, PORT


def ldap(node: Node | None, report: Report) -> Directory | None:
    """Return what an `ldap` block says; reports what stands twice."""
    if node is None:
        return None
    servers = tuple(
        DirectoryServer(
            host=match[HOST],
            port=match.option("port", PORT) or LDAPS,
            authority=match.option("certificate-authority", AUTHORITY) or "",
            span=match.span,
        )
        for match in (line.match for line in node.each("server"))
    )
    groups = tuple(
        DirectoryGroup(name=line.match[GROUP], role=line.match[ROLE], span=line.match.span) for line in node.each("group")
    )
    unique(((each.host, f"ldap server {each.host}", each.span) for each in servers), report)
    unique(((each.name.lower(), f'group "{each.name}"', each.span) for each in groups), report)
    domain, base, entry = node.first("domain"), node.first("base"), node.first("entry")
    named = "" if domain is None else domain.match[DOMAIN]
    return Directory(
        servers=servers,
        domain=named,
        base=base.match[BASE] if base is not None else base_of(named) if named else "",
        entry="" if entry is None else entry.match[USER_ENTRY],
        groups=groups,
        span=node.match.span,
    )

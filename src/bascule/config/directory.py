"""What an `ldap` block says: the directory whose users may log in to the pages, and what their groups make of them."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from bascule.config.diagnostics import Span

LDAPS: Final = 636
"""The port of LDAP that speaks TLS from the first byte (IANA)."""

SUFFIX: Final = "@ldap"
"""What the names of its users end with here, and no account's."""

MOST_SERVERS: Final = 8
MOST_GROUPS: Final = 64
"""Of one `ldap` block: each server costs a login's time, each group a question."""


def _span() -> Span:
    return field(default=Span(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryServer:
    """`server HOST …`: one that may be asked."""

    host: IPv4Address | IPv6Address | str
    port: int = LDAPS
    authority: str = ""
    """A file in PEM of those who may sign its certificate; empty is whom this machine trusts."""
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryGroup:
    """`group "DN" role ROLE`: what its members are here."""

    name: str
    role: str
    span: Span = _span()


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The `ldap` block."""

    servers: tuple[DirectoryServer, ...] = ()
    """In the order in which they are asked."""
    domain: str = ""
    """Of Active Directory, whose users bind as `NAME@domain`; empty where `entry` says how."""
    base: str = ""
    """Where its users stand; never empty beside a domain."""
    entry: str = ""
    """The name of a user's entry, with `{name}` in the place of his own."""
    groups: tuple[DirectoryGroup, ...] = ()
    span: Span = _span()


def base_of(domain: str) -> str:
    """Return where a domain of Active Directory begins: `example.com` at `DC=example,DC=com` (RFC 2247)."""
    return ",".join(f"DC={label}" for label in domain.split("."))

"""What an account may do: permissions, and the roles that have them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Permission(StrEnum):
    """What an account may do; each operation needs exactly one."""

    VIEW = "view"
    """Look at anything that is no secret."""
    OWN = "own"
    """Change what proves who one is: one's own alone, unless one may administer."""
    OPERATE = "operate"
    """Act on what runs, without changing the configuration."""
    DEPLOY = "deploy"
    """Write a configuration, and try it for a time."""
    COMMIT = "commit"
    """Decide what runs for good."""
    ADMINISTER = "administer"
    """Change who may do what."""
    ENTER = "enter"
    """Come to the pages, and leave them."""


class Role(StrEnum):
    """What an account is."""

    ADMINISTRATOR = "administrator"
    """May do everything."""
    OPERATOR = "operator"
    """Drains hosts, ends sessions, and deploys for a time; keeping it is for an administrator."""
    VIEWER = "viewer"
    """Looks."""
    VISITOR = "visitor"
    """The web process, on behalf of somebody who is nobody yet. No account is that."""


ROLES: Final = (Role.ADMINISTRATOR, Role.OPERATOR, Role.VIEWER)
"""What an account may be."""


ALLOWED: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: frozenset(Permission),
        Role.OPERATOR: frozenset(set(Permission) - {Permission.COMMIT, Permission.ADMINISTER}),
        Role.VIEWER: frozenset({Permission.ENTER, Permission.VIEW, Permission.OWN}),
        Role.VISITOR: frozenset({Permission.ENTER}),
    }
)

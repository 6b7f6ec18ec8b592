"""What an account may do: permissions, and the roles that have them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Permission(StrEnum):
    """What an account may do; each operation needs exactly one."""

    VIEW = "view"
    """Look at anything that is no secret."""
    OPERATE = "operate"
    """Act on what runs, without changing the configuration."""
    DEPLOY = "deploy"
    """Write a configuration, and try it for a time."""
    COMMIT = "commit"
    """Decide what runs for good."""
    ADMINISTER = "administer"
    """Change who may do what."""


class Role(StrEnum):
    """What an account is."""

    ADMINISTRATOR = "administrator"
    """May do everything."""
    OPERATOR = "operator"
    """Drains hosts, ends sessions, and deploys for a time; keeping it is for an administrator."""
    VIEWER = "viewer"
    """Looks."""


ALLOWED: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: frozenset(Permission),
        Role.OPERATOR: frozenset({Permission.VIEW, Permission.OPERATE, Permission.DEPLOY}),
        Role.VIEWER: frozenset({Permission.VIEW}),
    }
)

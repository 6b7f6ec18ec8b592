"""What is wrong with a directory whose users may log in."""

from collections.abc import Iterator

from bascule.config.diagnostics import Diagnostic
from bascule.config.directory import MOST_GROUPS, MOST_SERVERS, Directory


def ldap(directory: Directory) -> Iterator[Diagnostic]:
    """Yield why nobody could log in by it."""
    if bool(directory.domain) == bool(directory.entry):
        what = "ldap says in two ways who logs in" if directory.domain else "ldap does not say who logs in"
        hint = "write `domain` for Active Directory, and `entry` for another directory"
        yield Diagnostic.error(directory.span, what, hint)
    elif directory.entry and directory.base:
        yield Diagnostic.warning(directory.span, "base says nothing beside entry, which is a whole name")
    for most, what, found in (
        (MOST_SERVERS, "servers", directory.servers),
        (MOST_GROUPS, "groups", directory.groups),
    ):
        if len(found) > most:
            yield Diagnostic.error(found[most].span, f"ldap has more than {most} {what}")

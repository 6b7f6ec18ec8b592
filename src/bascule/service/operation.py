"""What is known of an operation: a row of the catalogue."""

from dataclasses import dataclass
from typing import Any

import msgspec

from bascule.service.permissions import Permission
from bascule.service.request import Request
from bascule.service.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A row of the table."""

    request: type[Request[Any]]
    result: type[Result]
    permission: Permission
    summary: str
    """What it does, for help texts: starts in lower case, no full stop."""
    audit: str | None = None
    """What the audit log says was done, with fields of the request in braces; None where nothing changes."""
    streams: bool = False
    """It is answered again and again, until the one who asked goes away."""

    def needs(self, request: Request[Any]) -> Permission:
        """Return what this very request needs: a deployment that is kept at once is a commit."""
        return Permission.COMMIT if getattr(request, "commit", False) else self.permission

    def deed(self, request: Request[Any]) -> str | None:
        """Return what the audit log says of this very request."""
        if self.audit is None:
            return None
        fields = msgspec.structs.asdict(request)
        told = self.audit.format_map({name: _written(value) for name, value in fields.items()})
        return "".join(letter if letter.isprintable() else "?" for letter in told)

    @property
    def name(self) -> str:
        """Return the name on the wire: `show.relays`."""
        return str(self.request.__struct_config__.tag)

    @property
    def method(self) -> str:
        """Return the name of the service's method: `show_relays`."""
        return self.name.replace(".", "_")


def _written(value: object) -> object:
    """Return a field as the audit log has it."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "nothing"
    return "all" if value is None else value

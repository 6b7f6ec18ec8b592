"""What is known of an operation: a row of the table, which stands beside its request."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, get_args

import msgspec

from bascule.service.permissions import Permission
from bascule.service.request import Answer_co, Request


@dataclass(frozen=True, slots=True)
class Operation(Generic[Answer_co]):
    """A row of the table: what is asked, who may, what the audit log says, and how programs and front ends find it.

    Its name, its result and the service's method come from the request.
    """

    request: type[Request[Answer_co]]
    permission: Permission
    summary: str
    """What it does, for help texts: starts in lower case, no full stop."""
    rest: str | None = field(kw_only=True)
    """How programs ask it: a method, and a path below `/api/v1` with fields of the request in braces.

    None is for browsers alone, as all that logs in: a program has a token.
    """
    audit: str | None = field(default=None, kw_only=True)
    """What the audit log says was done, with fields of the request in braces; None where nothing changes."""
    streams: bool = field(default=False, kw_only=True)
    """It is answered again and again, until the one who asked goes away."""

    def needs(self, request: Request[Any]) -> Permission:
        """Return what this very request needs: a deployment kept at once is a commit, a working copy is for who deploys."""
        if getattr(request, "commit", False):
            return Permission.COMMIT
        return Permission.DEPLOY if getattr(request, "working_copy", False) else self.permission

    def deed(self, request: Request[Any]) -> str | None:
        """Return what the audit log says of this very request."""
        if self.audit is None:
            return None
        fields = msgspec.structs.asdict(request)
        told = self.audit.format_map({name: _written(value) for name, value in fields.items()})
        return "".join(letter if letter.isprintable() else "?" for letter in told)

    @property
    def result(self) -> type[Answer_co]:
        """Return what a good answer is: `Request[Relays]` is answered by `Relays`."""
        given = (argument for base in _bases(self.request) for argument in get_args(base))
        answer: type[Answer_co] = next(argument for argument in given if isinstance(argument, type))
        return answer

    @property
    def name(self) -> str:
        """Return the name on the wire: `show.relays`."""
        return str(self.request.__struct_config__.tag)

    @property
    def method(self) -> str:
        """Return the name of the service's method: `show_relays`."""
        return self.name.replace(".", "_")


def _bases(kind: type[Any]) -> Iterator[Any]:
    """Yield what a class and those above it are made of, as written: with type parameters."""
    for each in kind.__mro__:
        yield from vars(each).get("__orig_bases__", ())


def _written(value: object) -> object:
    """Return a field as the audit log has it."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "nothing"
    return "all" if value is None else value

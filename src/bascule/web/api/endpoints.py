"""Every resource as data: which method of which path asks what. Routes and the OpenAPI document are made of this table.

It is the table of operations, as far as programs may ask them. Fields of a request that the path names come from there; the
others from the query where the method is GET or DELETE, else from a JSON body.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bascule.service.catalogue import OPERATIONS
from bascule.service.operation import Operation
from bascule.service.request import Request

ROOT: Final = "/api/v1"
_IN_PATH: Final = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method of a path, and the operation that it asks."""

    method: str
    path: str
    operation: Operation[Any]

    @property
    def request(self) -> type[Request[Any]]:
        """Return what it asks."""
        return self.operation.request

    @property
    def in_path(self) -> tuple[str, ...]:
        """Return the fields that the path names."""
        return tuple(_IN_PATH.findall(self.path))

    @property
    def by_query(self) -> bool:
        """Tell whether the other fields come from the query."""
        return self.method in ("GET", "DELETE")


def _endpoints() -> Iterator[Endpoint]:
    for operation in OPERATIONS.values():
        if operation.rest is not None:
            method, path = operation.rest.split()
            yield Endpoint(method, path, operation)


ENDPOINTS: Final = tuple(_endpoints())

"""Failures as HTTP has them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bascule.service.failures import (
    Busy,
    Conflict,
    Failure,
    Forbidden,
    NotFound,
    NotLoggedIn,
    Rejected,
    Unavailable,
)

STATUSES: Final[Mapping[type[Failure], int]] = MappingProxyType(
    {Rejected: 422, Conflict: 409, Forbidden: 403, NotLoggedIn: 401, NotFound: 404, Busy: 429, Unavailable: 503}
)

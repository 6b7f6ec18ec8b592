"""What every request is, who asks, and what an account may do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Generic, TypeAlias, TypeVar

import msgspec

from bascule.service.results import Result

Answer_co = TypeVar("Answer_co", bound=Result, covariant=True)
Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=256)]
Port: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Permission(StrEnum):
    """What an account may do; each operation needs exactly one."""

    VIEW = "view"
    """Look at anything that is no secret."""
    OPERATE = "operate"
    """Act on what runs, without changing the configuration."""
    DEPLOY = "deploy"
    """Change what runs."""
    ADMINISTER = "administer"
    """Change who may do what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, from the kernel's own knowledge of the peer; a request says nothing about it."""

    uid: int
    pid: int
    user: str
    """The account's name, or its number where it has none."""


class Request(
    msgspec.Struct, Generic[Answer_co], frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="operation"
):
    """Something asked; the type parameter is what a good answer is."""

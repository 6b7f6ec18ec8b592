"""What every request is, and who asks."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Generic, TypeAlias, TypeVar

import msgspec

from bascule.service.permissions import Role
from bascule.service.result import Result
from bascule.system.progress import Tell, silence

Answer = TypeVar("Answer", bound=Result)
Answer_co = TypeVar("Answer_co", bound=Result, covariant=True)
Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=256)]
Port: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65535)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, from the kernel's own knowledge of the peer; a request says nothing about it."""

    uid: int
    pid: int
    user: str
    """The account's name, or its number where it has none."""
    role: Role
    source: str = ""
    """The address of whoever asks by the pages."""
    token: str = field(default="", repr=False)
    """What he is known by there."""
    until: datetime | None = None
    """When he must log in again."""
    program: str = ""
    """The name of the API token that he is known by; empty where he has logged in."""
    tell: Tell = silence
    """Tells him how far it is."""


class Request(
    msgspec.Struct, Generic[Answer_co], frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="operation"
):
    """Something asked; the type parameter is what a good answer is."""


class LongRequest(Request[Answer_co], Generic[Answer_co], frozen=True, kw_only=True):
    """Something asked that may take its time."""

    progress: bool = False
    """Tell meanwhile how far it is; otherwise the answer comes alone."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How somebody says that he came to this machine: from an address, to one of its own."""

    source: Annotated[str, msgspec.Meta(max_length=64)]
    to: Annotated[str, msgspec.Meta(max_length=64)]
    port: Port
    """This machine's."""

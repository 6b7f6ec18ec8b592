"""What a browser fills in: bounded, and proven to come from a page of ours that this very login saw."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

PROOF: Final = "proof"
"""The hidden field of every form."""

_MOST_FIELDS: Final = 5000
_MOST_FILES: Final = 4
_LONGEST_FIELD: Final = 2_500_000
"""Bytes: a whole configuration."""


@dataclass(frozen=True, slots=True)
class Form:
    """Fields by name, each with all its values; empty where nothing was sent."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    files: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    """What was uploaded, by the name of the field."""

    def one(self, name: str, default: str = "") -> str:
        """Return the first value of a field, without spaces around it."""
        return self.raw(name, default).strip()

    def raw(self, name: str, default: str = "") -> str:
        """Return the first value as it came."""
        found = self.fields.get(name)
        return found[0] if found else default

    def every(self, name: str) -> Sequence[str]:
        """Return every value of a field."""
        return self.fields.get(name, ())

    def has(self, name: str) -> bool:
        """Tell whether a box was ticked, or a button pressed."""
        return name in self.fields


async def form_of(request: Request) -> Form:
    """Read what was filled in. Raises HTTPException where that is too much, no form, or in letters that nobody knows."""
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    try:
        async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD) as sent:
            for name, value in sent.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = await value.read()
                else:
                    value.encode()  # half a letter travels no further
                    fields.setdefault(name, []).append(value)
    except ValueError as error:  # a form names the letters that it is written in, and may name anything
        raise HTTPException(400, "the form is written in letters that are not known here") from error
    return Form(fields, files)


def proof_for(token: str) -> str:
    """Return what a form must carry that changes something for whoever is known by a token."""
    return hmac.new(token.encode(), b"a form of Bascule's", sha256).hexdigest()


def require_proof(form: Form, token: str) -> None:
    """Raise HTTPException where a form is not one that we gave this login."""
    if not hmac.compare_digest(form.one(PROOF).encode(), proof_for(token).encode()):
        raise HTTPException(403, "this form is not valid any more: load the page again")

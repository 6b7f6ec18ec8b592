"""What the parent and the web process say to each other, in frames of `channel`.

The listening sockets of an order travel beside its first byte (SCM_RIGHTS), one for each listener, in their order.
"""

from typing import Annotated, Final

import msgspec

MOST_LISTENERS: Final = 16
"""Two places in two IP versions are the most that a plan has."""

LONGEST_FILE: Final = 64 * 1024
"""Bytes of a certificate with its chain, and of a key."""

LONGEST_ORDER: Final = MOST_LISTENERS * 2 * LONGEST_FILE + 64 * 1024

_Pem = Annotated[bytes, msgspec.Meta(max_length=LONGEST_FILE)]


class WebListener(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place to answer at. Its number is never given to another place or certificate."""

    number: int
    certificate: _Pem
    key: _Pem


class Serve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="serve"):
    """Parent to web: answer at these places and no others; sessions that stand go on. With none, end once they have."""

    number: int
    listeners: Annotated[tuple[WebListener, ...], msgspec.Meta(max_length=MOST_LISTENERS)]


class Serving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="serving"):
    """Web to parent: an order is carried out, or why it is not; then nothing has changed."""

    number: int
    refused: Annotated[str, msgspec.Meta(max_length=1000)] = ""

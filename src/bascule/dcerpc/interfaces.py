"""The RPC interfaces by which Outlook reaches Exchange 2010, and how any interface is named in a text.

Source: [MS-OXCRPC] 1.9 (EMSMDB), [MS-OXNSPI] 1.9 (NSPI).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from bascule.dcerpc.packets import Syntax

EMSMDB: Final = Syntax(UUID("a4f1db00-ca47-1067-b31f-00dd010662da"), 0, 81)
"""RPC Client Access: Outlook's mailbox sessions."""

NSPI: Final = Syntax(UUID("f5cc5a18-4264-101a-8c59-08002b2f8426"), 56, 0)
"""The Address Book service."""

SERVICES: Final[Mapping[str, Syntax]] = MappingProxyType({"emsmdb": EMSMDB, "nspi": NSPI})
"""The two that every Outlook of Exchange 2010 needs, by the names that texts give them."""

_UUID: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?: v([0-9]{1,4})\.([0-9]{1,4}))?")


def interface(name: str) -> Syntax | None:
    """Return what a name means: `emsmdb`, `nspi`, or a UUID, behind which ` v4.0` may say a version other than 1.0.

    None where it means nothing.
    """
    if name.lower() in SERVICES:
        return SERVICES[name.lower()]
    found = _UUID.fullmatch(name.lower())
    return None if found is None else Syntax(UUID(found[1]), int(found[2] or 1), int(found[3] or 0))

"""What stands in a text in the place of a secret that is kept elsewhere: `<set 3f9a1c22>`."""

import re
from collections.abc import Callable
from typing import Final

_MARK: Final = re.compile(r"<set ([0-9a-f]{8})>")

COMMUNITY: Final = "community "
"""What a community is kept with, so that no other secret can be sent for one."""


def mark(label: str) -> str:
    """Return what stands for the secret of a label, which has 8 hex digits."""
    return f"<set {label}>"


def label(text: str) -> str:
    """Return the label of the secret that a text, or the end of a web address, stands for; empty where it has none."""
    whole = _MARK.fullmatch(text[-len(mark("0" * 8)) :])
    head = "" if whole is None else text[: -len(whole[0])]
    return whole[1] if whole is not None and (not head or head.endswith("/")) else ""


def address(text: str, secret: Callable[[str], str]) -> str:
    """Return the web address that a text means, of the same machine; empty where `secret` does not know its label."""
    kept = label(text)
    found = secret(kept) if kept else text
    return found if found.startswith(text.removesuffix(mark(kept))) else ""


def community(text: str, secret: Callable[[str], str]) -> str:
    """Return the community that a text means; empty where it is not kept, or what is kept there is no community."""
    kept = label(text)
    found = secret(kept) if kept else f"{COMMUNITY}{text}"
    return found.removeprefix(COMMUNITY) if found.startswith(COMMUNITY) else ""

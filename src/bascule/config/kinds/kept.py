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


def login(user: str, password: str) -> str:
    """Return what the password of a login is kept as: it is sent for this user alone, who has no control characters."""
    return f"login {user}\n{password}"


def is_mark(text: str) -> bool:
    """Tell whether a text is what stands for a secret, and no more."""
    return _MARK.fullmatch(text) is not None


def password(user: str, text: str, secret: Callable[[str], str]) -> str:
    """Return the password of a login that has `text` for it; empty where it is not kept for this user.

    An empty text is that of `password set`: before there were labels, one was kept for each user (`store/schema.py`).
    """
    head = login(user, "") if text else f"user {user}\n"
    kept = (label(text) if is_mark(text) else "") if text else f"user {user}"
    found = secret(kept) if kept else login(user, text)
    return found.removeprefix(head) if found.startswith(head) else ""

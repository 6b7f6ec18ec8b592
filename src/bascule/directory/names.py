"""What somebody may call himself at a login, and how he is called here then."""

import re
import unicodedata
from typing import Final

from bascule.config.directory import SUFFIX
from bascule.config.kinds.texts import LONGEST_NAME

_NAME: Final = re.compile(r"\w(?:[\w.'@+-]*[\w+-])?")
"""No blank, since directories take several for one; and nothing that stands for something else in their filters."""


def normal(typed: str) -> str:
    """Return the name that a directory is asked about, in the form in which equal ones are equal; empty where it is none.

    Whoever is called `alice@ldap` here may log in so, too.
    """
    name = unicodedata.normalize("NFKC", typed.strip()).lower().removesuffix(SUFFIX)
    return name if _NAME.fullmatch(name) and len(shown(name).encode()) <= LONGEST_NAME else ""


def shown(name: str) -> str:
    """Return what somebody of the directory is called here, which no account is."""
    return f"{name}{SUFFIX}"

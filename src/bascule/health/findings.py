"""What a probe saw besides whether the host is up: health pages, a certificate, and what is not as it should be."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that is not as it should be, and takes no host out."""

    about: str
    """What it is about, always the same for the same trouble: `/oab`, `certificate`, `login`."""
    words: str
    """Printable, one line; never a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPage:
    """What came of one health page."""

    vdir: str
    well: bool
    words: str = ""
    """Why it is not well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCertificate:
    """The certificate that a server showed: its own, without its chain."""

    fingerprint: str
    """SHA-256, 64 hexadecimal digits."""
    until: float
    """Its last second, in seconds since 1970."""
    names: tuple[str, ...] = ()
    """The DNS names that it is for, at most `MOST_NAMES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All of that."""

    remarks: tuple[Remark, ...] = ()
    pages: tuple[SeenPage, ...] = ()
    certificate: SeenCertificate | None = None
    maintenance: bool = False
    """The host is in Exchange's maintenance: it shall get no new clients, keep those it has, and alarm nobody."""


NOTHING: Final = Findings()

MOST_REMARKS: Final = 32
MOST_PAGES: Final = 16
MOST_NAMES: Final = 100
LONGEST_WORDS: Final = 500
"""Characters of what is said of one thing."""

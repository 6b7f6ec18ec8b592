"""What is known about Exchange, from where, and how sure that is."""

from dataclasses import dataclass
from enum import StrEnum


class Evidence(StrEnum):
    """How a fact is known."""

    READ = "read"
    """It stands in the source that is named."""
    KNOWN = "known"
    """What people who run Exchange know; no source was looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence for whoever sets a farm up, and where it comes from."""

    text: str
    """Begins in upper case and ends with a full stop."""
    source: str = ""
    """Who says so; empty where it is about Bascule itself."""
    evidence: Evidence = Evidence.READ

    def __str__(self) -> str:
        """Return it as people read it, with what they need to judge it."""
        if self.evidence is Evidence.KNOWN:
            return f"{self.text} (Background knowledge, not verified.)"
        return f"{self.text} [{self.source}]" if self.source else self.text

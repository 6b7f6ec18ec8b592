"""What name servers say of a name, and what is known of it then."""

from dataclasses import dataclass

from bascule.config.model import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking for one name."""

    name: str
    v4: frozenset[Address] | None = None
    """Its IPv4 addresses; None where nobody told, so that those known before are kept."""
    v6: frozenset[Address] | None = None
    failure: str = ""
    """Why nobody told, of either family, in words; empty where both were."""

    def after(self, known: frozenset[Address]) -> frozenset[Address]:
        """Return what the name stands for now; an answer without any address takes none away."""
        kept = {version: frozenset(each for each in known if each.version == version) for version in (4, 6)}
        told = (kept[4] if self.v4 is None else self.v4) | (kept[6] if self.v6 is None else self.v6)
        return told or known

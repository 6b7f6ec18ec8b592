"""What a configuration says of the Exchange organisation behind it: the `exchange` block."""

from dataclasses import dataclass, field
from enum import StrEnum

from bascule.config.diagnostics import Span


class Version(StrEnum):
    """The versions of Exchange Server that Bascule knows, oldest first."""

    E2010 = "2010"
    E2013 = "2013"
    E2016 = "2016"
    E2019 = "2019"
    SE = "SE"

    @property
    def modern(self) -> bool:
        """Whether any of its servers serves any client alike: no affinity, no RPC, and health pages of its own."""
        return self is not Version.E2010


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeBlock:
    """An `exchange` block: it balances nothing itself; checks, exports and advice ask it. What is not written is empty."""

    version: str
    """One of `Version`."""
    namespace: str = ""
    """The name that clients know, such as mail.example.com, in lower case."""
    array_fqdn: str = ""
    """Of the client access array of Exchange 2010, such as outlook.example.local, in lower case."""
    ad_site: str = ""
    """The Active Directory site that the servers stand in."""
    span: Span = field(default=Span(), compare=False, repr=False)

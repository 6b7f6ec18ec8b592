"""The TCP ports of Exchange's services, as fields: farms differ, above all in the RPC ports that somebody chose."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """One farm's ports. Source: Microsoft Learn, "Network ports for clients and mail flow in Exchange"; the guide."""

    https: int = 443
    http: int = 80
    smtp: int = 25
    submission: int = 587
    """Mail of clients that log in ("Client Frontend" of 2013 and later)."""
    pop3: int = 110
    pop3s: int = 995
    imap: int = 143
    imaps: int = 993
    mapper: int = 135
    """The RPC endpoint mapper; no server can have it elsewhere."""
    client_access: int = 59532
    """RPC Client Access of 2010, the guide's choice; Microsoft names 59531 to 60554 to choose from."""
    address_book: int = 59533
    """The Address Book service of 2010, the guide's choice."""

    def of(self, field: str) -> int:
        """Return the port that a field holds."""
        port: int = getattr(self, field)
        return port

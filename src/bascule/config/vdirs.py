"""The virtual directories of Exchange's web site, and the check that asks after their health."""

from dataclasses import dataclass
from enum import StrEnum


class Vdir(StrEnum):
    """A virtual directory of the front end of Exchange 2013 and later, by the word that the language has for it."""

    OWA = "owa"
    ECP = "ecp"
    EWS = "ews"
    MAPI = "mapi"
    RPC = "rpc"
    OAB = "oab"
    ACTIVESYNC = "activesync"
    AUTODISCOVER = "autodiscover"
    POWERSHELL = "powershell"

    @property
    def page(self) -> str:
        """Return the path of its health page, in any case (Microsoft Learn, "Load balancing in Exchange Server")."""
        folder = "Microsoft-Server-ActiveSync" if self is Vdir.ACTIVESYNC else self.value
        return f"/{folder}/healthcheck.htm"


@dataclass(frozen=True, slots=True, kw_only=True)
class VdirPolicy:
    """`require VDIR…` and `warn VDIR…`: which virtual directories take a host out when they are ill, which only warn."""

    required: tuple[Vdir, ...] = ()
    """Where any is named, all others only warn."""
    warned: tuple[Vdir, ...] = ()

    def of(self, asked: tuple[Vdir, ...]) -> tuple[Vdir, ...]:
        """Return those of the asked that take a host out: those that are required, else all that do not only warn."""
        named = tuple(vdir for vdir in asked if vdir in self.required)
        return named or tuple(vdir for vdir in asked if vdir not in self.warned)

    def __bool__(self) -> bool:
        return bool(self.required or self.warned)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeCheck:
    """`check exchange "VDIR …" [host "NAME"] [require VDIR…] [warn VDIR…]`: Exchange's own opinion of its health."""

    vdirs: tuple[Vdir, ...]
    """Whose health pages are asked for; never empty."""
    host: str = ""
    """Sent as Host and as server name; empty in the text is the namespace of the `exchange` block."""
    required: tuple[Vdir, ...] = ()
    """In the text what stands after `require`. In the plan those that take the host out, whoever said so."""
    warned: tuple[Vdir, ...] = ()
    """In the text what stands after `warn`; nothing in the plan."""
    server: str = ""
    """The name that the host's health pages must give, set for each host by the plan; empty takes any."""

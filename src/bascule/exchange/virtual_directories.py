"""Exchange's web services: one port, several virtual directories, each with clients of its own.

Source: Microsoft Learn, "Load balancing in Exchange Server"; health pages are there since Exchange 2013.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualDirectory:
    """One of the directories behind port 443."""

    word: str
    """As `check exchange` calls it."""
    path: str
    client: str
    since: str = ""
    """A version, where older ones do not have it."""

    @property
    def health_page(self) -> str:
        """Return the page in which Exchange 2013 and later says what it thinks of it."""
        return f"/{self.path.split('/')[1]}/healthcheck.htm"


VIRTUAL_DIRECTORIES: Final = (
    VirtualDirectory(word="owa", path="/owa", client="browsers"),
    VirtualDirectory(word="ecp", path="/ecp", client="administrators, and users who change their options"),
    VirtualDirectory(word="ews", path="/EWS/Exchange.asmx", client="Outlook for Mac, free/busy, mailbox moves"),
    VirtualDirectory(word="mapi", path="/mapi/emsmdb", client="Outlook (MAPI over HTTP)", since="2013"),
    VirtualDirectory(word="rpc", path="/rpc/rpcproxy.dll", client="Outlook Anywhere"),
    VirtualDirectory(word="oab", path="/OAB", client="Outlook's offline address book"),
    VirtualDirectory(word="activesync", path="/Microsoft-Server-ActiveSync", client="phones"),
    VirtualDirectory(word="autodiscover", path="/Autodiscover/Autodiscover.xml", client="every client, first of all"),
    VirtualDirectory(word="powershell", path="/PowerShell", client="administrators; by a server's own name, for Kerberos"),
)

WATCHED: Final = tuple(each.word for each in VIRTUAL_DIRECTORIES if each.word != "powershell")
"""Whose illness clients feel."""

"""Who a simulated server is, and what its protocols share."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field

from bascule.lab.components import Component, Components, Requester, State
from bascule.lab.faults import PageFault, RpcFault, ServiceFault
from bascule.lab.limits import Limits, Places
from bascule.lab.release import NEWEST, Release


@dataclass(slots=True, kw_only=True)
class Machine:
    """One simulated Exchange server, as its protocols see it."""

    name: str
    """NetBIOS name, as `X-FEServer` gives it: `EX1`."""
    domain: str = "lab.local"
    release: Release = NEWEST
    limits: Limits = field(default_factory=Limits)
    components: Components = field(default_factory=Components)
    """Exchange 2010 has none: its stay active."""
    faults: dict[str, ServiceFault] = field(default_factory=dict)
    """What is wrong with services, by field of `Ports`; for new connections, and for others where the fault says so."""
    pages: dict[str, PageFault] = field(default_factory=dict)
    """What is wrong with health pages, by their folder in lower case: `owa`, `microsoft-server-activesync`."""
    rpc_fault: RpcFault | None = None
    """What the endpoint mapper tells wrongly."""
    mailboxes: dict[str, str] | None = None
    """Who may log in, with the password; None lets in everybody."""
    sources: Places = field(default_factory=Places)
    """SMTP's connections, by where they come from."""
    users: Places = field(default_factory=Places)
    """Logins to IMAP4 and POP3, by protocol and user."""
    poll_seconds: float = 300.0
    """How long a client's question for news is held open where there are none."""
    queued_messages: int = 0
    """Messages that have come since the start; none is kept."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def fqdn(self) -> str:
        """Return the full name, as greetings and health pages give it."""
        return f"{self.name}.{self.domain}"

    def admits(self, user: str, password: str) -> bool:
        """Whether a user may log in to IMAP, POP3 or SMTP."""
        return self.mailboxes is None or self.mailboxes.get(user) == password

    def take_place(self, protocol: str, user: str, until: ExitStack) -> bool:
        """Count a login to IMAP4 or POP3 until a conversation ends; False where the user has too many already."""
        if self.users.of((protocol, user)) >= self.limits.mailbox_connections:
            return False  # Exchange closes the connection then, and logs UserConnectionLimitReached
        until.enter_context(self.users.held((protocol, user)))
        return True

    def maintain(self, *, begin: bool) -> None:
        """Begin or end maintenance, as `Set-ServerComponentState … ServerWideOffline … -Requester Maintenance` does."""
        state = State.INACTIVE if begin else State.ACTIVE
        self.components.ask(Component.SERVER_WIDE_OFFLINE, state, Requester.MAINTENANCE)

    def receive(self) -> None:
        """Take a message, which is news for everybody who waits for some."""
        self.queued_messages += 1
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, seconds: float) -> bool:
        """Wait for news at most so long, and return whether there are any."""
        try:
            async with asyncio.timeout(seconds):
                return await self._news.wait()
        except TimeoutError:
            return False

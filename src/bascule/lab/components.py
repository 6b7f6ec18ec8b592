"""The component states of a simulated server, as `Set-ServerComponentState` sets them.

Source: Microsoft Learn, "Manage database availability groups in Exchange Server" (maintenance). That a component is active
only where every requester has it so is common knowledge, and is not written there.
"""

from enum import StrEnum
from typing import Final


class Component(StrEnum):
    """What may be taken out of service, as the cmdlet names it."""

    SERVER_WIDE_OFFLINE = "ServerWideOffline"
    """Inactive, it has all others so, but for those by which the server is watched and mended."""
    ACTIVE_SYNC_PROXY = "ActiveSyncProxy"
    AUTO_DISCOVER_PROXY = "AutoDiscoverProxy"
    ECP_PROXY = "EcpProxy"
    EWS_PROXY = "EwsProxy"
    MAPI_PROXY = "MapiProxy"
    OAB_PROXY = "OabProxy"
    OWA_PROXY = "OwaProxy"
    RPC_PROXY = "RpcProxy"
    RPS_PROXY = "RpsProxy"
    """Remote PowerShell."""
    IMAP_PROXY = "ImapProxy"
    POP_PROXY = "PopProxy"
    FRONTEND_TRANSPORT = "FrontendTransport"
    HUB_TRANSPORT = "HubTransport"
    MONITORING = "Monitoring"
    RECOVERY_ACTIONS_ENABLED = "RecoveryActionsEnabled"


class State(StrEnum):
    """What a requester has asked of a component."""

    ACTIVE = "Active"
    DRAINING = "Draining"
    INACTIVE = "Inactive"


class Requester(StrEnum):
    """Who asks. An update that fails leaves components inactive by `Functional`."""

    MAINTENANCE = "Maintenance"
    FUNCTIONAL = "Functional"
    HEALTH_API = "HealthAPI"
    """Managed availability."""
    SIDELINED = "Sidelined"
    DEPLOYMENT = "Deployment"


_APART: Final = frozenset({Component.MONITORING, Component.RECOVERY_ACTIONS_ENABLED})


class Components:
    """Who has asked what of each component of one server."""

    def __init__(self) -> None:
        self._asked: dict[Component, dict[Requester, State]] = {}

    def ask(self, component: Component, state: State, requester: Requester) -> None:
        """Set a component's state, as one requester wants it."""
        self._asked.setdefault(component, {})[requester] = state

    def state(self, component: Component) -> State:
        """Return the state that comes of it: the worst that anybody asked for, of it or of the whole server."""
        asked = set(self._asked.get(component, {}).values())
        if component not in _APART:
            asked |= set(self._asked.get(Component.SERVER_WIDE_OFFLINE, {}).values())
        return next((state for state in (State.INACTIVE, State.DRAINING) if state in asked), State.ACTIVE)

    def active(self, component: Component) -> bool:
        """Whether a component serves."""
        return self.state(component) is State.ACTIVE

"""Every resource as data: which method of which path asks what. Routes and the OpenAPI document are made of this table.

Fields of a request that the path names come from there; the others from the query where the method is GET or DELETE, else
from a JSON body.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from bascule.service.accounts import AddAccount, ChangePassword, ChangeRole, EndLogins, RemoveAccount, ShowAccounts
from bascule.service.affinity import AskAffinity
from bascule.service.alerts import TryAlert
from bascule.service.archives import FetchBackup, ShowBackups
from bascule.service.capture import Capture
from bascule.service.catalogue import OPERATIONS
from bascule.service.certificates import UploadCertificate
from bascule.service.deployment import (
    Cancel,
    CheckText,
    Commit,
    Compare,
    Deploy,
    DiscardCopy,
    LoadCopy,
    ShowCopy,
    ShowRevision,
    ShowRevisions,
)
from bascule.service.exchange_health import ShowExchange
from bascule.service.firewall import ShowFirewall
from bascule.service.logins import LogIn, LogOut, MakeSetupLink, SetUp, ShowLogin
from bascule.service.metrics import ShowMetrics
from bascule.service.network import ShowInterfaces, ShowRoutes
from bascule.service.operation import Operation
from bascule.service.operations import (
    AskClient,
    AskDoctor,
    Clear,
    Explain,
    ForgetSticky,
    Kill,
    Monitor,
    OrderHost,
    Poll,
    Reload,
    ShowAudit,
    ShowCounters,
    ShowDrift,
    ShowHistory,
    ShowLog,
    ShowRelays,
    ShowSessions,
    ShowSticky,
    Status,
    Stop,
    WatchCounters,
    Who,
)
from bascule.service.request import Request
from bascule.service.second_factor import BeginTotp, ConfirmTotp, EndTotp
from bascule.service.tables import ChangeTable, ShowTables
from bascule.service.tokens import AddToken, RemoveToken, ShowTokens

ROOT: Final = "/api/v1"
_IN_PATH: Final = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method of a path, and what it asks."""

    method: str
    path: str
    request: type[Request[Any]]

    @property
    def operation(self) -> Operation:
        """Return its row of the table of operations."""
        return OPERATIONS[self.request]

    @property
    def in_path(self) -> tuple[str, ...]:
        """Return the fields that the path names."""
        return tuple(_IN_PATH.findall(self.path))

    @property
    def by_query(self) -> bool:
        """Tell whether the other fields come from the query."""
        return self.method in ("GET", "DELETE")


ENDPOINTS: Final = (
    Endpoint("GET", "/status", Status),
    Endpoint("GET", "/doctor", AskDoctor),
    Endpoint("GET", "/relays", ShowRelays),
    Endpoint("GET", "/exchange", ShowExchange),
    Endpoint("GET", "/exchange/affinity", AskAffinity),
    Endpoint("POST", "/hosts/{host}/order", OrderHost),
    Endpoint("POST", "/poll", Poll),
    Endpoint("GET", "/sessions", ShowSessions),
    Endpoint("DELETE", "/sessions", Kill),
    Endpoint("GET", "/sticky", ShowSticky),
    Endpoint("DELETE", "/sticky", ForgetSticky),
    Endpoint("GET", "/clients/{address}", AskClient),
    Endpoint("GET", "/who", Who),
    Endpoint("GET", "/explain", Explain),
    Endpoint("GET", "/counters", ShowCounters),
    Endpoint("GET", "/counters/stream", WatchCounters),
    Endpoint("GET", "/history", ShowHistory),
    Endpoint("GET", "/events", ShowLog),
    Endpoint("GET", "/events/stream", Monitor),
    Endpoint("POST", "/alerts/test", TryAlert),
    Endpoint("GET", "/audit", ShowAudit),
    Endpoint("POST", "/capture", Capture),
    Endpoint("GET", "/interfaces", ShowInterfaces),
    Endpoint("GET", "/routes", ShowRoutes),
    Endpoint("GET", "/firewall", ShowFirewall),
    Endpoint("GET", "/tables", ShowTables),
    Endpoint("PATCH", "/tables/{name}", ChangeTable),
    Endpoint("GET", "/working-copy", ShowCopy),
    Endpoint("PUT", "/working-copy", LoadCopy),
    Endpoint("DELETE", "/working-copy", DiscardCopy),
    Endpoint("POST", "/check", CheckText),
    Endpoint("GET", "/compare", Compare),
    Endpoint("POST", "/deployment", Deploy),
    Endpoint("POST", "/deployment/commit", Commit),
    Endpoint("DELETE", "/deployment", Cancel),
    Endpoint("GET", "/revisions", ShowRevisions),
    Endpoint("GET", "/revisions/{number}", ShowRevision),
    Endpoint("GET", "/backups", ShowBackups),
    Endpoint("POST", "/certificates", UploadCertificate),
    Endpoint("GET", "/drift", ShowDrift),
    Endpoint("POST", "/reload", Reload),
    Endpoint("GET", "/accounts", ShowAccounts),
    Endpoint("POST", "/accounts", AddAccount),
    Endpoint("PUT", "/accounts/{name}/role", ChangeRole),
    Endpoint("PUT", "/accounts/{name}/password", ChangePassword),
    Endpoint("DELETE", "/accounts/{name}", RemoveAccount),
    Endpoint("DELETE", "/accounts/{name}/logins", EndLogins),
    Endpoint("GET", "/tokens", ShowTokens),
    Endpoint("POST", "/tokens", AddToken),
    Endpoint("DELETE", "/accounts/{account}/tokens/{name}", RemoveToken),
    Endpoint("POST", "/accounts/setup-link", MakeSetupLink),
    Endpoint("GET", "/login", ShowLogin),
    Endpoint("POST", "/stop", Stop),
    Endpoint("POST", "/clear", Clear),
)

NOT_HERE: Final = frozenset({LogIn, LogOut, SetUp, BeginTotp, ConfirmTotp, EndTotp, ShowMetrics, FetchBackup})
"""What only a browser asks, since a program has a token; figures for programs that have none, which are `/metrics`; and a
backup, which is a file: the pages hand it out."""

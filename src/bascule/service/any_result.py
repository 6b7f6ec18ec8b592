"""Every answer that the wire knows."""

from typing import TypeAlias

from bascule.service.accounts import AccountChanged, AccountRows
from bascule.service.affinity import AffinityReport
from bascule.service.alerts import AlertTried
from bascule.service.archives import BackupPart, BackupRows
from bascule.service.audit import AuditLog
from bascule.service.capture import Captured
from bascule.service.certificates import CertificateKept
from bascule.service.checking import Checked
from bascule.service.exchange_health import ExchangeHealth
from bascule.service.firewall import FirewallRules
from bascule.service.logins import Left, LoggedIn, Login, SetupLink
from bascule.service.measured import MeasuredHistory
from bascule.service.network import Interfaces, Routes
from bascule.service.results import (
    Cleared,
    ClientReport,
    Compared,
    CopyText,
    Counters,
    Deployed,
    Discarded,
    DoctorReport,
    Drift,
    Events,
    Explained,
    Forgotten,
    HostOrdered,
    Killed,
    Loaded,
    Metrics,
    Polled,
    Relays,
    Reloaded,
    Revisions,
    RevisionText,
    Sessions,
    StatusReport,
    Sticky,
    Stopped,
    Whose,
)
from bascule.service.second_factor import TotpOff, TotpOffered, TotpOn
from bascule.service.tables import TableChanged, Tables
from bascule.service.tokens import TokenChanged, TokenMade, TokenRows

AnyResult: TypeAlias = (
    StatusReport
    | DoctorReport
    | Relays
    | FirewallRules
    | Interfaces
    | Routes
    | Tables
    | TableChanged
    | Explained
    | Events
    | Cleared
    | Stopped
    | Reloaded
    | Polled
    | Sessions
    | ClientReport
    | AffinityReport
    | Whose
    | Killed
    | HostOrdered
    | Sticky
    | ExchangeHealth
    | Forgotten
    | Counters
    | Metrics
    | MeasuredHistory
    | Deployed
    | Revisions
    | RevisionText
    | Loaded
    | CopyText
    | Compared
    | Discarded
    | AuditLog
    | Drift
    | AccountRows
    | AccountChanged
    | TotpOffered
    | TotpOn
    | TotpOff
    | TokenRows
    | TokenMade
    | TokenChanged
    | LoggedIn
    | Left
    | Login
    | SetupLink
    | Captured
    | AlertTried
    | Checked
    | BackupRows
    | BackupPart
    | CertificateKept
)

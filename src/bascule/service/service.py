"""What does every operation of the table, whoever asks: a method for each, by its name."""

from collections.abc import AsyncIterator
from typing import Protocol

from bascule.service.accounts import (
    AccountChanged,
    AccountRows,
    AddAccount,
    ChangePassword,
    ChangeRole,
    EndLogins,
    RemoveAccount,
    ShowAccounts,
)
from bascule.service.affinity import AffinityReport, AskAffinity
from bascule.service.alerts import AlertTried, TryAlert
from bascule.service.archives import BackupPart, BackupRows, FetchBackup, ShowBackups
from bascule.service.audit import AuditLog
from bascule.service.capture import Capture, Captured
from bascule.service.certificates import CertificateKept, UploadCertificate
from bascule.service.checking import Checked
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
from bascule.service.exchange_health import ExchangeHealth, ShowExchange
from bascule.service.firewall import FirewallRules, ShowFirewall
from bascule.service.logins import Left, LoggedIn, LogIn, Login, LogOut, MakeSetupLink, SetUp, SetupLink, ShowLogin
from bascule.service.measured import MeasuredHistory
from bascule.service.metrics import ShowMetrics
from bascule.service.network import Interfaces, Routes, ShowInterfaces, ShowRoutes
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
from bascule.service.request import Context
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
from bascule.service.second_factor import BeginTotp, ConfirmTotp, EndTotp, TotpOff, TotpOffered, TotpOn
from bascule.service.tables import ChangeTable, ShowTables, TableChanged, Tables
from bascule.service.tokens import AddToken, RemoveToken, ShowTokens, TokenChanged, TokenMade, TokenRows


class Service(Protocol):
    """Does the work of each operation.

    A method raises OperationFailed for what the one who asked must know, and MachineError where the machine would not.
    One that takes its time tells `context.tell` how far it is.
    """

    async def status(self, context: Context, request: Status, /) -> StatusReport:
        """Say how it goes."""
        ...

    async def doctor(self, context: Context, request: AskDoctor, /) -> DoctorReport:
        """Say what is wrong with what runs."""
        ...

    async def show_relays(self, context: Context, request: ShowRelays, /) -> Relays:
        """List relays with their tables and hosts."""
        ...

    async def show_firewall(self, context: Context, request: ShowFirewall, /) -> FirewallRules:
        """List our rules in the kernel."""
        ...

    async def show_interfaces(self, context: Context, request: ShowInterfaces, /) -> Interfaces:
        """List interfaces with their addresses and traffic."""
        ...

    async def show_routes(self, context: Context, request: ShowRoutes, /) -> Routes:
        """List the routes of the main table."""
        ...

    async def show_exchange(self, context: Context, request: ShowExchange, /) -> ExchangeHealth:
        """List what Exchange thinks of itself, as the probes last heard it."""
        ...

    async def show_tables(self, context: Context, request: ShowTables, /) -> Tables:
        """List the firewall's address tables."""
        ...

    async def alert_test(self, context: Context, request: TryAlert, /) -> AlertTried:
        """Send a test to everybody whom an alert tells."""
        ...

    async def change_table(self, context: Context, request: ChangeTable, /) -> TableChanged:
        """Put addresses into a table, or take them out."""
        ...

    async def show_log(self, context: Context, request: ShowLog, /) -> Events:
        """List what happened last."""
        ...

    def monitor(self, context: Context, request: Monitor, /) -> AsyncIterator[Events]:
        """Yield what happened last, then what happens."""
        ...

    async def explain(self, context: Context, request: Explain, /) -> Explained:
        """Say which host takes each client, over the running plan."""
        ...

    async def order_host(self, context: Context, request: OrderHost, /) -> HostOrdered:
        """Have a host drained, disabled, enabled or flushed, or its check overridden."""
        ...

    async def poll(self, context: Context, request: Poll, /) -> Polled:
        """Check every host now, and answer when the results are in."""
        ...

    async def reload(self, context: Context, request: Reload, /) -> Reloaded:
        """Read the configuration again; where it is refused, nothing has changed."""
        ...

    async def deploy(self, context: Context, request: Deploy, /) -> Deployed:
        """Put a configuration into effect for a time."""
        ...

    async def show_drift(self, context: Context, request: ShowDrift, /) -> Drift:
        """Compare the machine with what it should be."""
        ...

    async def show_audit(self, context: Context, request: ShowAudit, /) -> AuditLog:
        """List who did what."""
        ...

    async def copy_load(self, context: Context, request: LoadCopy, /) -> Loaded:
        """Keep a text as a working copy."""
        ...

    async def copy_show(self, context: Context, request: ShowCopy, /) -> CopyText:
        """Return a working copy."""
        ...

    async def copy_discard(self, context: Context, request: DiscardCopy, /) -> Discarded:
        """Forget a working copy."""
        ...

    async def compare(self, context: Context, request: Compare, /) -> Compared:
        """Say what one configuration changes over another."""
        ...

    async def commit(self, context: Context, request: Commit, /) -> Deployed:
        """Keep what is deployed."""
        ...

    async def cancel(self, context: Context, request: Cancel, /) -> Deployed:
        """Take back what is deployed."""
        ...

    async def show_revisions(self, context: Context, request: ShowRevisions, /) -> Revisions:
        """List what was committed."""
        ...

    async def show_revision(self, context: Context, request: ShowRevision, /) -> RevisionText:
        """Return one of them."""
        ...

    async def show_sessions(self, context: Context, request: ShowSessions, /) -> Sessions:
        """List the sessions that live."""
        ...

    async def show_counters(self, context: Context, request: ShowCounters, /) -> Counters:
        """List what relays and hosts have carried."""
        ...

    async def show_history(self, context: Context, request: ShowHistory, /) -> MeasuredHistory:
        """List what was carried, minute by minute."""
        ...

    def watch_counters(self, context: Context, request: WatchCounters, /) -> AsyncIterator[Counters]:
        """Yield that every few seconds."""
        ...

    async def kill(self, context: Context, request: Kill, /) -> Killed:
        """End sessions at both ends."""
        ...

    async def show_sticky(self, context: Context, request: ShowSticky, /) -> Sticky:
        """List the clients whose host is remembered."""
        ...

    async def forget_sticky(self, context: Context, request: ForgetSticky, /) -> Forgotten:
        """Forget the host of a client, or of all."""
        ...

    async def client(self, context: Context, request: AskClient, /) -> ClientReport:
        """Say everything about one client."""
        ...

    async def exchange_affinity(self, context: Context, request: AskAffinity, /) -> AffinityReport:
        """Say which host clients get, and whether any is split."""
        ...

    async def who(self, context: Context, request: Who, /) -> Whose:
        """Say which client stands behind an address and port in a host's log."""
        ...

    def capture(self, context: Context, request: Capture, /) -> AsyncIterator[Captured]:
        """Yield a file with packets, piece after piece."""
        ...

    async def clear(self, context: Context, request: Clear, /) -> Cleared:
        """Take everything of ours from the machine, then end after the answer is sent."""
        ...

    async def stop(self, context: Context, request: Stop, /) -> Stopped:
        """End after the answer is sent."""
        ...

    async def show_accounts(self, context: Context, request: ShowAccounts, /) -> AccountRows:
        """List who may do what."""
        ...

    async def account_add(self, context: Context, request: AddAccount, /) -> AccountChanged:
        """Make an account."""
        ...

    async def account_role(self, context: Context, request: ChangeRole, /) -> AccountChanged:
        """Have an account be something else."""
        ...

    async def account_password(self, context: Context, request: ChangePassword, /) -> AccountChanged:
        """Give an account another password."""
        ...

    async def account_remove(self, context: Context, request: RemoveAccount, /) -> AccountChanged:
        """Take an account away."""
        ...

    async def account_logout(self, context: Context, request: EndLogins, /) -> AccountChanged:
        """Log an account out of the pages everywhere."""
        ...

    async def totp_begin(self, context: Context, request: BeginTotp, /) -> TotpOffered:
        """Offer an account a second factor."""
        ...

    async def totp_confirm(self, context: Context, request: ConfirmTotp, /) -> TotpOn:
        """Have an account need codes."""
        ...

    async def totp_end(self, context: Context, request: EndTotp, /) -> TotpOff:
        """Have an account need no code any more."""
        ...

    async def show_tokens(self, context: Context, request: ShowTokens, /) -> TokenRows:
        """List API tokens."""
        ...

    async def token_add(self, context: Context, request: AddToken, /) -> TokenMade:
        """Make one."""
        ...

    async def token_remove(self, context: Context, request: RemoveToken, /) -> TokenChanged:
        """Take one away."""
        ...

    async def show_metrics(self, context: Context, request: ShowMetrics, /) -> Metrics:
        """Say how it goes and what was carried, to a program that comes from where the text says."""
        ...

    async def login(self, context: Context, request: LogIn, /) -> LoggedIn:
        """Let somebody in by a password."""
        ...

    async def logout(self, context: Context, request: LogOut, /) -> Left:
        """Have the login of whoever asks be worth nothing any more."""
        ...

    async def show_login(self, context: Context, request: ShowLogin, /) -> Login:
        """Say who asks."""
        ...

    async def setup(self, context: Context, request: SetUp, /) -> LoggedIn:
        """Make an administrator by the key of a link."""
        ...

    async def setup_link(self, context: Context, request: MakeSetupLink, /) -> SetupLink:
        """Make such a link."""
        ...

    async def check(self, context: Context, request: CheckText, /) -> Checked:
        """Say what is wrong with a text."""
        ...

    async def show_backups(self, context: Context, request: ShowBackups, /) -> BackupRows:
        """List them."""
        ...

    def backup_fetch(self, context: Context, request: FetchBackup, /) -> AsyncIterator[BackupPart]:
        """Yield one, part by part."""
        ...

    async def certificate_upload(self, context: Context, request: UploadCertificate, /) -> CertificateKept:
        """Keep a certificate with its key."""
        ...

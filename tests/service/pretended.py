"""A service that does nothing, and says so: for whoever speaks to one over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from bascule.config.diagnostics import Diagnostic, Span
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
from bascule.service.alerts import AlertTried, TriedRow, TryAlert
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
from bascule.service.failures import OperationFailed, Rejected
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
from bascule.service.permissions import Role
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
    Level,
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
from bascule.service.tokens import AddToken, RemoveToken, ShowTokens, TokenChanged, TokenMade, TokenRow, TokenRows
from bascule.system.errors import MachineError

REPORT = StatusReport(
    level=Level.OK,
    sentence="1 relay serves clients",
    version="0",
    pid=1,
    configuration="a.conf",
    since=datetime(2026, 1, 1, tzinfo=UTC),
    relays=1,
    relays_active=1,
    hosts=1,
    hosts_up=1,
)
REJECTED = Rejected(diagnostics=(Diagnostic.error(Span(1, 2, 3), "no client of that address"),))


class PretendedService:
    """Answers without any work, and remembers who asked."""

    def __init__(self) -> None:
        self.asked_by: list[Context] = []
        self.following = 0

    async def status(self, context: Context, _: Status, /) -> StatusReport:
        """Answer, and keep the context."""
        self.asked_by.append(context)
        return REPORT

    async def doctor(self, _: Context, __: AskDoctor, /) -> DoctorReport:
        """Find nothing."""
        return DoctorReport()

    async def show_relays(self, _: Context, __: ShowRelays, /) -> Relays:
        """Meet a machine that would not."""
        raise MachineError("read the sets", "no such table")

    async def show_firewall(self, _: Context, __: ShowFirewall, /) -> FirewallRules:
        """Have a bug."""
        raise ZeroDivisionError

    async def show_interfaces(self, _: Context, __: ShowInterfaces, /) -> Interfaces:
        """Have none."""
        return Interfaces(interfaces=())

    async def show_routes(self, _: Context, __: ShowRoutes, /) -> Routes:
        """Have none."""
        return Routes(routes=())

    async def show_tables(self, _: Context, __: ShowTables, /) -> Tables:
        """Have none."""
        return Tables(tables=())

    async def change_table(self, _: Context, request: ChangeTable, /) -> TableChanged:
        """Have changed it."""
        return TableChanged(sentence=request.name)

    async def alert_test(self, _: Context, request: TryAlert, /) -> AlertTried:
        """Have told one."""
        return AlertTried(rows=(TriedRow(alert=request.name or "a", to="b"),))

    async def show_log(self, _: Context, __: ShowLog, /) -> Events:
        """Have seen nothing."""
        return Events()

    async def monitor(self, _: Context, request: Monitor, /) -> AsyncIterator[Events]:
        """Count up, quickly at first, and wait for ever after as many answers as were asked for."""
        self.following += 1
        try:
            for number in range(request.last):
                yield Events(lost=number)
            await asyncio.Event().wait()
        finally:
            self.following -= 1

    async def capture(self, _: Context, request: Capture, /) -> AsyncIterator[Captured]:
        """Have captured two pieces; a client is nobody's."""
        if request.client is not None:
            raise MachineError("capture packets", "Operation not permitted")
        yield Captured(data=b"one ", packets=1)
        yield Captured(data=b"two", packets=2, lost=1, ended="the time is over")

    async def poll(self, context: Context, _: Poll, /) -> Polled:
        """Have found every host up."""
        context.tell("checking hosts", 0, 2)
        return Polled(checks=2, up=2)

    async def deploy(self, _: Context, __: Deploy, /) -> Deployed:
        """Have deployed it."""
        return Deployed(sentence="in effect")

    async def copy_load(self, _: Context, __: LoadCopy, /) -> Loaded:
        """Keep nothing."""
        return Loaded(sentence="kept")

    async def copy_show(self, _: Context, __: ShowCopy, /) -> CopyText:
        """Show nothing."""
        return CopyText(text="", base=0, newest=0)

    async def copy_discard(self, _: Context, __: DiscardCopy, /) -> Discarded:
        """Forget nothing."""
        return Discarded(sentence="gone")

    async def compare(self, _: Context, __: Compare, /) -> Compared:
        """Find nothing."""
        return Compared()

    async def show_drift(self, _: Context, __: ShowDrift, /) -> Drift:
        """See nothing."""
        return Drift(differences=())

    async def show_audit(self, _: Context, __: ShowAudit, /) -> AuditLog:
        """Know of nobody."""
        return AuditLog(rows=())

    async def show_accounts(self, _: Context, __: ShowAccounts, /) -> AccountRows:
        """Know nobody."""
        return AccountRows(rows=())

    async def account_add(self, _: Context, request: AddAccount, /) -> AccountChanged:
        """Have made it."""
        return AccountChanged(sentence=request.name)

    async def account_role(self, _: Context, request: ChangeRole, /) -> AccountChanged:
        """Have changed it."""
        return AccountChanged(sentence=request.name)

    async def account_password(self, _: Context, request: ChangePassword, /) -> AccountChanged:
        """Have changed it."""
        return AccountChanged(sentence=request.name)

    async def account_remove(self, _: Context, request: RemoveAccount, /) -> AccountChanged:
        """Have removed it."""
        return AccountChanged(sentence=request.name)

    async def commit(self, _: Context, __: Commit, /) -> Deployed:
        """Have committed it."""
        return Deployed(sentence="committed")

    async def cancel(self, _: Context, __: Cancel, /) -> Deployed:
        """Have taken it back."""
        return Deployed(sentence="taken back")

    async def show_revisions(self, _: Context, __: ShowRevisions, /) -> Revisions:
        """Have none."""
        return Revisions(rows=())

    async def show_revision(self, _: Context, __: ShowRevision, /) -> RevisionText:
        """Have none of that number."""
        raise OperationFailed(REJECTED)

    async def reload(self, _: Context, __: Reload, /) -> Reloaded:
        """Refuse the text, which has a name."""
        raise OperationFailed(Rejected(diagnostics=REJECTED.diagnostics, name="a.conf"))

    async def explain(self, _: Context, __: Explain, /) -> Explained:
        """Refuse what was asked."""
        raise OperationFailed(REJECTED)

    async def order_host(self, _: Context, request: OrderHost, /) -> HostOrdered:
        """Pretend to have done it."""
        return HostOrdered(sentence=f"{request.action} {request.host}")

    async def show_exchange(self, _: Context, __: ShowExchange, /) -> ExchangeHealth:
        """Know no server."""
        return ExchangeHealth()

    async def show_sticky(self, _: Context, __: ShowSticky, /) -> Sticky:
        """Remember nobody."""
        return Sticky()

    async def show_counters(self, _: Context, __: ShowCounters, /) -> Counters:
        """Count nothing."""
        return Counters(since=datetime(2026, 3, 1, tzinfo=UTC))

    async def show_history(self, _: Context, __: ShowHistory, /) -> MeasuredHistory:
        """Have measured nothing."""
        return MeasuredHistory(since=datetime(2026, 3, 1, tzinfo=UTC), until=datetime(2026, 3, 2, tzinfo=UTC), step=60)

    async def watch_counters(self, _: Context, __: WatchCounters, /) -> AsyncIterator[Counters]:
        """Count nothing, once."""
        yield Counters(since=datetime(2026, 3, 1, tzinfo=UTC))

    async def forget_sticky(self, _: Context, __: ForgetSticky, /) -> Forgotten:
        """Have nobody to forget."""
        return Forgotten(clients=0)

    async def show_sessions(self, _: Context, __: ShowSessions, /) -> Sessions:
        """Have no session."""
        return Sessions()

    async def kill(self, _: Context, __: Kill, /) -> Killed:
        """Have ended none."""
        return Killed(sessions=0)

    async def client(self, _: Context, request: AskClient, /) -> ClientReport:
        """Know nothing of the client."""
        return ClientReport(address=request.address)

    async def exchange_affinity(self, _: Context, request: AskAffinity, /) -> AffinityReport:
        """Know of no session."""
        return AffinityReport(client=request.client)

    async def who(self, _: Context, __: Who, /) -> Whose:
        """Know nobody."""
        return Whose()

    async def clear(self, _: Context, __: Clear, /) -> Cleared:
        """Pretend to have cleared."""
        return Cleared(done=("ended 2 sessions",))

    async def stop(self, _: Context, __: Stop, /) -> Stopped:
        """Take a moment to answer."""
        await asyncio.sleep(0.2)
        return Stopped(sentence="stopped")

    async def account_logout(self, _: Context, request: EndLogins, /) -> AccountChanged:
        """Have logged him out."""
        return AccountChanged(sentence=request.name)

    async def totp_begin(self, _: Context, __: BeginTotp, /) -> TotpOffered:
        """Offer the same to everybody."""
        return TotpOffered(secret="SECRET", uri="otpauth://totp/x?secret=SECRET")

    async def totp_confirm(self, _: Context, __: ConfirmTotp, /) -> TotpOn:
        """Take any code."""
        return TotpOn(recovery_codes=("abcd",))

    async def totp_end(self, _: Context, request: EndTotp, /) -> TotpOff:
        """Have ended it."""
        return TotpOff(sentence=request.name)

    async def show_tokens(self, _: Context, __: ShowTokens, /) -> TokenRows:
        """Have none."""
        return TokenRows(rows=())

    async def token_add(self, _: Context, request: AddToken, /) -> TokenMade:
        """Make one for ever the same day."""
        day = datetime(2026, 3, 1, tzinfo=UTC)
        row = TokenRow(account=request.account, name=request.name, role=request.role, since=day, until=day)
        return TokenMade(token="bsc_token", row=row)

    async def token_remove(self, _: Context, request: RemoveToken, /) -> TokenChanged:
        """Have removed it."""
        return TokenChanged(sentence=request.name)

    async def show_metrics(self, context: Context, _: ShowMetrics, /) -> Metrics:
        """Let everybody read what the rest says."""
        return Metrics(
            status=await self.status(context, Status()),
            relays=await self.show_relays(context, ShowRelays()),
            counters=await self.show_counters(context, ShowCounters()),
        )

    async def login(self, _: Context, request: LogIn, /) -> LoggedIn:
        """Let everybody in."""
        return LoggedIn(token="token", name=request.name, role=Role.VIEWER)

    async def logout(self, _: Context, __: LogOut, /) -> Left:
        """Forget nobody."""
        return Left()

    async def show_login(self, context: Context, _: ShowLogin, /) -> Login:
        """Say who asks."""
        return Login(name=context.user, role=context.role, until=context.until)

    async def setup(self, _: Context, request: SetUp, /) -> LoggedIn:
        """Make everybody an administrator."""
        return LoggedIn(token="token", name=request.name, role=Role.ADMINISTRATOR)

    async def setup_link(self, _: Context, __: MakeSetupLink, /) -> SetupLink:
        """Make a link that leads nowhere."""
        return SetupLink(path="/setup/key", until=datetime(2026, 3, 2, tzinfo=UTC))

    async def check(self, _: Context, __: CheckText, /) -> Checked:
        """Find nothing wrong."""
        return Checked()

    async def show_backups(self, _: Context, __: ShowBackups, /) -> BackupRows:
        """Have none."""
        return BackupRows(folder="/nowhere")

    async def backup_fetch(self, _: Context, __: FetchBackup, /) -> AsyncIterator[BackupPart]:
        """Have one of a byte."""
        yield BackupPart(size=1, content=b"x")

    async def certificate_upload(self, _: Context, __: UploadCertificate, /) -> CertificateKept:
        """Keep nothing."""
        return CertificateKept(path="/nowhere", fingerprint="AB", ends=datetime(2026, 3, 2, tzinfo=UTC), sentence="kept")

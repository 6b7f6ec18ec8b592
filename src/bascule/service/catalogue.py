"""Every use case of the product as data: what is asked, what is answered, who may, and what the audit log says.

Front ends and the control socket are derived from the table below: nothing else lists the operations.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

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
from bascule.service.permissions import Permission
from bascule.service.request import Request
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

AnyRequest: TypeAlias = (
    Status
    | AskDoctor
    | ShowRelays
    | ShowFirewall
    | ShowInterfaces
    | ShowRoutes
    | ShowTables
    | ShowExchange
    | ChangeTable
    | ShowLog
    | Monitor
    | Explain
    | Poll
    | Reload
    | Clear
    | Stop
    | ShowSessions
    | Kill
    | AskClient
    | AskAffinity
    | Who
    | OrderHost
    | ShowSticky
    | ForgetSticky
    | ShowCounters
    | WatchCounters
    | ShowHistory
    | Deploy
    | Commit
    | Cancel
    | ShowRevisions
    | ShowRevision
    | LoadCopy
    | ShowCopy
    | DiscardCopy
    | Compare
    | ShowAudit
    | ShowDrift
    | ShowAccounts
    | AddAccount
    | ChangeRole
    | ChangePassword
    | RemoveAccount
    | EndLogins
    | BeginTotp
    | ConfirmTotp
    | EndTotp
    | ShowTokens
    | AddToken
    | RemoveToken
    | ShowMetrics
    | LogIn
    | LogOut
    | ShowLogin
    | SetUp
    | MakeSetupLink
    | Capture
    | TryAlert
    | CheckText
    | ShowBackups
    | FetchBackup
    | UploadCertificate
)


OPERATIONS: Final[Mapping[type[Request[Any]], Operation]] = MappingProxyType(
    {
        operation.request: operation
        for operation in (
            Operation(
                request=Status,
                result=StatusReport,
                permission=Permission.VIEW,
                summary="say in one sentence how it goes",
            ),
            Operation(
                request=AskDoctor,
                result=DoctorReport,
                permission=Permission.VIEW,
                summary="say what is wrong with what runs, and what to do",
            ),
            Operation(
                request=ShowRelays,
                result=Relays,
                permission=Permission.VIEW,
                summary="list relays with their tables and hosts",
            ),
            Operation(
                request=ShowFirewall,
                result=FirewallRules,
                permission=Permission.VIEW,
                summary="list our rules in the kernel, with the line that caused each",
            ),
            Operation(
                request=ShowInterfaces,
                result=Interfaces,
                permission=Permission.VIEW,
                summary="list interfaces with their addresses and traffic",
            ),
            Operation(
                request=ShowRoutes,
                result=Routes,
                permission=Permission.VIEW,
                summary="list the routes of the main table",
            ),
            Operation(
                request=ShowExchange,
                result=ExchangeHealth,
                permission=Permission.VIEW,
                summary="list what Exchange thinks of itself, by virtual directory and server",
            ),
            Operation(
                request=ShowTables,
                result=Tables,
                permission=Permission.VIEW,
                summary="list the firewall's address tables, and what commands and limits put in",
            ),
            Operation(
                request=ChangeTable,
                result=TableChanged,
                permission=Permission.OPERATE,
                summary="put addresses into a table of the firewall, or take them out",
                audit="changed table <{name}>: put in {add}, took out {remove}",
            ),
            Operation(
                request=ShowLog,
                result=Events,
                permission=Permission.VIEW,
                summary="list what happened last",
            ),
            Operation(
                request=ShowAudit,
                result=AuditLog,
                permission=Permission.VIEW,
                summary="list who changed what, and who was refused",
            ),
            Operation(
                request=ShowDrift,
                result=Drift,
                permission=Permission.VIEW,
                summary="say how the machine differs from what it should be",
            ),
            Operation(
                request=Monitor,
                result=Events,
                permission=Permission.VIEW,
                summary="follow what happens",
                streams=True,
            ),
            Operation(
                request=Explain,
                result=Explained,
                permission=Permission.VIEW,
                summary="say which host takes a client, and why",
            ),
            Operation(
                request=OrderHost,
                result=HostOrdered,
                permission=Permission.OPERATE,
                summary="drain, disable, enable, flush or force a host",
                audit="ordered of host {host}, in relay {relay}: {action}",
            ),
            Operation(
                request=Poll,
                result=Polled,
                permission=Permission.OPERATE,
                summary="check every host now",
                audit="had every host checked",
            ),
            Operation(
                request=Reload,
                result=Reloaded,
                permission=Permission.COMMIT,
                summary="read the configuration again and put it into effect",
                audit="had the configuration read again",
            ),
            Operation(
                request=Deploy,
                result=Deployed,
                permission=Permission.DEPLOY,
                summary="put a configuration into effect until it is committed, or its time is over",
                audit="deployed a configuration",
            ),
            Operation(
                request=LoadCopy,
                result=Loaded,
                permission=Permission.DEPLOY,
                summary="keep a text as your working copy",
                audit="changed the working copy",
            ),
            Operation(
                request=ShowCopy,
                result=CopyText,
                permission=Permission.DEPLOY,  # a text may hold a password
                summary="print your working copy",
            ),
            Operation(
                request=DiscardCopy,
                result=Discarded,
                permission=Permission.DEPLOY,
                summary="forget your working copy",
                audit="discarded the working copy",
            ),
            Operation(
                request=Compare,
                result=Compared,
                permission=Permission.DEPLOY,
                summary="say what a configuration changes in effect over another",
            ),
            Operation(
                request=Commit,
                result=Deployed,
                permission=Permission.COMMIT,
                summary="keep what is deployed as the next revision",
                audit="committed a configuration",
            ),
            Operation(
                request=Cancel,
                result=Deployed,
                permission=Permission.DEPLOY,
                summary="take back what is deployed",
                audit="took a deployment back",
            ),
            Operation(
                request=ShowRevisions,
                result=Revisions,
                permission=Permission.VIEW,
                summary="list what was committed, when and by whom",
            ),
            Operation(
                request=ShowRevision,
                result=RevisionText,
                permission=Permission.DEPLOY,  # a text may hold a password
                summary="print a revision",
                audit="read a revision",
            ),
            Operation(
                request=ShowSessions,
                result=Sessions,
                permission=Permission.VIEW,
                summary="list sessions, with their age and bytes",
            ),
            Operation(
                request=ShowCounters,
                result=Counters,
                permission=Permission.VIEW,
                summary="list what relays and hosts have carried, and what comes in a second",
            ),
            Operation(
                request=ShowHistory,
                result=MeasuredHistory,
                permission=Permission.VIEW,
                summary="list what relays and hosts carried in the last hours, days or months",
            ),
            Operation(
                request=WatchCounters,
                result=Counters,
                permission=Permission.VIEW,
                summary="follow what relays and hosts carry",
                streams=True,
            ),
            Operation(
                request=Kill,
                result=Killed,
                permission=Permission.OPERATE,
                summary="end sessions at both ends",
                audit="ended sessions of client {client}, host {host}, relay {relay}",
            ),
            Operation(
                request=ShowSticky,
                result=Sticky,
                permission=Permission.VIEW,
                summary="list clients whose host is remembered",
            ),
            Operation(
                request=ForgetSticky,
                result=Forgotten,
                permission=Permission.OPERATE,
                summary="forget the host of a client, or of all",
                audit="forgot the host of client {client} in relay {relay}",
            ),
            Operation(
                request=AskClient,
                result=ClientReport,
                permission=Permission.VIEW,
                summary="say everything about one client",
            ),
            Operation(
                request=AskAffinity,
                result=AffinityReport,
                permission=Permission.VIEW,
                summary="say which host clients get, and whether any is split",
            ),
            Operation(
                request=Who,
                result=Whose,
                permission=Permission.VIEW,
                summary="say which client stands behind a line of a host's log",
            ),
            Operation(
                request=Clear,
                result=Cleared,
                permission=Permission.COMMIT,
                summary="end every session and take everything of ours from the machine",
                audit="cleared the machine",
            ),
            Operation(
                request=Stop,
                result=Stopped,
                permission=Permission.OPERATE,
                summary="end the parent; relays go on without health checks",
                audit="stopped the parent",
            ),
            Operation(
                request=Capture,
                result=Captured,
                permission=Permission.OPERATE,
                summary="capture the packets of a client, or of a relay",
                audit="captured packets of client {client}, relay {relay}, whole packets: {full}",
                streams=True,
            ),
            Operation(
                request=ShowAccounts,
                result=AccountRows,
                permission=Permission.VIEW,
                summary="list who may do what",
            ),
            Operation(
                request=AddAccount,
                result=AccountChanged,
                permission=Permission.ADMINISTER,
                summary="make an account",
                audit="made account {name}: {role}",
            ),
            Operation(
                request=ChangeRole,
                result=AccountChanged,
                permission=Permission.ADMINISTER,
                summary="change what an account may do",
                audit="changed the role of account {name}: {role}",
            ),
            Operation(
                request=ChangePassword,
                result=AccountChanged,
                permission=Permission.OWN,  # of one's own account: the service lets administrators alone change others'
                summary="change an account's password",
                audit="changed the password of account {name}",
            ),
            Operation(
                request=RemoveAccount,
                result=AccountChanged,
                permission=Permission.ADMINISTER,
                summary="remove an account",
                audit="removed account {name}",
            ),
            Operation(
                request=EndLogins,
                result=AccountChanged,
                permission=Permission.OWN,  # of one's own: the service lets administrators alone end others'
                summary="log an account out of the pages everywhere",
                audit="logged {name} out everywhere",
            ),
            Operation(
                request=BeginTotp,
                result=TotpOffered,
                permission=Permission.OWN,  # of one's own account, with its password
                summary="offer your account a second factor",
                audit="began to turn codes on",
            ),
            Operation(
                request=ConfirmTotp,
                result=TotpOn,
                permission=Permission.OWN,  # likewise
                summary="have your logins need a code from now on",
                audit="turned codes on",
            ),
            Operation(
                request=EndTotp,
                result=TotpOff,
                permission=Permission.OWN,  # of one's own with the password: administrators alone may of others'
                summary="have an account's logins need no code any more",
                audit="turned codes off for account {name}",
            ),
            Operation(
                request=ShowTokens,
                result=TokenRows,
                permission=Permission.VIEW,  # one's own: the service shows administrators alone all
                summary="list API tokens",
            ),
            Operation(
                request=AddToken,
                result=TokenMade,
                permission=Permission.OWN,  # of one's own, which may do no more than oneself
                summary="make an API token",
                audit="made token {name} of account {account}: {role}, for {days} days",
            ),
            Operation(
                request=RemoveToken,
                result=TokenChanged,
                permission=Permission.OWN,  # likewise
                summary="take an API token away",
                audit="took token {name} of account {account} away",
            ),
            Operation(
                request=ShowMetrics,
                result=Metrics,
                permission=Permission.ENTER,  # the service looks at where it comes from
                summary="list figures for a program that the text lets read them",
            ),
            Operation(
                request=LogIn,
                result=LoggedIn,
                permission=Permission.ENTER,
                summary="log in to the pages",
                audit="logged {name} in, from {source}",
            ),
            Operation(
                request=LogOut,
                result=Left,
                permission=Permission.ENTER,
                summary="log out of the pages",
                audit="logged out",
            ),
            Operation(
                request=ShowLogin,
                result=Login,
                permission=Permission.ENTER,
                summary="say who one is",
            ),
            Operation(
                request=SetUp,
                result=LoggedIn,
                permission=Permission.ENTER,
                summary="make an administrator by a setup link",
                audit="made {name} an administrator by a setup link, from {source}",
            ),
            Operation(
                request=MakeSetupLink,
                result=SetupLink,
                permission=Permission.ADMINISTER,
                summary="make a link that makes an administrator",
                audit="made a setup link",
            ),
            Operation(
                request=TryAlert,
                result=AlertTried,
                permission=Permission.OPERATE,
                summary="send a test to everybody whom an alert tells",
                audit="tried alert {name}",
            ),
            Operation(
                request=CheckText,
                result=Checked,
                permission=Permission.VIEW,
                summary="say what is wrong or doubtful with a text, without keeping it",
            ),
            Operation(
                request=ShowBackups,
                result=BackupRows,
                permission=Permission.VIEW,
                summary="list the backups that there are",
            ),
            Operation(
                request=FetchBackup,
                result=BackupPart,
                permission=Permission.ADMINISTER,  # it holds what passwords are proven by
                summary="hand out a backup",
                audit="fetched a backup: {name}",
                streams=True,
            ),
            Operation(
                request=UploadCertificate,
                result=CertificateKept,
                permission=Permission.ADMINISTER,
                summary="keep a certificate for the admin server",
                audit="brought along a certificate for the admin server",
            ),
        )
    }
)

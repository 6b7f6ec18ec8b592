"""What is wrong or doubtful with those who are told what happens here."""

from collections.abc import Iterator
from typing import Final

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.outward import Alert, MailServer, Snmp, SyslogServer, place

_SHORTEST: Final = 8
"""Characters of a password of SNMPv3 (RFC 3414, 11.2)."""


def outward(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield who would never be told, and what would go over the network for everybody to read."""
    told = ownership.configuration.system.outward
    for server in told.syslog:
        yield from _syslog(server)
    if told.mail is not None:
        yield from _mail(told.mail)
    for alert in told.alerts:
        yield from _alert(alert, told.mail)
    if told.snmp is not None:
        yield from _snmp(told.snmp, ownership)


def _syslog(server: SyslogServer) -> Iterator[Diagnostic]:
    if server.authority and server.transport != "tls":
        what = f"syslog server {place(server.host, server.port)} shows no certificate: its transport is {server.transport}"
        yield Diagnostic.warning(server.span, what, "write `transport tls`")


def _mail(mail: MailServer) -> Iterator[Diagnostic]:
    if mail.tls and mail.starttls:
        what = "a port that speaks TLS from the first byte has no STARTTLS"
        yield Diagnostic.warning(mail.span, what, "leave out one of `tls` and `starttls`")
    encrypted = mail.tls or mail.starttls
    if mail.user and not encrypted:
        what = f"the password of {mail.user} would go over the network in plain text"
        yield Diagnostic.error(mail.span, what, "write `tls` or `starttls` behind `server`")
    if mail.authority and not encrypted:
        what = f"mail server {place(mail.host, mail.port)} is asked for no certificate"
        yield Diagnostic.warning(mail.span, what, "write `tls` or `starttls`")


def _alert(alert: Alert, mail: MailServer | None) -> Iterator[Diagnostic]:
    if not alert.mail_to and not alert.webhooks:
        yield Diagnostic.warning(alert.span, f'alert "{alert.name}" tells nobody', "write `mail to` or `webhook` in it")
    if alert.mail_to and mail is None:
        hint = "write `mail { server … }` in the `system` block"
        yield Diagnostic.error(alert.span, f'alert "{alert.name}" sends mail, and no server takes it', hint)
    if alert.quiet is not None and alert.quiet.begins == alert.quiet.ends:
        yield Diagnostic.warning(alert.span, f'alert "{alert.name}": its quiet time ends when it begins, so it never is')
    for hook in alert.webhooks:
        if hook.url.startswith("http:"):
            what = "a webhook of http goes over the network in plain text"
            if hook.user:
                yield Diagnostic.error(hook.span, f"{what}, with the password of {hook.user}", "write https")
            else:
                yield Diagnostic.warning(hook.span, what, "write https, if it has that")


def _snmp(snmp: Snmp, ownership: Ownership) -> Iterator[Diagnostic]:
    if not snmp.community and not snmp.user:
        yield Diagnostic.error(snmp.span, "snmp answers nobody", "write `community` or `login` in it")
    if snmp.user and snmp.password and len(snmp.password) < _SHORTEST:
        yield Diagnostic.error(snmp.span, f"a password of SNMPv3 has {_SHORTEST} characters at least")
    if snmp.address is not None and not ownership.ours(snmp.address):
        yield Diagnostic.warning(snmp.span, f"the address of snmp {snmp.address} is not ours")

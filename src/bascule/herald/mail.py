"""Hands a mail to a server: SMTP with STARTTLS and login. Blocking: call it from a thread."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, Final

from bascule.herald.cutoff import cut_off
from bascule.herald.trust import trusting
from bascule.herald.wire import SendMail

LONGEST: Final = 15.0
"""Seconds that a server may take for all of it."""

_SILENT: Final = 10.0
_MOST_ANSWERED: Final = 64 * 1024
"""Bytes of everything that a server says."""


class _Bounded:
    """What a server says, up to an end: smtplib would read an answer of any number of lines."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = _MOST_ANSWERED

    def readline(self, most: int = -1) -> bytes:
        line: bytes = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise smtplib.SMTPException("it talks too much")
        return line

    def close(self) -> None:
        self._file.close()


class _Listening(smtplib.SMTP):
    """An SMTP client that listens no longer than it must; `known` has it before it connects."""

    def __init__(self, known: list[smtplib.SMTP], *arguments: Any, **named: Any) -> None:
        known.append(self)
        super().__init__(*arguments, **named)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        return super().getreply()


class _ListeningFromTls(_Listening, smtplib.SMTP_SSL):
    """The same where the port speaks TLS from the first byte."""


def message(order: SendMail, now: datetime) -> EmailMessage:
    """Return the mail as it is sent."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = order.sender, order.to, order.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=order.sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is answered
    mail.set_content(order.text)
    return mail


def send(order: SendMail, now: Callable[[], datetime]) -> None:
    """Send it. Raises FaultError, OSError, smtplib.SMTPException."""
    known: list[smtplib.SMTP] = []
    with cut_off(LONGEST, lambda: known[0].sock if known else None):
        context = trusting(order.authority) if order.tls or order.starttls else None
        try:
            server = _opened(order, known, context)
            if order.starttls:
                server.starttls(context=context)
            if order.user:
                server.login(order.user, order.password)
            server.send_message(message(order, now()))
            with suppress(OSError):  # it is taken: a farewell that fails must not have it sent again
                server.quit()
        finally:
            known[0].close()


def _opened(order: SendMail, known: list[smtplib.SMTP], context: ssl.SSLContext | None) -> smtplib.SMTP:
    """Return a connection to the server, which has greeted."""
    name = order.sender.rpartition("@")[2]
    if order.tls:
        return _ListeningFromTls(known, order.host, order.port, local_hostname=name, timeout=_SILENT, context=context)
    return _Listening(known, order.host, order.port, local_hostname=name, timeout=_SILENT)

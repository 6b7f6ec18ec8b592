"""Why somebody was not told."""

import os
import smtplib
import socket
import ssl
from http.client import HTTPException


class FaultError(Exception):
    """Somebody was not told; the message says why, as a clause."""


def explained(error: Exception) -> str:
    """Return in words why an exchange with somebody's server failed."""
    match error:
        case FaultError():
            return str(error)
        case ssl.SSLCertVerificationError():
            return f"its certificate is not believed: {error.verify_message}"
        case ssl.SSLError():
            return f"no TLS with it: {error.reason or error}"
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()), (0, b""))
            return f"it refuses the recipient: {code} {_text(words)}"
        case smtplib.SMTPResponseException():
            return f"it answered {error.smtp_code} {_text(error.smtp_error)}"
        case smtplib.SMTPException() | HTTPException():
            return f"it answers in a way that is not understood: {error or type(error).__name__}"
        case socket.gaierror():
            return f"its name is not known: {error.strerror or error}"
        case TimeoutError():
            return "it does not answer in time"
        case OSError():
            return os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    return f"{type(error).__name__}: {error}"


def _text(words: bytes | str) -> str:
    return words if isinstance(words, str) else words.decode(errors="replace")

"""Certificates that administrators bring along: judged, and kept in the state folder, each under its own fingerprint.

A revision names the file, so an older one finds what it showed.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

from bascule.config.diagnostics import Diagnostic, Span
from bascule.engines.admin.keys import FlawedKeysError, key_pair
from bascule.service.certificates import CertificateKept, UploadCertificate
from bascule.service.failures import Conflict, OperationFailed, Rejected
from bascule.system.files import write_whole

FOLDER: Final = "certificates"
"""Of the state folder."""

MOST: Final = 50
"""Certificates that are kept; older revisions may name any of them, so none goes by itself."""

_NAMED: Final = 16
"""Hexadecimal digits of the fingerprint that name a file."""


def keep_certificate(state: Path, request: UploadCertificate, now: datetime) -> CertificateKept:
    """Keep a certificate with its key, for their owner alone. Blocking: call it from a thread.

    Raises OperationFailed where they are no such thing, or too many are kept; MachineError.
    """
    try:
        pair = key_pair(request.certificate, request.key)
    except FlawedKeysError as flaw:
        raise OperationFailed(Rejected(diagnostics=(Diagnostic.error(Span(), str(flaw)),))) from flaw
    if pair.ends <= now:
        words = f"the certificate ended at {pair.ends:%Y-%m-%d %H:%M} UTC"
        raise OperationFailed(Rejected(diagnostics=(Diagnostic.error(Span(), words),)))
    path = state / FOLDER / f"{pair.fingerprint.replace(':', '').lower()[:_NAMED]}.pem"
    if not path.exists() and path.parent.exists() and len(list(path.parent.iterdir())) >= MOST:
        words = f"{MOST} certificates are kept in {path.parent}: take away those that no revision names"
        raise OperationFailed(Conflict(message=words))
    write_whole(path, pair.certificate.rstrip() + b"\n" + pair.key)
    sentence = f"kept; a configuration with `certificate` and `key` {path} shows it"
    return CertificateKept(path=str(path), fingerprint=pair.fingerprint, ends=pair.ends, sentence=sentence)

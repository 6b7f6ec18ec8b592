"""Certificates that administrators bring along are judged before they are kept."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bascule.config.model import KeyFiles
from bascule.engines.admin.keys import VALID, self_signed
from bascule.engines.admin.store import KeyStore
from bascule.service.certificates import UploadCertificate
from bascule.service.failures import OperationFailed
from bascule.service.local.certificates import keep_certificate

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ONE, OTHER = self_signed(["one"], NOW), self_signed(["other"], NOW)


def test_what_is_kept_is_what_the_admin_server_shows(tmp_path: Path) -> None:
    """The path of the answer, written as both files, leads to the same certificate; nobody else may read it."""
    kept = keep_certificate(tmp_path, UploadCertificate(certificate=ONE.certificate, key=ONE.key), NOW)
    shown = KeyStore(tmp_path, now=lambda: NOW).named(KeyFiles(certificate=kept.path, key=kept.path))
    assert (shown.fingerprint, kept.ends) == (ONE.fingerprint, ONE.ends)
    assert stat.S_IMODE(Path(kept.path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("certificate", "key", "later", "why"),
    [
        (ONE.certificate, OTHER.key, timedelta(), "not the certificate's"),
        (b"none", ONE.key, timedelta(), "none in PEM"),
        (ONE.certificate, ONE.key, VALID, "ended"),
    ],
)
def test_what_is_of_no_use_is_refused(tmp_path: Path, certificate: bytes, key: bytes, later: timedelta, why: str) -> None:
    """And nothing is kept of it."""
    with pytest.raises(OperationFailed, match=why):
        keep_certificate(tmp_path, UploadCertificate(certificate=certificate, key=key), NOW + later)
    assert list(tmp_path.iterdir()) == []


def test_no_secret_is_printed() -> None:
    """Of the request, in a log or a traceback."""
    assert "PRIVATE" not in repr(UploadCertificate(certificate=ONE.certificate, key=ONE.key))

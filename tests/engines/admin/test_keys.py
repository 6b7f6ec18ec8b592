"""Certificates are read, judged and made."""

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bascule.engines.admin.keys import RENEWED, VALID, FlawedKeysError, key_pair, self_signed
from bascule.web.server import tls_context

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_our_own_is_for_the_machines_names_and_addresses() -> None:
    """For 825 days, signed by itself, for nothing but servers."""
    made = self_signed(["lb1.example.org", "10.80.0.2", "fd80::2", "lb1.example.org"], NOW)
    read = x509.load_pem_x509_certificate(made.certificate)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["lb1.example.org"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.80.0.2", "fd80::2"]
    assert made.ends - read.not_valid_before_utc == VALID == timedelta(days=825)
    assert read.not_valid_before_utc < NOW < made.ends - RENEWED
    assert not read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    read.verify_directly_issued_by(read)


def test_the_fingerprint_is_what_browsers_show() -> None:
    """SHA-256 of the certificate, by bytes."""
    made = self_signed(["lb1"], NOW)
    der = ssl.PEM_cert_to_DER_cert(made.certificate.decode())
    assert bytes.fromhex(made.fingerprint.replace(":", "")) == hashlib.sha256(der).digest()
    assert "PRIVATE" not in repr(made)


def test_what_openssl_takes_is_taken() -> None:
    """A chain of an authority, and a file that holds both."""
    issued = trustme.CA().issue_cert("lb1")
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    pair = key_pair(chain, issued.private_key_pem.bytes())
    tls_context(pair.certificate, pair.key)
    both = issued.private_key_and_cert_chain_pem.bytes()
    assert key_pair(both, both) == pair
    tls_context(both, both)


def locked(key: bytes) -> bytes:
    """Return a key under a password."""
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    return serialization.load_pem_private_key(key, None).private_bytes(*form, serialization.BestAvailableEncryption(b"x"))


def test_what_cannot_be_served_is_refused_with_a_reason() -> None:
    """Before anything is changed."""
    one, other = self_signed(["one"], NOW), self_signed(["other"], NOW)
    with pytest.raises(FlawedKeysError, match="the key is not the certificate's"):
        key_pair(one.certificate, other.key)
    with pytest.raises(FlawedKeysError, match="the certificate's file holds none in PEM"):
        key_pair(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", one.key)
    with pytest.raises(FlawedKeysError, match="the certificate's file holds none in PEM"):
        key_pair(b"", one.key)
    with pytest.raises(FlawedKeysError, match="the key's file holds no private key"):
        key_pair(one.certificate, one.certificate)
    with pytest.raises(FlawedKeysError, match="kept under a password"):
        key_pair(one.certificate, locked(one.key))
    with pytest.raises((ValueError, ssl.SSLError)):
        tls_context(one.certificate, locked(one.key))


def test_no_file_is_left_by_a_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is in memory alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    made = self_signed(["lb1"], NOW)
    assert tls_context(made.certificate, made.key).minimum_version == ssl.TLSVersion.TLSv1_2
    assert list(tmp_path.iterdir()) == []

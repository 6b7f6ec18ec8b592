"""Certificates and their keys: read, judged, and made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID: Final = timedelta(days=825)
"""The longest that Apple's systems accept of a certificate that their user trusts (support.apple.com/103769)."""

RENEWED: Final = timedelta(days=30)
"""Our own is made anew when it ends within this time."""

_SKEW: Final = timedelta(hours=1)
"""A client's clock may be behind ours by so much."""

_LONGEST_COMMON_NAME: Final = 64
"""Characters (RFC 5280, ub-common-name)."""


class FlawedKeysError(Exception):
    """What was read is no certificate with its key; the message says why, as a clause."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate with its chain and its key, in PEM. Two are equal where their certificates are."""

    certificate: bytes = field(compare=False, repr=False)
    key: bytes = field(compare=False, repr=False)
    fingerprint: str
    """SHA-256 of the certificate, as browsers show it: `AB:CD:…`."""
    ends: datetime


def key_pair(certificate: bytes, key: bytes) -> KeyPair:
    """Return what two files in PEM hold. Raises FlawedKeysError."""
    try:
        first = x509.load_pem_x509_certificates(certificate)[0]
    except ValueError as error:
        raise FlawedKeysError("the certificate's file holds none in PEM") from error
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except TypeError as error:
        raise FlawedKeysError("the key is kept under a password: take it off") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise FlawedKeysError("the key's file holds no private key in PEM") from error
    if _public(private.public_key()) != _public(first.public_key()):
        raise FlawedKeysError("the key is not the certificate's")
    digest = first.fingerprint(hashes.SHA256()).hex(":").upper()
    return KeyPair(certificate=certificate, key=key, fingerprint=digest, ends=first.not_valid_after_utc)


def self_signed(names: Sequence[str], now: datetime) -> KeyPair:
    """Return a new certificate, signed by itself, for these names and addresses of a machine; the first is its own."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_LONGEST_COMMON_NAME])])
    begins = now.astimezone(UTC).replace(microsecond=0) - _SKEW
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + VALID)
        .add_extension(x509.SubjectAlternativeName([_name(each) for each in dict.fromkeys(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    key = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key_pair(made.public_bytes(serialization.Encoding.PEM), key)


def _public(key: object) -> bytes:
    """Return a public key in a form that compares."""
    encoded: bytes = key.public_bytes(  # type: ignore[attr-defined]  # every kind of public key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)

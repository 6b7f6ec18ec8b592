"""What a server's certificate tells, and what is to be said of it; it never takes a host out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography import x509

from bascule.config.kinds.addresses import parsed_address
from bascule.health.findings import MOST_NAMES, Remark, SeenCertificate
from bascule.health.reasons import printable, shortened

SOON: Final = timedelta(days=30)
"""A certificate that ends within this time is warned of."""

EXPIRY: Final = ("the certificate expires", "the certificate has expired")
"""How what is said of one that ends begins."""

_NAMES_SHOWN: Final = 3


def read_certificate(der: bytes) -> SeenCertificate | None:
    """Return what a certificate says; None for what is none. Never raises for what a server sends."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        until = certificate.not_valid_after_utc.timestamp()
    except (ValueError, OverflowError, x509.InvalidVersion):
        return None
    return SeenCertificate(fingerprint=sha256(der).hexdigest(), until=until, names=_names(certificate))


def certificate_remarks(certificate: SeenCertificate, name: str, now: datetime) -> Iterator[Remark]:
    """Yield what is wrong with a certificate that was asked for by a name; an empty name was none."""
    until = datetime.fromtimestamp(certificate.until, UTC)
    left = until - now
    if left < timedelta(0):
        yield Remark(about="certificate", words=f"{EXPIRY[1]}, on {until:%Y-%m-%d}")
    elif left < SOON:
        days = "within a day" if not left.days else f"in {left.days} day{'s' if left.days > 1 else ''}, on {until:%Y-%m-%d}"
        yield Remark(about="certificate", words=f"{EXPIRY[0]} {days}")
    if (
        name
        and parsed_address(name) is None
        and not any(_covers(pattern, name.casefold()) for pattern in certificate.names)
    ):
        shown = ", ".join(certificate.names[:_NAMES_SHOWN]) or "no name"
        more = ", …" if len(certificate.names) > _NAMES_SHOWN else ""
        yield Remark(about="certificate's names", words=f"the certificate is for {shown}{more}, not for {name}")


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = found.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ()
    return tuple(shortened(printable(name), 255).casefold() for name in names[:MOST_NAMES])


def _covers(pattern: str, name: str) -> bool:
    """RFC 6125, 6.4.3: a star stands for the whole first label."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return name == pattern

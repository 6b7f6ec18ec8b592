"""OpenSSL accepts the certificates that are written out by hand."""

import random
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bascule.lab.certificate import VALIDITY, make_certificate
from bascule.lab.tls import server_context

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ADDRESS = IPv4Address("127.0.0.11")


@pytest.mark.parametrize("seed", range(20))
def test_certificate_is_what_it_says(seed: int) -> None:
    """Names, validity, key and signature are read back by an implementation that is not ours."""
    made = make_certificate("EX1.lab.local", ADDRESS, now=NOW, random_below=random.Random(seed).randrange)
    read = x509.load_der_x509_certificate(made.der)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["EX1.lab.local"]
    assert names.get_values_for_type(x509.IPAddress) == [ADDRESS]
    assert read.subject.rfc4514_string() == "CN=EX1.lab.local"
    assert read.not_valid_before_utc == NOW - timedelta(days=1)
    assert read.not_valid_after_utc - read.not_valid_before_utc == VALIDITY
    read.verify_directly_issued_by(read)
    assert load_pem_private_key(made.pem, None).public_key() == read.public_key()


def test_tls_takes_the_certificate() -> None:
    """A server context holds it, and no two are alike."""
    one, other = (make_certificate("EX1.lab.local", ADDRESS, now=NOW) for _ in range(2))
    assert isinstance(server_context(one), ssl.SSLContext)
    assert one.der != other.der

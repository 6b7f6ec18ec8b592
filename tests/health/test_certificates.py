from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.health.certificates import certificate_remarks, read_certificate
from bascule.health.findings import SeenCertificate
from bascule.lab.certificate import VALIDITY, make_certificate

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
GOOD = make_certificate("a.example", IPv4Address("10.0.0.1"), now=NOW, random_below=lambda n: n // 3).der


def seen(name: str = "mail.example.com", *, left: timedelta = timedelta(days=90)) -> SeenCertificate:
    """Return what is seen of a certificate that ends so long after `NOW`."""
    made = make_certificate(name, IPv4Address("10.0.0.1"), now=NOW + left - VALIDITY + timedelta(days=1))
    found = read_certificate(made.der)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=31), None),
        (timedelta(days=29, hours=1), "the certificate expires in 29 days, on 2026-12-26"),
        (timedelta(days=1, hours=1), "the certificate expires in 1 day, on 2026-11-28"),
        (timedelta(hours=1), "the certificate expires within a day"),
        (timedelta(days=-3), "the certificate has expired, on 2026-11-24"),
    ],
)
def test_the_end_comes_near(left: timedelta, words: str | None) -> None:
    """From 30 days on it is said how many are left."""
    remarks = list(certificate_remarks(seen(left=left), "mail.example.com", NOW))
    assert [remark.words for remark in remarks] == ([] if words is None else [words])


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("mail.example.com", "MAIL.example.com", True),
        ("*.example.com", "mail.example.com", True),
        ("*.example.com", "a.mail.example.com", False),
        ("*.example.com", "example.com", False),
        ("other.example.com", "mail.example.com", False),
        ("other.example.com", "", True),
        ("other.example.com", "10.0.0.1", True),
    ],
)
def test_names(pattern: str, name: str, covered: bool) -> None:  # noqa: FBT001 - parameter of a table
    """A certificate that clients would refuse for its name is said so; a probe that names nobody cannot tell."""
    remarks = [remark.words for remark in certificate_remarks(seen(pattern), name, NOW)]
    assert remarks == ([] if covered else [f"the certificate is for {pattern}, not for {name}"])


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 255))
def test_any_bytes_are_a_certificate_or_none(noise: bytes, at: int, byte: int) -> None:
    """Nothing that a server sends raises: not noise, not a certificate with a byte of it changed."""
    read_certificate(noise)
    good = bytearray(GOOD)
    good[at % len(good)] = byte
    read_certificate(bytes(good))

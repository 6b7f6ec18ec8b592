"""A self-signed certificate for a simulated server, made when it starts and forgotten when it stops.

Written out by hand because a machine that runs the demo has neither a library for it nor, for certain, an `openssl`
command; and a key shipped with the program would be everyone's. Source: RFC 5280, RFC 5480, RFC 5915.
"""

import base64
import secrets
import textwrap
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Final

from bascule.lab.p256 import RandomBelow, new_secret, public_key, sign

VALIDITY: Final = timedelta(days=397)
"""The longest that browsers accept."""

_INTEGER, _BITS, _OCTETS, _OBJECT, _TEXT, _TIME, _SEQUENCE, _SET = 0x02, 0x03, 0x04, 0x06, 0x0C, 0x17, 0x30, 0x31
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_EC_PUBLIC_KEY: Final = bytes.fromhex("2a8648ce3d0201")
_PRIME256V1: Final = bytes.fromhex("2a8648ce3d030107")
_ECDSA_SHA256: Final = bytes.fromhex("2a8648ce3d040302")
_COMMON_NAME: Final = bytes.fromhex("550403")
_SUBJECT_ALTERNATIVE_NAME: Final = bytes.fromhex("551d11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate with its secret key."""

    der: bytes
    """The certificate alone, as it goes over the wire."""
    pem: bytes = field(repr=False)
    """Certificate and secret key, as OpenSSL reads them from a file."""


def make_certificate(
    name: str, address: IPv4Address, *, now: datetime, random_below: RandomBelow = secrets.randbelow
) -> Certificate:
    """Return a certificate for a full name and an address, valid from a day before `now` (UTC) on."""
    secret = new_secret(random_below)
    algorithm = _der(_SEQUENCE, _der(_OBJECT, _ECDSA_SHA256))
    subject = _der(_SEQUENCE, _der(_SET, _der(_SEQUENCE, _der(_OBJECT, _COMMON_NAME), _der(_TEXT, name.encode()))))
    names = _der(_SEQUENCE, _der(_DNS_NAME, name.encode()), _der(_IP_ADDRESS, address.packed))
    extension = _der(_SEQUENCE, _der(_OBJECT, _SUBJECT_ALTERNATIVE_NAME), _der(_OCTETS, names))
    begin = now.astimezone(UTC) - timedelta(days=1)
    body = _der(
        _SEQUENCE,
        _der(0xA0, _integer(2)),  # version 3
        _integer(1 + random_below(2**63)),
        algorithm,
        subject,
        _der(_SEQUENCE, _time(begin), _time(begin + VALIDITY)),
        subject,
        _der(_SEQUENCE, _key_algorithm(), _bits(public_key(secret))),
        _der(0xA3, _der(_SEQUENCE, extension)),
    )
    r, s = sign(body, secret=secret, random_below=random_below)
    der = _der(_SEQUENCE, body, algorithm, _bits(_der(_SEQUENCE, _integer(r), _integer(s))))
    return Certificate(der=der, pem=_pem("CERTIFICATE", der) + _pem("EC PRIVATE KEY", _secret_key(secret)))


def _secret_key(secret: int) -> bytes:
    return _der(
        _SEQUENCE,
        _integer(1),
        _der(_OCTETS, secret.to_bytes(32, "big")),
        _der(0xA0, _der(_OBJECT, _PRIME256V1)),
        _der(0xA1, _bits(public_key(secret))),
    )


def _key_algorithm() -> bytes:
    return _der(_SEQUENCE, _der(_OBJECT, _EC_PUBLIC_KEY), _der(_OBJECT, _PRIME256V1))


def _integer(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(data: bytes) -> bytes:
    return _der(_BITS, b"\0", data)  # no unused bits in the last byte


def _time(moment: datetime) -> bytes:
    return _der(_TIME, f"{moment:%y%m%d%H%M%SZ}".encode())


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:  # noqa: PLR2004 - X.690, 8.1.3.4: the short form
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def _pem(label: str, der: bytes) -> bytes:
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()

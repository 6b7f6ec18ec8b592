"""The elliptic curve P-256, as far as a throw-away certificate needs it: a key pair and a signature.

For simulated servers only: it takes no care that its timing gives nothing away.
Source: FIPS 186-4, sections 6 and D.1.2.3.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeAlias

RandomBelow: TypeAlias = Callable[[int], int]
"""Draws an integer from 0 up to, not including, its argument, as `secrets.randbelow` does."""

_PRIME: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_Point: TypeAlias = tuple[int, int]
_BASE: Final[_Point] = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def new_secret(random_below: RandomBelow) -> int:
    """Return a secret key."""
    return 1 + random_below(_ORDER - 1)


def public_key(secret: int) -> bytes:
    """Return the public key of a secret one, 65 bytes, uncompressed (SEC 1, section 2.3.3)."""
    x, y = _times(secret, _BASE)
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def sign(message: bytes, *, secret: int, random_below: RandomBelow) -> tuple[int, int]:
    """Return the two integers of an ECDSA signature with SHA-256."""
    digest = int.from_bytes(sha256(message).digest(), "big")
    while True:
        once = new_secret(random_below)
        r = _times(once, _BASE)[0] % _ORDER
        s = pow(once, -1, _ORDER) * (digest + r * secret) % _ORDER
        if r and s:
            return r, s


def _times(factor: int, point: _Point) -> _Point:
    """Return `point` added to itself `factor` times, 0 < factor < order: doubling and adding from the highest bit."""
    product = point
    for bit in bin(factor)[3:]:
        product = _sum(product, product)
        if bit == "1":
            product = _sum(product, point)
    return product


def _sum(p: _Point, q: _Point) -> _Point:
    """Return the sum of two points whose sum is not the point at infinity."""
    rise, run = (q[1] - p[1], q[0] - p[0]) if p != q else (3 * (p[0] * p[0] - 1), 2 * p[1])  # y^2 = x^3 - 3x + b
    slope = rise * pow(run, -1, _PRIME)
    x = (slope * slope - p[0] - q[0]) % _PRIME
    return x, (slope * (p[0] - x) - p[1]) % _PRIME

"""Certificates for the admin server that administrators bring along."""

from typing import Annotated, Final

import msgspec

from bascule.service.moment import Moment
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import Request
from bascule.service.result import Result

LONGEST_PEM: Final = 30_000
"""Bytes of a certificate with its chain, and of a key; both lie in one file, which may have 64 KiB."""


class CertificateKept(Result, frozen=True, kw_only=True, tag="certificate.kept"):
    """A certificate and its key lie in a file of the state folder; a configuration that names it shows it."""

    path: str
    """Of both."""
    fingerprint: str
    """SHA-256, as browsers show it."""
    ends: Moment
    sentence: str


class UploadCertificate(Request[CertificateKept], frozen=True, kw_only=True, tag="certificate.upload"):
    """Asks to keep a certificate and its key for the admin server; nothing shows it yet."""

    certificate: Annotated[bytes, msgspec.Meta(max_length=LONGEST_PEM)]
    """With its chain, in PEM."""
    key: Annotated[bytes, msgspec.Meta(max_length=LONGEST_PEM)]
    """In PEM, without a password."""

    def __repr__(self) -> str:
        """Return no secret."""
        return "UploadCertificate()"


OPERATIONS: Final = (
    Operation(
        UploadCertificate,
        Permission.ADMINISTER,
        "keep a certificate for the admin server",
        rest="POST /certificates",
        audit="brought along a certificate for the admin server",
    ),
)

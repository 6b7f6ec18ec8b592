"""One authority for a test, and a certificate of its own for each server, so that a client can tell who answered."""

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Leaf:
    """A server's own certificate and key, as files."""

    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256 of the certificate in DER, lower-case hex."""


class Authority:
    """Signs the servers' certificates; clients trust the file `certificate`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = trustme.CA()
        self.certificate = directory / "authority.pem"
        self._authority.cert_pem.write_to_path(self.certificate)

    def leaf(self, name: str, *others: str) -> Leaf:
        """Return a new certificate for a server, valid for its name and the others (names or addresses)."""
        issued = self._authority.issue_cert(name, *others, common_name=name)
        certificate, key = self._directory / f"{name}.pem", self._directory / f"{name}.key"
        issued.cert_chain_pems[0].write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
        return Leaf(certificate, key, hashlib.sha256(der).hexdigest())

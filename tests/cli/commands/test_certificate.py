"""`certificate` hands over two files, and says what names them."""

from pathlib import Path

from bascule.service.certificates import LONGEST_PEM, CertificateKept, UploadCertificate
from bascule.service.failures import ExitCode
from cli.calling import NOW, PretendedConnection, call

KEPT = CertificateKept(path="/state/certificates/ab.pem", fingerprint="AB:CD", ends=NOW, sentence="kept")


def test_what_is_kept_is_named_as_a_statement(tmp_path: Path) -> None:
    """It can be given to `bascule set` as it is printed."""
    certificate, key = tmp_path / "a.crt", tmp_path / "a.key"
    certificate.write_bytes(b"certificate")
    key.write_bytes(b"key")
    connection = PretendedConnection({UploadCertificate: KEPT})
    called = call("certificate", str(certificate), str(key), connection=connection)
    assert connection.asked == [UploadCertificate(certificate=b"certificate", key=b"key")]
    assert called.out.splitlines()[1] == f'system http-server certificate "{KEPT.path}" key "{KEPT.path}"'


def test_what_is_too_long_is_not_sent(tmp_path: Path) -> None:
    """Nor anything else."""
    file = tmp_path / "a.pem"
    file.write_bytes(b"x" * (LONGEST_PEM + 1))
    connection = PretendedConnection({})
    assert call("certificate", str(file), str(file), connection=connection).code == ExitCode.USAGE
    assert connection.asked == []

"""What a simulated server needs to speak TLS, with a certificate that it may change as it runs."""

import ssl
import tempfile

from bascule.lab.certificate import Certificate


def server_context(certificate: Certificate) -> ssl.SSLContext:
    """Return what a server needs to speak TLS with a certificate of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    present(context, certificate.pem)
    return context


def present(context: ssl.SSLContext, pem: bytes) -> None:
    """Have a server show this certificate, of this key, from the next handshake on."""
    with tempfile.NamedTemporaryFile(prefix="bascule-lab-") as file:  # OpenSSL reads keys from files alone
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)

"""`check tls`: a TLS handshake is completed."""

from bascule.health.caller import Caller


async def probe(caller: Caller) -> str:
    """Shake hands; the certificate is not judged. Raises ProbeError, OSError."""
    async with caller.conversation(tls=True):
        return "TLS handshake completed"

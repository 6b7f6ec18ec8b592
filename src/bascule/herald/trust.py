"""Whom we believe that he is who we mean."""

import ssl

from bascule.herald.fault import FaultError


def trusting(authority: str = "") -> ssl.SSLContext:
    """Return how we speak TLS to servers whose certificate is judged.

    `authority` is a file in PEM of those who may sign it; empty is whom this machine trusts. Raises FaultError.
    """
    try:
        context = ssl.create_default_context(cafile=authority or None)
    except OSError as error:  # ssl.SSLError is one
        raise FaultError(f"{authority} cannot be read as certificates: {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

"""`certificate`: one that an administrator brings along for the admin server."""

from argparse import Namespace

from bascule.cli.session import Session
from bascule.cli.source import UsageError, read_source
from bascule.service.certificates import LONGEST_PEM, UploadCertificate
from bascule.service.failures import ExitCode


def keep(arguments: Namespace, session: Session) -> int:
    """Have the running Bascule keep a certificate with its key, and say how a configuration names it."""
    sources = [read_source(str(path), session.stdin) for path in (arguments.certificate, arguments.key)]
    for source in sources:
        if len(source.text) > LONGEST_PEM:
            raise UsageError(f"{source.name} is longer than {LONGEST_PEM} bytes")
    certificate, key = (source.text for source in sources)
    kept = session.connect(arguments.socket).call(UploadCertificate(certificate=certificate, key=key))
    session.screen.say(f"SHA-256 {kept.fingerprint}, until {kept.ends:%Y-%m-%d}")
    session.screen.say(f'system http-server certificate "{kept.path}" key "{kept.path}"')
    return ExitCode.FINE

"""What is doubtful about the system."""

from collections.abc import Iterator

from bascule.config.diagnosis.ldap import ldap
from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic


def system(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield passwords in plain text, lists that are empty, and an admin address not ours."""
    configuration = ownership.configuration
    for user in configuration.system.users:
        if user.plain_password:
            equal = " and equals the name" if user.plain_password == user.name else ""
            hint = "anyone who reads this text can log in"
            yield Diagnostic.warning(user.span, f'the password of user "{user.name}" is plain{equal}', hint)
    if configuration.system.directory is not None:
        yield from ldap(configuration.system.directory)
    if configuration.system.dns_span is not None and not configuration.system.dns:
        yield Diagnostic.warning(configuration.system.dns_span, "dns is empty", "names cannot be looked up")
    if configuration.system.metrics_span is not None and not configuration.system.metrics:
        yield Diagnostic.warning(
            configuration.system.metrics_span, "metrics is empty", "nobody may read figures: write `from 10.2.0.0/24`"
        )
    server = configuration.system.http_server
    if server is not None and server.address is not None and not ownership.ours(server.address):
        yield Diagnostic.warning(server.span, f"the http-server's address {server.address} is not ours")

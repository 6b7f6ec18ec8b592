"""What is wrong with mail checks that log in."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import MailCheck


def mailboxes(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield checks that would log in where everybody hears it, or begin TLS twice."""
    for relay in ownership.configuration.load_balancer.relays:
        for forward in relay.forwards:
            check = forward.check
            if not isinstance(check, MailCheck):
                continue
            if check.tls and check.starttls:
                what = f"{relay.title}: a port that speaks TLS from the first byte has no STARTTLS"
                yield Diagnostic.warning(forward.span, what, "leave out one of `tls` and `starttls`")
            if check.user and not (check.tls or check.starttls):
                what = f"{relay.title}: the password of {check.user} would go over the network in plain text"
                yield Diagnostic.error(forward.span, what, "write `tls` or `starttls` before `login`")

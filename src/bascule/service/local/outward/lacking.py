"""Which secrets a text has a label for, and nobody here has kept them: it was written on another machine. Pure."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from urllib.parse import urlsplit

from bascule.config.kinds.kept import address, community, password
from bascule.config.model import Configuration, MailCheck
from bascule.config.outward import Outward


def lacking(configuration: Configuration, secret: Callable[[str], str]) -> Sequence[str]:
    """Return whatever a configuration lacks; `secret` knows by label."""
    outward = configuration.system.outward
    logins = (
        f"{who} cannot log in as {user}: the password is not kept here; write it once, plain"
        for who, user, text in _logins(configuration)
        if user and not password(user, text, secret)
    )
    told = (lacks(outward, secret) for lacks in (lacking_addresses, lacking_community, lacking_user))
    return [*dict.fromkeys(chain(logins, *told))]


def lacking_addresses(outward: Outward, secret: Callable[[str], str]) -> Iterator[str]:
    """Yield webhooks that cannot be asked; `secret` knows by label."""
    for alert in outward.alerts:
        for hook in alert.webhooks:
            if not address(hook.url, secret):
                where = f"the webhook at {urlsplit(hook.url).hostname}"
                yield f'alert "{alert.name}" does not reach {where}: its address is not kept here; write it once, whole'


def lacking_community(outward: Outward, secret: Callable[[str], str]) -> Iterator[str]:
    """Yield that SNMP answers no community, where the text has one."""
    snmp = outward.snmp
    if snmp is not None and snmp.community and not community(snmp.community, secret):
        yield "SNMP answers no community: the one of the text is not kept here; write it once"


def lacking_user(outward: Outward, secret: Callable[[str], str]) -> Iterator[str]:
    """Yield that SNMP does not answer its user, where the text has one."""
    snmp = outward.snmp
    if snmp is not None and snmp.user and not password(snmp.user, snmp.password, secret):
        yield f"SNMP does not answer {snmp.user}: the password is not kept here; write it once, plain"


def _logins(configuration: Configuration) -> Iterator[tuple[str, str, str]]:
    """Yield who logs in somewhere, as whom, and what the text has for the password."""
    for relay in configuration.load_balancer.relays:
        for forward in relay.forwards:
            if isinstance(forward.check, MailCheck):
                yield f"the check of {relay.title}", forward.check.user, forward.check.password
    outward = configuration.system.outward
    if outward.mail is not None:
        yield "who sends mail", outward.mail.user, outward.mail.password
    for alert in outward.alerts:
        for hook in alert.webhooks:
            yield f'alert "{alert.name}"', hook.user, hook.password

"""Which secrets a text has a label for, and nobody here has kept them: it was written on another machine. Pure."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from bascule.config.kinds.kept import address, community
from bascule.config.outward import Outward


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

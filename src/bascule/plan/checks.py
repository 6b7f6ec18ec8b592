"""What is asked of one host, where its check depends on more than its own words."""

from dataclasses import replace

from bascule.config.model import Check, Configuration, Forward, Host, Table
from bascule.config.vdirs import ExchangeCheck, VdirPolicy


def check_of(configuration: Configuration, forward: Forward, table: Table, host: Host) -> Check | None:
    """Return the check of a host: `check exchange` with its namespace, its policy and the server's name."""
    check = forward.check
    if not isinstance(check, ExchangeCheck):
        return check
    policy = VdirPolicy(required=check.required, warned=check.warned) or table.policy
    namespace = "" if configuration.exchange is None else configuration.exchange.namespace
    return replace(check, host=check.host or namespace, required=policy.of(check.vdirs), warned=(), server=host.server)

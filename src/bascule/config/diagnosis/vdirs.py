"""What is wrong or doubtful about `check exchange` and its policy."""

from collections.abc import Iterator
from typing import Final

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.exchange import ExchangeBlock, Version
from bascule.config.model import Forward, HttpCheck, RpcCheck
from bascule.config.vdirs import ExchangeCheck, Vdir, VdirPolicy
from bascule.config.wording import listed

_HEALTH_PAGE: Final = "/healthcheck.htm"


def vdirs(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield policies that contradict themselves or mean nothing, and checks that this version of Exchange cannot pass."""
    configuration = ownership.configuration
    policies = {table.name: table.policy for table in configuration.load_balancer.tables}
    for table in configuration.load_balancer.tables:
        yield from _both(table.span, f"table <{table.name}>", table.policy.required, table.policy.warned)
    for relay in configuration.load_balancer.relays:
        for forward in relay.forwards:
            yield from _of_version(configuration.exchange, relay.title, forward)
            if isinstance(forward.check, ExchangeCheck):
                yield from _both(forward.span, relay.title, forward.check.required, forward.check.warned)
                of_table = policies.get(forward.table, VdirPolicy())
                yield from _without_effect(forward.span, relay.title, forward.check, of_table)
                yield from _without_name(configuration.exchange, relay.title, forward.span, forward.check)


def _of_version(block: ExchangeBlock | None, where: str, forward: Forward) -> Iterator[Diagnostic]:
    """Yield what a check asks for that the servers do not have."""
    if block is None:
        return
    pages = isinstance(forward.check, ExchangeCheck) or (
        isinstance(forward.check, HttpCheck) and forward.check.path.lower().endswith(_HEALTH_PAGE)
    )
    if pages and not Version(block.version).modern:
        what = f"{where}: Exchange {block.version} has no health pages"
        yield Diagnostic.warning(forward.span, what, 'write `check https "/owa/auth/logon.aspx" code 200,302`')
    if isinstance(forward.check, RpcCheck) and Version(block.version).modern:
        what = f"{where}: Exchange {block.version} registers no RPC service: Outlook speaks MAPI over HTTP"
        yield Diagnostic.warning(forward.span, what, "leave this relay out; HTTPS has all of Outlook")


def _without_name(block: ExchangeBlock | None, where: str, span: Span, check: ExchangeCheck) -> Iterator[Diagnostic]:
    if not check.host and (block is None or not block.namespace):
        hint = "write `namespace` in an `exchange` block, or `host` after the check"
        yield Diagnostic.warning(span, f"{where}: no name to ask the health pages by", hint)


def _without_effect(span: Span, where: str, check: ExchangeCheck, of_table: VdirPolicy) -> Iterator[Diagnostic]:
    """Yield a policy by which the health of virtual directories is asked for in vain."""
    policy = VdirPolicy(required=check.required, warned=check.warned) or of_table
    if not policy.of(check.vdirs):
        what = f"{where}: no virtual directory takes a host out, whatever its health: all only warn"
        yield Diagnostic.warning(span, what, "leave one out of `warn`, or write it behind `require`")


def _both(span: Span, where: str, required: tuple[Vdir, ...], warned: tuple[Vdir, ...]) -> Iterator[Diagnostic]:
    both = [vdir for vdir in required if vdir in warned]
    if both:
        what = f"{where}: {listed(both)} cannot be both required and warned of"
        yield Diagnostic.error(span, what, "leave it out of one")

"""What is wrong or doubtful about `check exchange` and its policy."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.exchange import Version
from bascule.config.vdirs import ExchangeCheck, Vdir
from bascule.config.wording import listed


def vdirs(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield policies that contradict themselves, and checks that Exchange 2010 or a lack of a name would have fail."""
    configuration = ownership.configuration
    for table in configuration.load_balancer.tables:
        yield from _both(table.span, f"table <{table.name}>", table.policy.required, table.policy.warned)
    block = configuration.exchange
    for relay in configuration.load_balancer.relays:
        for forward in relay.forwards:
            check = forward.check
            if not isinstance(check, ExchangeCheck):
                continue
            yield from _both(forward.span, relay.title, check.required, check.warned)
            if block is not None and not Version(block.version).modern:
                what = f"{relay.title}: Exchange {block.version} has no health pages"
                yield Diagnostic.warning(forward.span, what, 'write `check https "/owa/auth/logon.aspx" code 200,302`')
            if not check.host and (block is None or not block.namespace):
                what = f"{relay.title}: no name to ask the health pages by"
                hint = "write `namespace` in an `exchange` block, or `host` after the check"
                yield Diagnostic.warning(forward.span, what, hint)


def _both(span: Span, where: str, required: tuple[Vdir, ...], warned: tuple[Vdir, ...]) -> Iterator[Diagnostic]:
    both = [vdir for vdir in required if vdir in warned]
    if both:
        what = f"{where}: {listed(both)} cannot be both required and warned of"
        yield Diagnostic.error(span, what, "leave it out of one")

"""What is doubtful about the `exchange` block."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.exchange import Version


def exchange(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield an array's name where there is no array, or where clients outside would find it."""
    block = ownership.configuration.exchange
    if block is None or not block.array_fqdn:
        return
    if Version(block.version).modern:
        what = f"array-fqdn says nothing of Exchange {block.version}: only Exchange 2010 has client access arrays"
        yield Diagnostic.warning(block.span, what, "leave it out")
    elif block.array_fqdn == block.namespace:
        what = f"array and namespace are both {block.namespace}: Outlook outside then waits for RPC that nobody answers"
        yield Diagnostic.warning(block.span, what, "give the array a name that only the inside resolves")

"""What is doubtful about tables."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.model import Table


def tables(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield tables without hosts, and tables of the same hosts that would send one client to different ones."""
    seen: dict[frozenset[object], Table] = {}
    for table in ownership.configuration.load_balancer.tables:
        if not table.hosts:
            if not table.named:
                yield Diagnostic.warning(table.span, f"table <{table.name}> has no hosts")
            continue
        hosts: frozenset[object] = frozenset(host.address for host in table.hosts)
        other = seen.setdefault(hosts, table)
        if other.key != table.key:
            what = f"tables <{other.name}> and <{table.name}> have the same hosts and different keys"
            hint = (
                f"a client may get two hosts; write `key {other.key:08x}` in both (<{other.name}>: line {other.span.line})"
            )
            yield Diagnostic.warning(table.span, what, hint)

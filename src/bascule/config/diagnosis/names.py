"""What is wrong or doubtful about hosts that are written by name."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.names import left_out


def names(ownership: Ownership) -> Iterator[Diagnostic]:
    """Yield names that nobody can be asked for, that were never answered, and whose answers are not all of use."""
    configuration, facts = ownership.configuration, ownership.facts
    for host in (host for table in configuration.load_balancer.tables for host in table.named):
        if not configuration.system.dns:
            what = f"host {host.host_name} is written by name, and there is no name server to ask"
            yield Diagnostic.error(host.span, what, "write `system { dns { ADDRESS } }`, or the host's address")
        elif not facts.names.get(host.host_name):
            what = f"no name server has told the address of {host.host_name} yet: it takes no clients"
            yield Diagnostic.warning(host.span, what, "a running Bascule asks for it again and again")
        elif without := left_out(configuration, facts, host.host_name):
            yield Diagnostic.warning(host.span, f"{host.host_name} goes without {without}")

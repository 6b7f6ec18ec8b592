"""What speaks against the programs that a configuration has its hosts checked by, as they are on this machine."""

from collections.abc import Iterator
from pathlib import Path

from bascule.config.diagnostics import Diagnostic
from bascule.config.model import Configuration, ScriptCheck
from bascule.system.programs import flaw


def scripts(configuration: Configuration) -> Iterator[Diagnostic]:
    """Yield the scripts that cannot be run, or that anybody could change."""
    for relay in configuration.load_balancer.relays:
        for forward in relay.forwards:
            if isinstance(forward.check, ScriptCheck):
                found = flaw(Path(forward.check.program))
                if found:
                    what = f"{forward.check.program} {found}: {relay.title} has its hosts checked by it"
                    yield Diagnostic.warning(forward.span, what)

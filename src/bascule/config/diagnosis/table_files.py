"""What is wrong with the files of address tables."""

from collections.abc import Iterator

from bascule.config.diagnostics import Diagnostic
from bascule.config.facts import Facts
from bascule.config.model import Configuration


def files(configuration: Configuration, facts: Facts) -> Iterator[Diagnostic]:
    """Yield files that could not be read, whole or in a line, and those that nobody has read yet."""
    firewall = configuration.firewall
    for table in () if firewall is None else firewall.tables:
        for file in table.files:
            span, read = table.spans.get(file, table.span), facts.table_files.get(file)
            if read is None:
                yield Diagnostic.warning(span, f"{file} was not read: table <{table.name}> goes without it")
            elif read.line:
                yield Diagnostic.error(span, f"line {read.line} of {file}: {read.fault}", read.hint)
            elif read.fault:
                what = f"table <{table.name}> has no addresses of {file}: {read.fault}"
                yield Diagnostic.error(span, what, "the file must be there, for Bascule's own user to read")

"""How diagnostics are shown: as compilers do, with the line of the text and a mark under the place."""

import re
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from bascule.cli.screen import BAD, DOUBTFUL, GOOD, QUIET, STRONG, Screen, styled
from bascule.cli.source import Source
from bascule.config.diagnostics import Diagnostic, Severity
from bascule.service.failures import ExitCode, OperationFailed, Rejected, describe

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
SEVERITY_STYLES: Final = {Severity.ERROR: BAD, Severity.WARNING: DOUBTFUL}
_LONGEST: Final = 240
"""Characters of a source line that are still worth showing."""


def report(diagnostics: Sequence[Diagnostic], source: Source) -> Sequence[Text]:
    """Return the lines that show diagnostics of a configuration."""
    lines = _LINE_END.split(source.text.decode(errors="replace"))
    return [line for diagnostic in diagnostics for line in _shown(diagnostic, source.name, lines)]


def complain(screen: Screen, failed: OperationFailed, source: Source | None = None) -> ExitCode:
    """Say on standard error why an operation was not done, and return what the command ends with."""
    if isinstance(failed.failure, Rejected) and source is not None:
        for line in report(failed.failure.diagnostics, source):
            screen.complain(line)
        screen.complain(summary(failed.failure.diagnostics, name=source.name))
    else:
        for words in describe(failed.failure).splitlines():
            screen.complain("bascule: ", words)
    return failed.exit_code


def summary(diagnostics: Sequence[Diagnostic], *, name: str) -> Text:
    """Return the closing line: how many errors and warnings a text has."""
    counts = {severity: sum(each.severity is severity for each in diagnostics) for severity in Severity}
    said = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items() if count)
    worst = next((severity for severity in Severity if counts[severity]), None)
    return Text.assemble(styled(f"{name}: ", ""), styled(said or "fine", GOOD if worst is None else SEVERITY_STYLES[worst]))


def refused(diagnostics: Sequence[Diagnostic]) -> bool:
    """Tell whether any of them is an error."""
    return any(each.severity is Severity.ERROR for each in diagnostics)


def _shown(diagnostic: Diagnostic, name: str, source: Sequence[str]) -> Sequence[Text]:
    span = diagnostic.span
    place = f"{name}:{span.line}:{span.column}: " if span.line else f"{name}: "
    lines = [
        Text.assemble(
            styled(place, STRONG),
            styled(f"{diagnostic.severity}: ", SEVERITY_STYLES[diagnostic.severity]),
            styled(diagnostic.message, ""),
            styled(f" ({diagnostic.hint})" if diagnostic.hint else "", QUIET),
        )
    ]
    written = source[span.line - 1] if 0 < span.line <= len(source) else ""
    if written.strip() and len(written) <= _LONGEST:
        lines += _marked(written, diagnostic)
    return lines


def _marked(line: str, diagnostic: Diagnostic) -> Sequence[Text]:
    """Return the source line, and under it a caret and as many tildes as the span is long."""
    start = min(diagnostic.span.column - 1, len(line))
    length = max(1, min(diagnostic.span.length, len(line) - start))
    indent = "".join("\t" if character == "\t" else " " for character in line[:start])
    mark = "^" + "~" * (length - 1)
    return [styled(f"\t{line}", ""), Text.assemble("\t", indent, styled(mark, SEVERITY_STYLES[diagnostic.severity]))]

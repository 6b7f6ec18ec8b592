"""What came out, for people (Markdown), for programs (JSON) and to look at (SVG)."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import pygal

from bench.figures import Figure, Rounds
from bench.statistics import Estimate, differences, estimate
from bench.targets import Row

# pygal leaves an importer of the old kind behind, on which others that look for modules fall over
sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]

_COLUMNS: Final = 3
"""Figures side by side in one table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One benchmark's outcome."""

    name: str
    """The files are called so."""
    title: str
    machine: Mapping[str, str]
    figures: Sequence[Figure]
    rounds: Rounds
    plots: Sequence[Figure] = ()
    """Those that are drawn."""
    added: Sequence[Figure] = ()
    """Those that are also told over the same without a balancer."""
    without: Sequence[str] = ()
    """The contenders without a balancer, which are taken away there."""
    rows: Sequence[Row] = ()
    warnings: Sequence[str] = ()

    def write(self, at: Path) -> Sequence[Path]:
        """Write all three kinds into a folder and return the files."""
        at.mkdir(parents=True, exist_ok=True)
        text, numbers = at / f"{self.name}.md", at / f"{self.name}.json"
        text.write_text(self.markdown(), encoding="utf-8")
        numbers.write_text(json.dumps(self.structure(), indent=1) + "\n", encoding="utf-8")
        return [text, numbers, *self._plots(at)]

    def markdown(self) -> str:
        """Return it as tables: each figure's median, with its 90 % interval in brackets."""
        parts = [f"# {self.title}\n", *(f"**{warning}**\n" for warning in self.warnings)]
        parts.append(_table(("machine", ""), list(self.machine.items())))
        if self.rows:
            parts.append("## Targets\n")
            parts.append(_table(("target", "bound", "found", "verdict"), [_judged(row) for row in self.rows]))
        parts.append("## Figures\n\nMedian of the rounds, 90 % bootstrap interval in brackets.\n")
        parts += self._tables(self.figures)
        for reference in self.without:
            parts.append(f'## Added, over "{reference}"\n')
            parts += self._tables(self.added, reference)
        return "\n".join(part for part in parts if part)

    def structure(self) -> Mapping[str, object]:
        """Return it as JSON has it: every round, every estimate, every verdict."""
        return {
            "title": self.title,
            "machine": self.machine,
            "warnings": self.warnings,
            "figures": {figure.name: {"title": figure.title, "unit": figure.unit} for figure in self.figures},
            "rounds": self.rounds,
            "estimates": {
                figure.name: {name: asdict(found) for name, found in self._estimates(figure).items()}
                for figure in self.figures
            },
            "targets": [
                {
                    "title": row.target.title,
                    "bound": row.target.bound,
                    "at_least": row.target.at_least,
                    "beside": row.beside,
                    "found": None if row.found is None else asdict(row.found),
                    "verdict": str(row.verdict),
                }
                for row in self.rows
            ],
        }

    def _estimates(self, figure: Figure, without: str = "") -> Mapping[str, Estimate]:
        taken = self.rounds.get(without, {}).get(figure.name, ())
        found = {}
        for contender, figures in self.rounds.items():
            values = figures.get(figure.name, ())
            if without and (contender in self.without or len(values) != len(taken)):
                continue
            if values:
                found[contender] = estimate(differences(values, taken) if without else values)
        return found

    def _tables(self, figures: Sequence[Figure], without: str = "") -> Iterator[str]:
        """Yield tables of a few figures each, a row for each contender that has any of them."""
        for first in range(0, len(figures), _COLUMNS):
            some = figures[first : first + _COLUMNS]
            found = [self._estimates(figure, without) for figure in some]
            rows = [
                (name, *(_words(each.get(name), figure.digits) for figure, each in zip(some, found, strict=True)))
                for name in self.rounds
                if any(name in each for each in found)
            ]
            if rows:
                yield _table(("", *(_heading(figure) for figure in some)), rows)

    def _plots(self, at: Path) -> Sequence[Path]:
        return [path for figure in self.plots if (path := self._plot(figure, at)) is not None]

    def _plot(self, figure: Figure, at: Path) -> Path | None:
        """Draw one figure's medians and intervals; nothing where none was measured."""
        estimates = self._estimates(figure)
        if not estimates or not any(found.high for found in estimates.values()):
            return None
        chart = pygal.HorizontalBar(
            title=_heading(figure),
            show_legend=False,
            width=900,
            height=120 + 45 * len(estimates),
            print_values=True,
            js=(),
            disable_xml_declaration=True,
            value_formatter=lambda value: f"{value:,.{figure.digits}f}",
        )
        chart.uuid = figure.name  # else a random one: the same rounds shall make the same file
        chart.x_labels = list(reversed(list(estimates)))
        chart.add(
            figure.title,
            [
                {"value": found.median, "ci": {"low": found.low, "high": found.high}}
                for found in reversed(list(estimates.values()))
            ],
        )
        path = at / f"{self.name}-{figure.name.replace('_', '-')}.svg"
        path.write_text(_still(chart.render(is_unicode=True)) + "\n", encoding="utf-8")
        return path


def _still(drawing: str) -> str:
    """Take out the script that pygal puts in: nothing here moves, and it differs from drawing to drawing."""
    return re.sub(r"<script.*?</script>", "", drawing, flags=re.DOTALL)


def _heading(figure: Figure) -> str:
    return f"{figure.title} ({figure.unit})" if figure.unit else figure.title


def _words(found: Estimate | None, digits: int) -> str:
    if found is None:
        return ""
    return f"{found.median:,.{digits}f} [{found.low:,.{digits}f}, {found.high:,.{digits}f}]"


def _judged(row: Row) -> Sequence[str]:
    target = row.target
    bound = f"{'>=' if target.at_least else '<='} {target.bound:g}{' x' if target.beside else f' {target.figure.unit}'}"
    return (
        f"{target.title} ({row.beside})" if len(target.beside) > 1 else target.title,
        bound,
        _words(row.found, 3),
        str(row.verdict),
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

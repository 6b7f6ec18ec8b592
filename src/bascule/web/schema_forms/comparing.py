"""What somebody changed in a form, statement by statement."""

from collections.abc import Iterator
from dataclasses import dataclass

from bascule.config.schema.clause import Clause
from bascule.web.schema_forms.filled import Filled, name_of, raw_name
from bascule.web.schema_forms.reading import statements
from bascule.web.schema_forms.writing import Wrong, words


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one statement of a block."""

    clause: Clause
    index: int | None
    """Its place among those of its kind; None of a new one."""
    words: str
    """Empty: it goes."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A form as it was opened, and as it came back."""

    before: Filled
    held: Filled
    wrong: Wrong
    """Receives what is not right with a field."""

    def changes(self, clause: Clause) -> Iterator[Change]:
        """Yield what is another than it was; what no field can hold stays."""
        for inner in statements(clause):
            name = name_of(inner)
            if inner.many:
                yield from self._rows(inner, name)
            else:
                yield from self._change(inner, name, 0 if self._stands(name) else None)

    def _rows(self, clause: Clause, name: str) -> Iterator[Change]:
        rows = self.held.rows.get(name, ())
        there = [row for row in self.before.rows.get(name, ()) if row.isdecimal()]
        yield from (Change(clause, int(row), "") for row in there if row not in rows)
        for row in rows:
            yield from self._change(clause, f"{name}.{row}", int(row) if row in there else None)

    def _change(self, clause: Clause, name: str, index: int | None) -> Iterator[Change]:
        if raw_name(name) in self.before.values:
            return
        new = " ".join(words(clause, name, self.held.values, self.wrong))
        old = "" if index is None else " ".join(words(clause, name, self.before.values, {}))
        if new != old:
            yield Change(clause, index, new)

    def _stands(self, name: str) -> bool:
        return any(field.startswith(f"{name}.") for field in self.before.values)

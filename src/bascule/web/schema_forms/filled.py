"""What a form holds: the value of each field by its name, as it was opened or as somebody sent it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bascule.config.schema.clause import Clause, Value
from bascule.web.forms import Form
from bascule.web.numbers import number_in
from bascule.web.schema_forms.spelling import slug

ROW: Final = "row:"
"""Begins the hidden fields that list the rows of what may stand more than once."""

SEEN: Final = "seen"
"""The hidden field that tells which text of the block a form was opened with."""

MOST_ROWS: Final = 1000
"""Of one kind of statement in one form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Fields, and the rows of what may stand more than once.

    A row is named by the place that its statement had when the form was opened, or by `new` and a number.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seen: str = ""

    def with_row(self, name: str) -> "Filled":
        """Return it with an empty row more."""
        rows = self.rows.get(name, ())
        number = 1 + max((number_in(row[3:], 0, 10**6) or 0 for row in rows if row[:3] == "new"), default=0)
        return replace(self, rows={**self.rows, name: (*rows, f"new{number}")})

    def without_row(self, name: str, row: str) -> "Filled":
        """Return it without a row."""
        return replace(self, rows={**self.rows, name: tuple(each for each in self.rows.get(name, ()) if each != row)})

    def again(self, wanted: str) -> "Filled":
        """Return it with a row more or less: `add NAME`, `remove NAME ROW`."""
        match wanted.split():
            case ["add", name]:
                return self.with_row(name)
            case ["remove", name, row]:
                return self.without_row(name, row)
        return self


def filled(sent: Form) -> Filled:
    """Return what somebody sent."""
    rows = {name[len(ROW) :]: tuple(sent.every(name))[:MOST_ROWS] for name in sent.fields if name.startswith(ROW)}
    return Filled(values={name: sent.one(name) for name in sent.fields}, rows=rows, seen=sent.one(SEEN))


def name_of(clause: Clause) -> str:
    """Return what the fields of a clause are named by."""
    return slug(clause.title)


def value_name(within: str, value: Value[object]) -> str:
    """Return the name of the field of one of its values."""
    return f"{within}.{slug(value.name)}"


def tick_name(within: str) -> str:
    """Return the name of the field that says whether a clause without values stands."""
    return f"{within}.on"


def choice_name(within: str) -> str:
    """Return the name of the field that says which of its choices stands."""
    return f"{within}.choice"


def raw_name(within: str) -> str:
    """Return the name of what a statement is that no field can hold: it stays as it is."""
    return f"{within}.raw"


def ticked(clause: Clause) -> bool:
    """Tell whether a clause has neither values nor choices: it stands, or does not."""
    return not clause.choices and not any(isinstance(part, Value) for part in clause.parts)

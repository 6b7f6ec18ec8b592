"""The blocks of `system` that have forms here: which there are, what they are in a text, and their causes as boxes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bascule.config.outward import Cause
from bascule.config.schema.clause import Clause, Value
from bascule.config.schema.system import SYSTEM
from bascule.web.schema_forms.fields import BlockForm, form
from bascule.web.schema_forms.filled import Filled, tick_name
from bascule.web.schema_forms.reading import opened
from bascule.web.schema_forms.saving import Block, Saved, found, saved
from bascule.web.schema_forms.secrets import with_kept
from bascule.web.schema_forms.spelling import written

WITHIN: Final = SYSTEM.word
ALERT: Final = "alert"

TITLES: Final[Mapping[str, str]] = {
    ALERT: "Alert",
    "mail": "Mail server",
    "syslog": "Syslog",
    "snmp": "SNMP",
    "metrics": "Metrics",
}
"""What has a form, with its heading."""

_ON: Final = "on"
_CAUSES: Final = tuple(tick_name(f"{_ON}.{cause.value}") for cause in Cause)


def clause(kind: str) -> Clause | None:
    """Return the clause of a block; None where there is no form for such a thing."""
    return next((each for each in SYSTEM.block or () if each.word == kind), None) if kind in TITLES else None


def block(text: str, kind: str, name: str = "") -> Block | None:
    """Return a block of a text, or one that is to be made; None where the text has no alert of that name."""
    wanted = clause(kind)
    if wanted is None or (name and kind != ALERT):
        return None
    new = Block(clause=wanted, within=WITHIN)
    if kind == ALERT and not name:
        return new
    own = kind
    if kind == ALERT:
        part = wanted.parts[0]
        word = written(part.kind, name) if isinstance(part, Value) else ""
        if not isinstance(word, str):
            return None
        own = f"{kind} {word}"
    there = replace(new, own=own)
    if found(text, there) is not None:
        return there
    return None if name else new


@dataclass(frozen=True, slots=True)
class Setting:
    """A block of a text, and its form."""

    text: str
    block: Block

    def opened(self) -> Filled:
        """Return the form as it is opened: an alert that names no causes is about all of them."""
        held = self._before()
        if not self._has_causes or tick_name(_ON) in held.values:
            return held
        return replace(held, values={**held.values, **dict.fromkeys(_CAUSES, "on")})

    def form(self, held: Filled, wrong: Mapping[str, str]) -> BlockForm:
        """Return what a page shows of it."""
        return form(self.block.clause, with_kept(self._before(), held), wrong)

    def saved(self, held: Filled) -> Saved:
        """Return the text with what its form holds."""
        values = dict(held.values)
        if self._has_causes:
            ticked = [name for name in _CAUSES if values.get(name)]
            if not ticked:
                return Saved(text=self.text, own=self.block.own, wrong={tick_name(_ON): "tick one at least"})
            if len(ticked) == len(_CAUSES) and tick_name(_ON) not in self._before().values:
                values |= dict.fromkeys(_CAUSES, "")  # all of them is what holds where nothing is said
            else:
                values[tick_name(_ON)] = "on"
        return saved(self.text, self.block, replace(held, values=values))

    @property
    def _has_causes(self) -> bool:
        return self.block.clause.word == ALERT

    def _before(self) -> Filled:
        return opened(self.block.clause, found(self.text, self.block) if self.block.own else None)

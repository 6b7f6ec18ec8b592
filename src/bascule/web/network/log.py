"""The log's page: which events are shown, and which statement of the configuration each is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from bascule.config.editing.locating import line_of
from bascule.config.editing.rules import rules_of
from bascule.service.events import Event, EventKind, Grade
from bascule.service.firewall import WalkRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to see."""

    kind: EventKind | None = None
    """None is every kind."""
    warnings: bool = False
    """Only what needs an eye."""
    words: str = ""
    """Only events that say so, in whatever case."""

    def fits(self, event: Event) -> bool:
        """Tell whether an event is wanted."""
        return (
            self.kind in (None, event.event)
            and (not self.warnings or event.grade is Grade.WARNING)
            and self.words.casefold() in event.words.casefold()
        )


def subject(event: Event) -> tuple[str, str] | None:
    """Return what an event is about, a kind and a name, where the configuration may have it."""
    table = "address table" if event.event is EventKind.FIREWALL else "table"
    for kind, name in (("rule", event.rule), ("relay", event.relay), (table, event.table)):
        if name:
            return kind, name
    return None


def line_of_subject(text: str, walk: Sequence[WalkRow], kind: str, name: str) -> int | None:
    """Return the line of a text that an event's subject has; `walk` are the running rules, by whose names logs go."""
    if kind == "rule":
        row = next((each for each in walk if name in (each.label, each.rule)), None)
        if row is None or not row.cause:
            return next((rule.line for rule in rules_of(text) if row is not None and rule.words == row.rule), None)
        kind, _, name = row.cause.partition(" ")
    return next((line for path in _paths(kind, name) if (line := line_of(text, path)) is not None), None)


def _paths(kind: str, name: str) -> Sequence[tuple[str, ...]]:
    match kind:
        case "relay" | "redirect":
            return [("load-balancer", each, name) for each in ("relay", "redirect")]
        case "table":
            return [("load-balancer", "table", name)]
        case "address table":
            return [("firewall", "table", name)]
    return []

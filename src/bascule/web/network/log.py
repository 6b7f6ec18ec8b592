"""The log's page: which events are shown, and which statement of the configuration each is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from bascule.config.editing.locating import Passage, passage_of
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


def passage(text: str, walk: Sequence[WalkRow], kind: str, name: str) -> Passage | None:
    """Return what a text says of an event's subject; `walk` are the running rules, by whose names logs go."""
    if kind == "rule":
        row = next((each for each in walk if name in (each.label, each.rule)), None)
        if row is None or not row.cause:
            rules = (rule for rule in rules_of(text) if row is not None and rule.words == row.rule)
            return next((Passage(rule.line, rule.words) for rule in rules), None)
        kind, _, name = row.cause.partition(" ")
    return next((found for path in _paths(kind, name) if (found := passage_of(text, path)) is not None), None)


@dataclass(frozen=True, slots=True)
class Written:
    """What two texts say of an event's subject; None is nothing."""

    running: Passage | None
    copy: Passage | None

    @property
    def alike(self) -> bool:
        """Whether both say the same of it: then the working copy is as good a place to read it as any, and to change it."""
        return self.running is not None and self.copy is not None and self.running.words == self.copy.words


def _paths(kind: str, name: str) -> Sequence[tuple[str, ...]]:
    match kind:
        case "relay" | "redirect":
            return [("load-balancer", each, name) for each in ("relay", "redirect")]
        case "table":
            return [("load-balancer", "table", name)]
        case "address table":
            return [("firewall", "table", name)]
    return []

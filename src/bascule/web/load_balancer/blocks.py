"""The blocks of the load balancer that have forms: which there are, and what they are in a text."""

from collections.abc import Mapping
from typing import Final

from bascule.config.schema.clause import Clause, Value
from bascule.config.schema.load_balancer import LOAD_BALANCER
from bascule.web.load_balancer.copied import Copied
from bascule.web.schema_forms.fields import Offers
from bascule.web.schema_forms.saving import Block
from bascule.web.schema_forms.spelling import written

WITHIN: Final = LOAD_BALANCER.word

SETTINGS: Final = "settings"
"""What stands for the block around them all."""

NEW: Final[Mapping[str, str]] = {
    "relay": "Add a relay (Layer 4+)",
    "redirect": "Add a redirect (Layer 3)",
    "table": "Add a table",
    "router": "Add a router (uplinks)",
    SETTINGS: "Settings of the load balancer",
}
"""What may be made, and edited, with the heading of its page."""


def clause(kind: str) -> Clause | None:
    """Return the clause of a block; None where there is no form for such a thing."""
    if kind == SETTINGS:
        return LOAD_BALANCER
    return next((each for each in LOAD_BALANCER.block or () if each.word == kind), None) if kind in NEW else None


def block(kind: str, name: str) -> Block | None:
    """Return the block of a name, or with an empty one, a block to be made; None where none can be called that."""
    found = clause(kind)
    if found is None:
        return None
    if kind == SETTINGS:
        return Block(clause=found, own=WITHIN)
    if not name:
        return Block(clause=found, within=WITHIN)
    part = found.parts[0]
    word = written(part.kind, name) if isinstance(part, Value) else ""
    return Block(clause=found, within=WITHIN, own=f"{kind} {word}") if isinstance(word, str) and word else None


def offers(has: Copied) -> Offers:
    """Return the names of a text that a field may be filled with."""
    found = {
        "table": (each.name for each in has.tables),
        "zone": has.zones,
        "interface": (each.interface for each in has.addresses),
        "address": (each.address for each in has.addresses),
        "group": (each.group for each in has.services if each.group),
    }
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}

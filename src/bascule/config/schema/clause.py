"""What the keyword table is made of: clauses, the values they take, and the version that brings them."""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from bascule.config.kinds.kind import Kind
from bascule.config.version import FIRST

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Literal:
    """A word that must stand here."""

    word: str


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """A value that stands here, and the key under which binding finds it."""

    name: str
    kind: Kind[T]
    optional: bool = False


Part: TypeAlias = Literal | Value[Any]

Identity: TypeAlias = Callable[[Mapping[str, Any]], Hashable]
"""What of a statement's values, those before its options, tells it from others of its kind in one block."""


def by_values(values: Mapping[str, Any]) -> Hashable:
    """Tell statements apart by all the values that stand before their options."""
    return tuple(sorted((name, str(value)) for name, value in values.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One row of the keyword table: a statement, or a part of one that begins with a word of its own.

    It is read in this order: the words, the parts, one of the choices, then the options in any order, each at most once; a
    statement may end with a block.
    """

    word: str = ""
    """One word or several (`listen on`); empty where a value comes first."""
    help: str
    """What it does, for people: one sentence without a full stop."""
    parts: tuple[Part, ...] = ()
    choices: tuple["Clause", ...] = ()
    options: tuple["Clause", ...] = ()
    block: tuple["Clause", ...] | None = None
    """The statements its braces may hold; None where it takes no block."""
    many: bool = False
    """May stand more than once in its block, as a table's hosts do."""
    many_since: str = FIRST
    identity: Identity | None = None
    """Of what may stand more than once: whom an edit means. None: two that differ in anything are two."""
    closes: Callable[[Collection[str]], bool] | None = None
    """Of statements that are asked in their order until one fits: whether one with these options leaves those behind it
    nothing that begins with the same values."""
    required: bool = False
    """Its block is nothing without it."""
    strangers: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Words that somebody may look for here, each with what to say of it."""
    default: str = ""
    """What holds where it is not written."""
    since: str = FIRST

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words it begins with."""
        return tuple(self.word.split())

    @property
    def title(self) -> str:
        """Return what to call it: its words, else the first value it takes."""
        if self.word:
            return self.word
        return next((part.kind.name for part in self.parts if isinstance(part, Value)), "")

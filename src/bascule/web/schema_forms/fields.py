"""What a page shows of a form: fields with their labels, their help and what holds where they are empty."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bascule.config.kinds.kind import Kind
from bascule.config.schema.clause import Clause, Value
from bascule.config.version import arrived
from bascule.web.schema_forms.filled import Filled, choice_name, name_of, raw_name, tick_name, ticked, value_name
from bascule.web.schema_forms.reading import statements
from bascule.web.schema_forms.secrets import is_secret, stays
from bascule.web.schema_forms.spelling import label, slug

Offers = Mapping[str, tuple[str, ...]]
"""Names that the text has already, by the name of the value that they may be: `table`, `zone`, `group`."""

_NO_OFFERS: Final[Offers] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One field."""

    name: str
    label: str
    value: str
    help: str = ""
    """What it is for."""
    what: str = ""
    """What may be written."""
    placeholder: str = ""
    """What holds where it is empty."""
    choices: tuple[tuple[str, str], ...] = ()
    """Its only values, each with its label; none where anything may be written."""
    offers: tuple[str, ...] = ()
    """Values to begin with."""
    tick: bool = False
    secret: bool = False
    needed: bool = False
    number: bool = False
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A statement, or a part of one, as fields."""

    name: str
    label: str
    help: str
    inputs: tuple[Input, ...]
    choice: Input | None = None
    chosen: "Group | None" = None
    options: tuple["Group", ...] = ()

    @property
    def flat(self) -> tuple[Input, ...]:
        """Return all its fields in a row."""
        chosen = () if self.chosen is None else self.chosen.flat
        own = (*self.inputs, *((self.choice,) if self.choice is not None else ()), *chosen)
        return (*own, *(each for option in self.options for each in option.flat))

    @property
    def ticks(self) -> bool:
        """Tell whether all its options are boxes to tick that explain themselves."""
        boxes = [each for option in self.options for each in option.flat]
        return len(boxes) > 1 and all(each.tick and not each.help for each in boxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One of several statements of a kind."""

    id: str
    group: Group
    raw: str = ""
    """The statement as it stands, where no field can hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A kind of statement: one, or rows of it."""

    name: str
    label: str
    help: str
    many: bool
    tabular: bool
    """Its rows are rows of a table."""
    rows: tuple[Row, ...]
    needed: bool = False

    @property
    def used(self) -> bool:
        """Tell whether any of its rows is filled in."""
        return any(row.raw or any(each.value for each in row.group.flat) for row in self.rows)

    @property
    def wrong(self) -> bool:
        """Tell whether anything in its rows is not right."""
        return any(each.wrong for row in self.rows for each in row.group.flat)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockForm:
    """A block as fields."""

    head: Group | None
    """Its own name; None where it has none."""
    entries: tuple[Entry, ...]
    seen: str


def form(clause: Clause, held: Filled, wrong: Mapping[str, str], offers: Offers = _NO_OFFERS) -> BlockForm:
    """Return what a page shows of a filled form; `wrong` has, by field, what is not right with it."""
    make = _Maker(held.values, wrong, offers)
    return BlockForm(
        head=None if ticked(clause) else make.group(_own(clause), name_of(clause), needed=True, titled=True),
        entries=tuple(make.entry(inner, held) for inner in statements(clause)),
        seen=held.seen,
    )


def _own(clause: Clause) -> Clause:
    """Return what stands before a block's brace."""
    return Clause(word=clause.word, help=clause.help, parts=clause.parts)


@dataclass(frozen=True, slots=True)
class _Maker:
    values: Mapping[str, str]
    wrong: Mapping[str, str]
    offers: Offers

    def entry(self, clause: Clause, held: Filled) -> Entry:
        name = name_of(clause)
        rows = [(row, f"{name}.{row}") for row in held.rows.get(name, ())] if clause.many else [("", name)]
        return Entry(
            name=name,
            label=_title(clause),
            help=clause.help,
            many=clause.many,
            tabular=clause.many and not _deep(clause),
            rows=tuple(self._row(clause, row, at) for row, at in rows),
            needed=clause.required,
        )

    def _row(self, clause: Clause, row: str, at: str) -> Row:
        return Row(id=row, group=self.group(clause, at, titled=clause.many), raw=self.values.get(raw_name(at), ""))

    def group(self, clause: Clause, name: str, *, needed: bool = False, titled: bool = False) -> Group:
        """Return a clause as fields; where it has a title of its own above them, they are called by what they hold."""
        words = label(clause.title)
        parts = [part for part in clause.parts if isinstance(part, Value)]
        inputs = tuple(
            self._input(clause, part, value_name(name, part), needed, len(parts) == 1 and not titled) for part in parts
        )
        if ticked(clause):
            inputs = (self._tick(clause, tick_name(name), words),)
        choice = chosen = None
        if clause.choices:
            choice = self._choice(clause, choice_name(name), words, "" if titled else clause.help)
            picked = next((each for each in clause.choices if slug(each.title) == choice.value), None)
            chosen = None if picked is None else self._chosen(picked, f"{name}.{choice.value}")
        options = [self.group(each, f"{name}.{slug(each.word)}") for each in clause.options if arrived(each.since)]
        return Group(
            name=name, label=words, help=clause.help, inputs=inputs, choice=choice, chosen=chosen, options=tuple(options)
        )

    def _chosen(self, clause: Clause, name: str) -> Group:
        """Return what a choice asks for besides itself."""
        made = self.group(clause, name, needed=True, titled=True)
        return Group(
            name=name, label=made.label, help=made.help, inputs=() if ticked(clause) else made.inputs, options=made.options
        )

    def _input(self, clause: Clause, part: Value[object], name: str, needed: bool, alone: bool) -> Input:  # noqa: FBT001
        kind: Kind[object] = part.kind
        known = tuple(word for word, since in (kind.words or {}).items() if since is None or arrived(since))
        own = clause.word and alone
        value, secret = self.values.get(name, ""), is_secret(part.name)
        return Input(
            name=name,
            label=label(clause.word if own else part.name),
            value="" if secret else value,
            help=clause.help if own else "",
            what=kind.what,
            placeholder=stays(value) if secret else clause.default if own else "",
            choices=tuple((word, label(word)) for word in known),
            offers=self.offers.get(part.name, ()),
            secret=secret,
            needed=needed and not part.optional,
            number=kind.name == "NUMBER",
            wrong=self.wrong.get(name, ""),
        )

    def _tick(self, clause: Clause, name: str, words: str) -> Input:
        on = self.values.get(name, "")
        return Input(name=name, label=words, value=on, help=clause.help, tick=True, wrong=self.wrong.get(name, ""))

    def _choice(self, clause: Clause, name: str, words: str, about: str) -> Input:
        known = [each for each in clause.choices if arrived(each.since)]
        return Input(
            name=name,
            label=words,
            value=self.values.get(name, ""),
            help=about,
            placeholder=clause.default,
            choices=tuple((slug(each.title), label(each.title)) for each in known),
            wrong=self.wrong.get(name, ""),
        )


def _title(clause: Clause) -> str:
    """Return what a kind of statement is called; one that begins with a value is called by what that is."""
    if clause.word:
        return label(clause.word)
    what = next((part.name for part in clause.parts if isinstance(part, Value)), "")
    return f"{label(what)}s" if clause.many else label(what)


def _deep(clause: Clause) -> bool:
    """Tell whether a statement is more than a row of fields."""
    return bool(clause.choices) or any(option.choices or option.options for option in clause.options)

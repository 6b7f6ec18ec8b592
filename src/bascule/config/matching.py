"""Reads the words of one statement as the schema says they are, and says what was expected where they are not.

A wrong value is reported and reading goes on; a word out of place ends the statement. The same walk collects what may stand
next, for completion.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, cast

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.kinds.kind import Flaw
from bascule.config.lexer import Report, Token, TokenKind
from bascule.config.relayd import strange
from bascule.config.schema.clause import Clause, Literal, Part, Value
from bascule.config.version import arrived, later
from bascule.config.wording import listed, nearest, quoted

T = TypeVar("T")

_MOST_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Match:
    """A clause as the text has it."""

    clause: Clause
    span: Span
    sound: bool = True
    """False where something was reported: some values are missing then."""
    lost: bool = False
    """True where words are left that could not be placed."""
    values: Mapping[str, Any] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)
    options: Mapping[str, "Match"] = field(default_factory=dict)
    choice: "Match | None" = None
    base: int = 0
    """How many words stand before its options, and before those of its choice."""

    @property
    def leading(self) -> Mapping[str, Any]:
        """Return the values before its options, those of the choice too."""
        return self.values if self.choice is None else {**self.values, **self.choice.leading}

    @property
    def extras(self) -> "Mapping[str, Match]":
        """Return its options, those of the choice too."""
        return self.options if self.choice is None else {**self.choice.extras, **self.options}

    def get(self, value: Value[T]) -> T | None:
        """Return a value, or None where the text does not have it."""
        return cast("T | None", self.values.get(value.name))

    def __getitem__(self, value: Value[T]) -> T:
        """Return a value that a sound match always has."""
        return cast("T", self.values[value.name])

    def option(self, word: str, value: Value[T]) -> T | None:
        """Return the value of an option, or None where the text does not have it."""
        found = self.options.get(word)
        return None if found is None else found.get(value)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that may stand next: a word, or a kind of value."""

    text: str
    help: str
    literal: bool
    """A word to be written as it is; else the name of a kind, such as `ADDRESS`."""
    value: Value[Any] | None = field(default=None, compare=False, repr=False)
    """Of a kind: the value that stands there."""
    whole: str = field(default="", compare=False)
    """Of the first word of a statement that begins with several: all of them."""


def select(statements: Iterable[Clause], words: Sequence[Token]) -> tuple[Clause, ...]:
    """Return the statement that these words begin; several where the second word does not tell, none where none fits."""
    candidates = tuple(clause for clause in statements if _begins(clause, words[0]))
    exact = tuple(
        clause for clause in candidates if clause.words == tuple(token.text for token in words[: len(clause.words)])
    )
    return exact or candidates


def match(clause: Clause, words: Sequence[Token], report: Report, wanted: list[Wanted] | None = None) -> Match:
    """Return what a statement's words say; `wanted` receives what could stand behind the last of them."""
    reader = _Reader(words, report, [] if wanted is None else wanted)
    found = reader.clause(clause)
    reader.ended(clause, found)
    return found if reader.sound else replace(found, sound=False, lost=reader.lost)


def begin(clause: Clause, words: Sequence[Token], report: Report) -> tuple[Match, int]:
    """Return what words say that begin with a clause, and how many of them belong to it."""
    reader = _Reader(words, report, [])
    found = reader.clause(clause)
    return (found if reader.sound else replace(found, sound=False, lost=reader.lost)), reader.position


class _Reader:
    """The state of reading one statement. `sound` turns False at the first report; `lost` where the structure is lost."""

    def __init__(self, words: Sequence[Token], report: Report, wanted: list[Wanted]) -> None:
        self._words = words
        self._report = report
        self._wanted = wanted
        self.position = 0
        self.lost = False
        self.sound = True

    @property
    def _next(self) -> Token | None:
        return self._words[self.position] if self.position < len(self._words) else None

    def _complain(self, span: Span, message: str, hint: str = "") -> None:
        self.sound = False
        self._report(Diagnostic.error(span, message, hint))

    def _lose(self, message: str, hint: str = "") -> None:
        """Report at the next word, or behind the last, and give the statement up."""
        token = self._next
        self._complain(token.span if token else self._words[-1].after, message, hint)
        self.lost = True

    # --- clauses -----------------------------------------------------------------------------------------------------

    def clause(self, clause: Clause) -> Match:
        """Read a clause from the next word on."""
        first = self.position
        start = self._words[min(first, len(self._words) - 1)].span
        values: dict[str, Any] = {}
        spans: dict[str, Span] = {}
        choice: Match | None = None
        options: dict[str, Match] = {}
        self._leading(clause)
        for index, part in enumerate(clause.parts):
            self._part(part, _followers(clause, index), values, spans)
        base = self.position - first
        if clause.choices and not self.lost:
            choice = self._choice(clause)
            base += 0 if choice is None else choice.base
        if not self.lost:
            options = self._options(clause)
        last = self._words[max(self.position, 1) - 1]
        return Match(clause, start.to(last.span), self.sound, self.lost, values, spans, options, choice, base)

    def _leading(self, clause: Clause) -> None:
        if not arrived(clause.since):
            self._lose(later(quoted(clause.word), clause.since))
        for word in clause.words:
            self._literal(word, clause.help)

    def _part(self, part: Part, followers: tuple[str, ...], values: dict[str, Any], spans: dict[str, Span]) -> None:
        if self.lost:
            return
        if isinstance(part, Literal):
            self._literal(part.word, "")
            return
        token = self._next
        value = self._value(part, followers)
        if token is not None and value is not None:
            values[part.name], spans[part.name] = value, token.span

    def _choice(self, clause: Clause) -> Match | None:
        for choice in clause.choices:
            self._want(choice)
        token = self._next
        named = [choice for choice in clause.choices if choice.word]
        if token is None:
            self._lose(f"expected {_listed(clause.choices)} behind {quoted(self._words[-1].text)}")
            return None
        for choice in named:
            if token.kind is TokenKind.WORD and choice.words[0] == token.text:
                return self.clause(choice)
        for choice in clause.choices:
            if not choice.word:
                return self.clause(choice)
        self._lose(*_unexpected(token, tuple(named)))
        return None

    def _options(self, clause: Clause) -> dict[str, Match]:
        found: dict[str, Match] = {}
        while not self.lost:
            token = self._next
            if token is None:
                for left in clause.options:
                    if left.word not in found:
                        self._want(left)
                break
            option = next((option for option in clause.options if _begins(option, token)), None)
            if option is None:
                break
            if option.word in found:
                self._lose(f"{quoted(option.word)} stands twice")
                break
            found[option.word] = self.clause(option)
        return found

    def ended(self, clause: Clause, found: Match) -> None:
        """Report a word that is left over."""
        token = self._next
        if token is None or self.lost:
            return
        left = tuple(option for option in clause.options if option.word not in found.options)
        message, hint = _unexpected(token, left)
        self._lose(message, clause.strangers.get(token.text, hint))

    # --- words -------------------------------------------------------------------------------------------------------

    def _literal(self, word: str, what: str) -> None:
        if self.lost:
            return
        token = self._next
        if token is None:
            self._wanted.append(Wanted(word, what, literal=True))
            self._lose(f"expected {quoted(word)} behind {quoted(self._words[-1].text)}")
        elif token.kind is TokenKind.WORD and token.text == word:
            self.position += 1
        else:
            hint = f"did you mean {quoted(word)}?" if nearest(token.text, [word]) else strange(token.text)
            self._lose(f"expected {quoted(word)}, found {_shown(token)}", hint)

    def _value(self, part: Value[T], followers: tuple[str, ...]) -> T | None:
        """Read a value; one that is wrong is reported, and the word is taken unless it is one that may follow."""
        token = self._next
        if token is None:
            self._want_value(part)
            if not part.optional:
                self._lose(f"expected {part.kind.what} behind {quoted(self._words[-1].text)}")
            return None
        follows = token.kind is TokenKind.WORD and token.text in followers
        strange_word = part.kind.words is not None and token.text not in part.kind.words
        other = part.kind.meant is not None and not part.kind.meant(token)
        if part.optional and (follows or strange_word or other):
            return None
        since = (part.kind.words or {}).get(token.text)
        if since is not None and not arrived(since):
            value: T | Flaw = Flaw(later(quoted(token.text), since))
        else:
            value = part.kind.read(token)
        if isinstance(value, Flaw):
            self._complain(token.span, value.message, value.hint or strange(token.text))
        if not (follows and isinstance(value, Flaw)):
            self.position += 1
        return None if isinstance(value, Flaw) else value

    # --- completion --------------------------------------------------------------------------------------------------

    def _want(self, clause: Clause) -> None:
        if self._next is not None or not arrived(clause.since):
            return
        if clause.word:
            self._wanted.append(Wanted(clause.words[0], clause.help, literal=True))
        elif isinstance(first := clause.parts[0], Value):
            self._want_value(first)

    def _want_value(self, part: Value[T]) -> None:
        if part.kind.words is None:
            self._wanted.append(Wanted(part.kind.name, part.kind.what, literal=False, value=part))
            return
        arrivals = (word for word, since in part.kind.words.items() if since is None or arrived(since))
        self._wanted.extend(Wanted(word, part.name, literal=True) for word in arrivals)


def _begins(clause: Clause, token: Token) -> bool:
    return token.kind is TokenKind.WORD and clause.words[:1] == (token.text,)


def _followers(clause: Clause, index: int) -> tuple[str, ...]:
    """Return the words that may follow a part of a clause, past values that may be left out."""
    words: list[str] = []
    for following in clause.parts[index + 1 :]:
        if isinstance(following, Literal):
            return (*words, following.word)
        words.extend(following.kind.words or ())
        if not following.optional:
            return tuple(words)
    return (*words, *(option.words[0] for option in (*clause.choices, *clause.options) if option.word))


def _listed(clauses: Iterable[Clause]) -> str:
    titles = [clause.title for clause in clauses if arrived(clause.since)]
    return listed(titles[:_MOST_LISTED]) if titles else "the end of the line"


def _shown(token: Token) -> str:
    """Return a word as a message shows it; what stands in quotes may be a password."""
    return "a text in quotes" if token.kind is TokenKind.STRING else quoted(token.text)


def _unexpected(token: Token, known: tuple[Clause, ...]) -> tuple[str, str]:
    """Return message and hint for a word that does not belong here."""
    near = nearest(token.text, [clause.words[0] for clause in known if clause.word])
    hint = f"did you mean {quoted(near)}?" if near else strange(token.text)
    return f"expected {_listed(known)}, found {_shown(token)}", hint

"""Writes the reference manual of the language from the keyword table.

`python -m bascule.config.manual > docs/language.md` renews the page; a test fails while it is not current.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from bascule import __version__
from bascule.config.schema import TOP
from bascule.config.schema.clause import Clause, Literal, Part, Value
from bascule.config.version import FIRST, arrived, later

_INTRODUCTION: Final = """\
# The language

This page is the reference of version {version}, written from the same table that reads a configuration.

* A statement ends with its line or with `;`. A block stands in braces, which open on the line of its statement.
* `#` begins a comment. It and the layout survive every edit.
* Names and texts stand in double quotes; `\\"`, `\\\\`, `\\n`, `\\r` and `\\t` mean a quotation mark, a backslash, a line
  feed, a carriage return and a tab. Tables are written `<name>`.
* Times take a unit (`500ms`, `5s`, `40m`, `2h`). A bare number means seconds.
* A text is UTF-8, at most 4 MiB long. Every mistake in it is reported in one pass, with line, column and what was expected.
* Below, `[…]` may be left out, `|` stands between choices, words in capitals are values. Options in `[…]` may stand in any
  order, each once.
* Where a statement may stand in several blocks, the nearest wins: after `check`, then the `table`, then `load-balancer`.

```
interface eth0 {{
	address 10.2.0.10/24
	address 10.2.0.50/24 virtual  # moves with the cluster
	route default 10.2.0.1
}}
load-balancer {{
	table <exchange> {{
		10.2.0.11 name "EX1"
		10.2.0.12 name "EX2" weight 2
		key 7f3a91c2
	}}
	relay "HTTPS" {{
		listen on 10.2.0.50 port 443
		forward to <exchange> check tcp mode source-hash
	}}
}}
```
"""

_MEASURED: Final = frozenset({"NUMBER", "NUMBER/s", "TIME"})


def manual() -> str:
    """Return the reference manual as Markdown."""
    return "\n".join([_INTRODUCTION.format(version=__version__), *_block(TOP, ())])


def _block(clause: Clause, path: tuple[str, ...]) -> Iterator[str]:
    """Yield the section of a block and those of the blocks in it."""
    title = " › ".join(f"`{word}`" for word in path) or "The top level"  # noqa: RUF001 - the sign for a path
    yield f"## {title}\n"
    if clause.word:
        yield f"{_sentence(clause.help)}\n"
    for statement in clause.block or ():
        yield from _statement(statement)
    yield ""
    for statement in clause.block or ():
        if statement.block:
            yield from _block(statement, (*path, statement.title))


def _statement(clause: Clause) -> Iterator[str]:
    block = " { … }" if clause.block is not None else ""
    yield f"* `{usage(clause)}{block}`  \n  {_notes(clause)}"
    for inner in _explained(clause):
        yield from _inner(inner, "  ")


def _inner(clause: Clause, indent: str) -> Iterator[str]:
    yield f"{indent}* `{usage(clause)}`: {_notes(clause)}"
    for inner in _explained(clause):
        yield from _inner(inner, f"{indent}  ")


def _explained(clause: Clause) -> Iterator[Clause]:
    """Yield the choices and options that have something said of them."""
    return (inner for inner in (*clause.choices, *clause.options) if inner.help)


def _notes(clause: Clause) -> str:
    """Return what a clause does, what holds without it, how often it may stand, and since when."""
    if not arrived(clause.since):
        return f"{_sentence(clause.help)} {_sentence(later('this', clause.since))}"
    often = ""
    if clause.many:
        often = (
            " May stand several times."
            if arrived(clause.many_since)
            else f" Once; {later('a second one', clause.many_since)}."
        )
    required = " Required." if clause.required else ""
    default = f" Default: {clause.default}." if clause.default else ""
    since = f" Since version {clause.since}." if clause.since != FIRST else ""
    return f"{_sentence(clause.help)}{_ranges(clause)}{default}{required}{often}{since}"


def _ranges(clause: Clause) -> str:
    """Return what its numbers and times may be."""
    values = (part for part in clause.parts if isinstance(part, Value) and part.kind.name in _MEASURED)
    return "".join(f" {_sentence(value.kind.what)}" for value in values)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def usage(clause: Clause) -> str:
    """Return how a clause is written: `listen on [ADDRESS] port PORT`."""
    return " ".join(
        part for part in (clause.word, *map(_part, clause.parts), _choices(clause.choices), *_options(clause)) if part
    )


def _part(part: Part) -> str:
    if isinstance(part, Literal):
        return part.word
    return f"[{_value(part)}]" if part.optional else _value(part)


def _value(value: Value[object]) -> str:
    """Return the words that a value may be, or the name of its kind."""
    if value.kind.words is None:
        return value.kind.name
    return "|".join(word for word, since in value.kind.words.items() if since is None or arrived(since))


def _choices(choices: Sequence[Clause]) -> str:
    return "|".join(usage(choice) if not choice.word else choice.word for choice in choices if arrived(choice.since))


def _options(clause: Clause) -> Iterator[str]:
    for option in clause.options:
        if arrived(option.since) and option.help:
            yield f"[{option.word} …]" if option.choices or _unexplained(option) else f"[{usage(option)}]"
    if _unexplained(clause):
        yield "[…]"


def _unexplained(clause: Clause) -> bool:
    """Whether it has options that only repeat a word of its own."""
    return any(not option.help for option in clause.options)


if __name__ == "__main__":
    sys.stdout.write(manual())

"""Every block of the language is a form: what the keyword table learns is a field from that day on."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from bascule.config.lexer import Token
from bascule.config.matching import select
from bascule.config.parser import parse
from bascule.config.schema import TOP
from bascule.config.schema.clause import Clause
from bascule.config.syntax import Item, Statement
from bascule.web.schema_forms.fields import form
from bascule.web.schema_forms.filled import Filled
from bascule.web.schema_forms.reading import opened
from bascule.web.schema_forms.saving import Block, found, saved
from bed.texts.writer import random_text
from plan.situations import TWO_ARM


def blocks(items: Sequence[Item], within: Clause = TOP, path: str = "") -> Iterator[Block]:
    """Yield every block of a text."""
    for item in items:
        if isinstance(item, Statement) and item.block is not None:
            clause = select(within.block or (), item.words)[0]
            own = _joined(item.words)
            yield Block(clause=clause, within=path, own=own)
            yield from blocks(item.block.items, clause, f"{path} {own}".strip())


def _joined(words: Sequence[Token]) -> str:
    return " ".join(token.text for token in words)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_block_says_its_form_holds(seed: int) -> None:
    """Saved as it is, it changes nothing; made anew from its fields, it says the same."""
    text = random_text(random.Random(seed), TWO_ARM)
    seen = 0
    for block in blocks(parse(text).items):
        held = opened(block.clause, found(text, block))
        assert saved(text, block, held).text == text, block.path
        ordered = any(inner.closes for inner in block.clause.block or ())  # a new one may have to stand before others
        if not ordered:
            assert anew(block, held) == held.values, block.path
        shown = form(block.clause, held, {})
        names = {each.name for entry in shown.entries for row in entry.rows for each in row.group.flat}
        names |= set() if shown.head is None else {each.name for each in shown.head.flat}
        assert held.values.keys() <= names, block.path
        seen += len(held.values)
    assert seen > 20


def anew(block: Block, held: Filled) -> dict[str, str]:
    """Make a block in an empty text of the fields of another, and return what its form holds."""
    made = saved("", replace(block, own=""), held)
    assert not made.wrong
    assert not made.diagnostics
    again = opened(block.clause, found(made.text, replace(block, own=made.own)))
    return dict(again.values)

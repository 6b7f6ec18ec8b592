"""Gives a table another name wherever the load balancer uses it."""

from collections.abc import Iterator

from bascule.config.editing.layout import Lines
from bascule.config.lexer import Token
from bascule.config.syntax import Statement, Tree


def with_table_renamed(text: str, old: str, new: str) -> str:
    """Return a text whose services forward to a table by its new name; `old` and `new` are written as the text has them."""
    lines = Lines.of(text)
    made = text
    for token in reversed([*_uses(lines.tree, old)]):
        made = f"{made[: lines.start(token)]}{new}{made[lines.end(token) :]}"
    return made


def _uses(tree: Tree, table: str) -> Iterator[Token]:
    for block in tree.statements:
        if block.block is not None and block.words and block.words[0].text == "load-balancer":
            for service in block.block.statements:
                yield from _forwards(service, table)


def _forwards(service: Statement, table: str) -> Iterator[Token]:
    for statement in () if service.block is None else service.block.statements:
        words = [token.text for token in statement.words[:3]]
        if words == ["forward", "to", table]:
            yield statement.words[2]

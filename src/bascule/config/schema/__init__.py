"""The keyword table: what may stand where, with which values, since when, and what it is for.

It drives parsing and binding, completion, and the reference manual, so that they cannot disagree.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from bascule.config.schema.clause import Clause
from bascule.config.schema.exchange import EXCHANGE
from bascule.config.schema.firewall import FIREWALL
from bascule.config.schema.interface import INTERFACES
from bascule.config.schema.load_balancer import LOAD_BALANCER
from bascule.config.schema.system import SYSTEM

TOP: Final = Clause(
    help="a configuration",
    block=(INTERFACES, LOAD_BALANCER, EXCHANGE, FIREWALL, SYSTEM),
)
"""The top level, as a block without a word of its own."""


def blocks(clause: Clause = TOP) -> Iterator[Clause]:
    """Yield a clause and every clause within it that takes a block, from the outside in."""
    if clause.block is None:
        return
    yield clause
    for inner in clause.block:
        yield from blocks(inner)


def _homes() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for clause in blocks():
        for statement in clause.block or ():
            if statement.word:
                found.setdefault(statement.words[0], []).append(clause.title or "the top level")
    return MappingProxyType({word: tuple(titles) for word, titles in found.items()})


_HOMES: Final = _homes()


def places(word: str) -> tuple[str, ...]:
    """Return the titles of the blocks in which a statement that begins with this word may stand."""
    return _HOMES.get(word, ())

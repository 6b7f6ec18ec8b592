"""Damaged configurations for the parser, the binder, the judges, the formatter and completion.

Texts of the corpus are cut, doubled, joined and sprinkled with pieces that parsers dislike. It is a finding when loading
raises, when printing or formatting changes a text, or when one takes too long.
"""

import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bascule.config.completion import expected
from bascule.config.diagnose import diagnose
from bascule.config.facts import Facts
from bascule.config.format import format_text
from bascule.config.load import load
from bascule.config.parser import parse
from bascule.config.syntax import text_of
from bed.texts.writer import random_text
from fuzz.target import Target
from plan.situations import TWO_ARM

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "config"
NASTY: Final = ("{", "}", "\n", ";", "#", '"', "\\", "<", ">", "\x00", "\ufeff", "\u00a0", "\r", "é", "-", "/", ":", "0")
LONG: Final = ("9" * 30, "%s", "\ud800")
RANDOM_TEXTS: Final = 20
LONGEST: Final = 20_000
SLOW: Final = 2.0
"""Seconds of processor time for a text of at most `LONGEST` characters."""


@asynccontextmanager
async def opened() -> AsyncIterator[Target[str]]:
    """Read the corpus, and add texts that use the whole language."""
    texts = [path.read_text().partition("----------\n")[0] for path in sorted(CORPUS.iterdir())]
    texts += [random_text(random.Random(number), TWO_ARM) for number in range(RANDOM_TEXTS)]
    yield Target(lambda chance: damaged(chance, texts), tried)


def damaged(chance: random.Random, texts: Sequence[str]) -> str:
    """Return a text of the corpus after a few changes."""
    text = chance.choice(texts)
    for _ in range(chance.randint(1, 8)):
        text = _changed(chance, text, texts)[:LONGEST]
    return text


def _changed(chance: random.Random, text: str, texts: Sequence[str]) -> str:
    """Return a text after one change: a piece cut out or doubled, something put in, or its words in another order."""
    place, other = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
    match chance.randint(0, 4):
        case 0:
            return text[:place] + text[other:]
        case 1:
            return text[:other] + text[place:]
        case 2:
            return text[:place] + chance.choice((*NASTY, *LONG)) * chance.choice((1, 1, 1, 50)) + text[place:]
        case 3:
            return text[:place] + chance.choice(texts) + text[place:]
        case _:
            words = text.split(" ")
            return " ".join(chance.sample(words, k=len(words)))


async def tried(text: str) -> None:
    """Do to a text everything that is done to a configuration. Raises what goes wrong."""
    started = time.process_time()
    assert text_of(parse(text)) == text, "printing changes the text"
    loaded = load(text)
    if loaded.configuration is not None:
        diagnose(loaded.configuration, Facts())
    load(text.encode(errors="surrogatepass"))
    once = format_text(text)
    assert format_text(once) == once, "formatting is not idempotent"
    assert load(once).configuration == loaded.configuration, "formatting changes the meaning"
    expected(text)
    assert time.process_time() - started < SLOW, "too slow"

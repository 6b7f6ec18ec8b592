"""Throws damaged configurations at the parser: `python tests/fuzz/fuzz_config.py [--seconds N] [--seed N]`.

Texts of the corpus are cut, doubled, joined and sprinkled with pieces that parsers dislike. A text fails that makes loading
raise, that printing or formatting changes, or that takes too long; it is printed with its seed, and the exit code is 1.
"""

import argparse
import random
import sys
import time
import traceback
from pathlib import Path
from typing import Final

from bascule.config.completion import expected
from bascule.config.diagnose import diagnose
from bascule.config.facts import Facts
from bascule.config.format import format_text
from bascule.config.load import load
from bascule.config.parser import parse
from bascule.config.syntax import text_of

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "config"
NASTY: Final = (
    "{",
    "}",
    "\n",
    ";",
    "#",
    '"',
    "\\",
    "<",
    ">",
    "\x00",
    "\ufeff",
    "\u00a0",
    "\r",
    "é",
    "-",
    "/",
    ":",
    "0",
    "9" * 30,
    "%s",
)
LONGEST: Final = 20_000
SLOW: Final = 2.0
"""Seconds of processor time for a text of at most `LONGEST` characters."""


def damaged(rng: random.Random, texts: list[str]) -> str:
    """Return a text of the corpus after a few changes."""
    text = rng.choice(texts)
    for _ in range(rng.randint(1, 8)):
        text = _changed(rng, text, texts)[:LONGEST]
    return text


def _changed(rng: random.Random, text: str, texts: list[str]) -> str:
    """Return a text after one change: a piece cut out or doubled, something put in, or its words in another order."""
    place, other = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
    match rng.randint(0, 4):
        case 0:
            return text[:place] + text[other:]
        case 1:
            return text[:other] + text[place:]
        case 2:
            return text[:place] + rng.choice(NASTY) * rng.choice((1, 1, 1, 50)) + text[place:]
        case 3:
            return text[:place] + rng.choice(texts) + text[place:]
        case _:
            words = text.split(" ")
            return " ".join(rng.sample(words, k=len(words)))


def fault(text: str) -> str:
    """Return what is wrong with how a text is taken, or an empty string."""
    started = time.process_time()
    try:
        if text_of(parse(text)) != text:
            return "printing changes the text"
        loaded = load(text)
        if loaded.configuration is not None:
            diagnose(loaded.configuration, Facts())
        once = format_text(text)
        if format_text(once) != once:
            return "formatting is not idempotent"
        if load(once).configuration != loaded.configuration:
            return "formatting changes the meaning"
        expected(text)
    except Exception:  # noqa: BLE001 - whatever is raised is the finding
        return traceback.format_exc()
    return "too slow" if time.process_time() - started > SLOW else ""


def main() -> int:
    """Fuzz for the time given, and say what was found."""
    parser = argparse.ArgumentParser(description="fuzz the configuration language")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    arguments = parser.parse_args()
    texts = [path.read_text().partition("----------\n")[0] for path in sorted(CORPUS.iterdir())]
    end, seed, count = time.monotonic() + arguments.seconds, arguments.seed, 0
    sys.stdout.write(f"seed {seed}\n")
    while time.monotonic() < end:
        text = damaged(random.Random(seed + count), texts)
        found = fault(text)
        if found:
            sys.stdout.write(f"seed {seed + count}: {found}\n{text!r}\n")
            return 1
        count += 1
    sys.stdout.write(f"{count} texts, nothing found\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

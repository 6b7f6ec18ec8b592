"""The reference manual is the keyword table's, and what it shows works."""

from pathlib import Path
from typing import Final

from bascule.config.load import load
from bascule.config.manual import manual
from bascule.config.schema import blocks

PAGE: Final = Path(__file__).parents[2] / "docs" / "language.md"


def test_page_is_current() -> None:
    """The committed page is what the table says; `python -m bascule.config.manual > docs/language.md` renews it."""
    assert PAGE.read_text() == manual()


def test_example_loads() -> None:
    """The example on the page is a configuration."""
    example = manual().split("```\n")[1]
    loaded = load(example)
    assert loaded.configuration is not None
    assert not loaded.diagnostics


def test_every_statement_is_on_the_page() -> None:
    """Whatever a block takes stands on the page with what it does."""
    page = manual()
    for block in blocks():
        for statement in block.block or ():
            assert f"* `{statement.title}" in page
            assert statement.help[1:] in page

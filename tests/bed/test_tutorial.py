from collections.abc import Sequence
from pathlib import Path

import pytest

from bed.tutorial import follow, steps

PAGE = """\
# A page

```console
$ first --long \\
    option
one   two
…
the … end
$ second 'of two'
```

```powershell
Get-Nothing
```
"""


def page(at: Path, text: str = PAGE) -> Path:
    """Return a page that is in a file."""
    file = at / "page.md"
    file.write_text(text, encoding="utf-8")
    return file


def test_commands_are_found(tmp_path: Path) -> None:
    """Those of a console alone, whole, in their order."""
    assert [step.command.split() for step in steps(page(tmp_path))] == [
        ["first", "--long", "option"],
        ["second", "'of", "two'"],
    ]


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("one two\nthe very end\n", True),
        ("one  two\n\nmore\nand more\nthe end of the end\n", True),
        ("one two\nthe end", False),
        ("one\nthe very end\n", False),
        ("one two\nthe very end\nand a line\n", False),
        ("", False),
    ],
)
def test_answers_are_held_against_the_page(tmp_path: Path, answer: str, right: bool) -> None:  # noqa: FBT001 - a row
    """Word by word, but for blanks and what `…` stands for; a command without an answer on the page may say anything."""
    asked: list[Sequence[str]] = []

    def run(words: Sequence[str]) -> str:
        asked.append(words)
        return answer

    if right:
        follow(page(tmp_path), run)
        assert asked == [["first", "--long", "option"], ["second", "of two"]]
    else:
        with pytest.raises(AssertionError, match="first --long"):
            follow(page(tmp_path), run)


def test_a_page_without_commands_is_none(tmp_path: Path) -> None:
    """So that a page whose blocks are called otherwise is not passed over."""
    with pytest.raises(AssertionError, match="has no commands"):
        follow(page(tmp_path, "```sh\n$ true\n```\n"), lambda _: "")

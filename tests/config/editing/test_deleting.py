"""`delete` takes exactly what is named."""

import pytest

from bascule.config.editing.deleting import delete
from bascule.config.schema import blocks
from config.editing.edits import after_delete, refusal, words

TEXT = """\
load-balancer {
	interval 2s; workers 2  # both
	table <a> {
		10.0.0.1 name "EX1" weight 2
		10.0.0.2
	}

	# mail
	relay "SMTP" {
		listen on port 25
		listen on port 587
		forward to <a> check smtp mode source-hash
	}

	relay "HTTPS" {
		listen on port 443
	}
}
"""


@pytest.mark.parametrize(
    ("line", "gone", "instead"),
    [
        ("load table a 10.0.0.1", '\t\t10.0.0.1 name "EX1" weight 2\n', ""),
        ("load table a 10.0.0.1 weight", " weight 2", ""),
        ("load table a 10.0.0.1 weight 2", " weight 2", ""),
        ('load table a 10.0.0.1 weight 2 name "EX1"', '\t\t10.0.0.1 name "EX1" weight 2\n', ""),
        ("load relay SMTP forward to a check", " check smtp", ""),
        ("load relay SMTP listen on port 25", "\t\tlisten on port 25\n", ""),
        ("load relay HTTPS listen", "\n\t\tlisten on port 443\n\t", " "),
        ("load interval", "interval 2s; ", ""),
        ("load workers 2", " workers 2", ""),
        (
            "load relay SMTP",
            TEXT[TEXT.index("\n\t# mail") : TEXT.index('\n\trelay "HTTPS"')],
            "",
        ),
    ],
)
def test_what_goes(line: str, gone: str, instead: str) -> None:
    """A block, a statement or an option, with the comments above and the empty line that would be one too many."""
    assert TEXT.count(gone) == 1
    assert after_delete(TEXT, line) == TEXT.replace(gone, instead)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("load relay SMTP listen on", "means 2 statements (say which: `listen on port 25` and `listen on port 587`)"),
        ("load relay SMPT", 'there is no `relay "SMPT"` in `load-balancer` (did you mean `relay "SMTP"`?)'),
        ("load relay SMPT listen on port 25", 'there is no `relay "SMPT"`'),
        ("load table a 10.0.0.3", "there is no `10.0.0.3` in `table <a>`"),
        ("load table a 10.0.0.2 weight", "there is no `weight` in `10.0.0.2`"),
        ("load table a 10.0.0.1 weight 3", 'there is no `weight 3` in `10.0.0.1 name "EX1" weight 2`'),
        ("load workers 3", "there is no `workers 3` in `load-balancer` (there is `workers 2`)"),
        ("system", "there is no `system` in the text"),
        ("", "say what shall be deleted"),
    ],
)
def test_what_is_not_there_is_said(line: str, said: str) -> None:
    """With what is there instead; nothing is taken on a guess."""
    edited = delete(TEXT, words(line))
    assert said in refusal(edited)
    assert edited.text == TEXT


def test_the_option_of_another_statement_is_not_meant() -> None:
    """Of what may stand once, too, the words must be those that are there."""
    text = 'load-balancer {\n\trouter "A" {\n\t\troute default\n\t\tforward to <a> check icmp\n\t}\n}\n'
    assert after_delete(text, "load router A forward to a check") == text.replace(" check icmp", "")
    assert "there is no `forward to <b> check`" in refusal(delete(text, words("load router A forward to b check")))


def test_a_block_that_may_stand_often_has_a_name() -> None:
    """By which edits tell it from others of its kind."""
    assert all(clause.identity is not None for clause in blocks() if clause.many)

"""A piece of a text is shown as it stands, moved to the left."""

from bascule.config.editing.extract import extract
from config.editing.edits import refusal, words

TEXT = "system {\n\t# who we ask\n\tdns {  # two\n\t\t10.0.0.1\n\n\t\t10.0.0.2\n\t}\n\thost-name a; http-server { }\n}\n"


def test_a_block_with_its_comments() -> None:
    """And with the empty lines that it has."""
    shown = extract(TEXT, words("sys dns")).text
    assert shown == "# who we ask\ndns {  # two\n\t10.0.0.1\n\n\t10.0.0.2\n}\n"


def test_a_statement_and_the_whole() -> None:
    """Of a shared line only its own part; no words mean everything."""
    assert extract(TEXT, words("sys host")).text == "host-name a;\n"
    assert extract(TEXT, words("system http-server")).text == "http-server { }\n"
    assert extract(TEXT, ()).text == TEXT


def test_what_is_not_there() -> None:
    """Is said."""
    assert "there is no `10.0.0.3` in `dns`" in refusal(extract(TEXT, words("sys dns 10.0.0.3")))

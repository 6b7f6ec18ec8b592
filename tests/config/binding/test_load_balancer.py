"""What the load-balancer block means where the corpus does not show it."""

from hashlib import sha256

from bascule.config.binding.load_balancer import derived_key
from bascule.config.load import load
from bascule.config.model import LoadBalancer

TEXT = """\
load-balancer {{
	table <a> {{
		10.80.2.1
		{key}
	}}
	relay "X" {{
		listen on port 443
		forward to <a>
	}}
}}
"""


def bound(key: str) -> LoadBalancer:
    """Return the bound block of a text with this `key` statement."""
    configuration = load(TEXT.format(key=key)).configuration
    assert configuration is not None
    return configuration.load_balancer


def test_key_is_derived_from_the_name() -> None:
    """A table without a key has the first 32 bits of its name's SHA-256, and says that it was not written."""
    (table,) = bound("").tables
    assert table.key == derived_key("a") == int(sha256(b"a").hexdigest()[:8], 16)
    assert not table.key_written


def test_written_key_stands() -> None:
    """A key in the text is taken as it is, also when it is zero."""
    (table,) = bound("key 00000000").tables
    assert (table.key, table.key_written) == (0, True)


def test_comments_change_nothing_that_is_compared() -> None:
    """A comment moves spans, and spans take no part in equality."""
    assert bound("# a comment\n\n") == bound("")


def test_a_table_that_could_not_be_read_is_not_missed() -> None:
    """One mistake in a table's name gives one error, and none for each relay on it."""
    said = load(TEXT.format(key="").replace("table <a>", "table <a!>")).diagnostics
    assert [one.span.line for one in said] == [2]

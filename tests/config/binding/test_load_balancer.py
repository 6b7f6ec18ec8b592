"""What the load-balancer block means where the corpus does not show it."""

from hashlib import sha256

import pytest

from bascule.config.binding.load_balancer import derived_key
from bascule.config.load import load
from bascule.config.model import AccessLog, LoadBalancer, LogKind

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


@pytest.mark.parametrize(
    ("statement", "log"),
    [
        ("", None),
        ('access-log file "/var/log/bascule/access.log"', AccessLog(kind=LogKind.FILE, path="/var/log/bascule/access.log")),
        ("access-log syslog", AccessLog(kind=LogKind.SYSLOG)),
        ("access-log journal", AccessLog(kind=LogKind.JOURNAL)),
    ],
)
def test_the_access_log_goes_to_one_place(statement: str, log: AccessLog | None) -> None:
    """To a file, to syslog, to the journal, or nowhere."""
    configuration = load(f"load-balancer {{ {statement} }}").configuration
    assert configuration is not None
    assert configuration.load_balancer.access_log == log


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ('access-log file "access.log"', "no whole path of a file"),
        ('access-log file "/var/log/"', "no whole path of a file"),
        (r'access-log file "/var/log/a\nb"', "holds a control character"),
        ('access-log file "/var/lib/bascule/bascule.db"', "does not end with .log"),
        ("access-log file /var/log/a", "a path in quotes"),
        ("access-log mail", "expected"),
        ("access-log syslog; access-log journal", "access-log"),
    ],
)
def test_another_place_is_refused(statement: str, message: str) -> None:
    """And it is said why."""
    loaded = load(f"load-balancer {{ {statement} }}")
    assert loaded.configuration is None
    assert message in loaded.diagnostics[0].message

import pytest

from bascule.config.diagnose import diagnose
from bascule.config.facts import Facts
from bascule.config.load import load
from bascule.config.model import MailCheck, MailProtocol
from bascule.service.local.rows import check_words

TEXT = """load-balancer {{
	table <exchange> {{ 10.80.2.1 }}
	relay "IMAP" {{ listen on 10.80.0.10 port 143; forward to <exchange> check imap {} mode source-hash }}
}}
"""


def bound(options: str) -> MailCheck:
    """Return the check that these options make."""
    loaded = load(TEXT.format(options))
    assert loaded.configuration is not None, loaded.diagnostics
    check = loaded.configuration.load_balancer.relays[0].forward.check
    assert isinstance(check, MailCheck)
    return check


def test_a_login_is_read_and_its_password_shown_nowhere() -> None:
    """In plain text until it is kept; `password set` afterwards."""
    check = bound('starttls login "probe" password "s3cret"')
    assert check == MailCheck(protocol=MailProtocol.IMAP, starttls=True, user="probe", password="s3cret")
    assert "s3cret" not in repr(check) + check_words(check)
    assert check_words(check) == 'check imap starttls login "probe"'
    assert bound('tls login "probe" password set').password == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('login "probe" password "x"', "the password of probe would go over the network in plain text"),
        ("tls starttls", "a port that speaks TLS from the first byte has no STARTTLS"),
    ],
)
def test_what_would_fail_or_tell_is_refused(options: str, message: str) -> None:
    """A password goes nowhere in plain text."""
    loaded = load(TEXT.format(options))
    assert loaded.configuration is not None
    assert any(message in found.message for found in diagnose(loaded.configuration, Facts()))


@pytest.mark.parametrize("secret", [r'"s3\ncret"', "s3cret", '"s3' + "x" * 300 + '"'])
def test_a_password_that_is_none_is_refused_unseen(secret: str) -> None:
    """A line feed would end the command that it stands in; the message repeats nothing of it."""
    loaded = load(TEXT.format(f'tls login "probe" password {secret}'))
    assert loaded.configuration is None
    assert not any("s3" in f"{found.message} {found.hint}" for found in loaded.diagnostics)

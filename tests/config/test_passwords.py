"""No plain password is left in a text that is kept, and nothing else of it changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.config.kinds.kept import address, community, password
from bascule.config.load import load
from bascule.config.passwords import Sealed, sealed

TEXT = """\
# who may
system {
	authentication {
		user "alice" { role administrator; password "s3cret\\"}" }   # mine
		user "bob" {
			password set
		}
		user "carol" {
			password   "set"
		}
	}
}
"""


def test_passwords_go_and_all_else_stays() -> None:
    """Character for character; a password may even look like what takes its place."""
    found = sealed(TEXT)
    assert found.passwords == {"alice": 's3cret"}', "carol": "set"}
    assert found.text == TEXT.replace(r'"s3cret\"}"', "set").replace('   "set"', "   set")
    assert "s3cret" not in repr(found)
    loaded = load(found.text)
    assert loaded.configuration is not None
    assert not any(user.plain_password for user in loaded.configuration.system.users)


@pytest.mark.parametrize("spaces", ["", " ", "\t "])
def test_a_text_that_loads_still_does(spaces: str) -> None:
    """Also where nothing stood between the word and the password."""
    text = f'system {{ authentication {{ user "bob" {{ role viewer; password{spaces}"secret12" }} }} }}\n'
    found = sealed(text)
    assert found.passwords == {"bob": "secret12"}
    assert "password set }" in found.text.replace(spaces or "  ", " ")
    assert load(text).configuration is not None
    assert load(found.text).configuration is not None


def test_a_sealed_text_is_left_alone() -> None:
    """Doing it again changes nothing."""
    once = sealed(TEXT).text
    assert (sealed(once).text, sealed(once).passwords) == (once, {})


@pytest.mark.parametrize(
    "text",
    [
        'system { authentication { user "x" { password hunter2 } } }',
        'system { authentication { user x { password "hunter2" } } }',
        'system { authentication { user { password "hunter2" } } }',
        'system { authentication { user "x" { password "hunter2" } ',
        'system {\n authentication {\n user "x" {\n password "hunter2" more\n',
        'system { authentication { user "x" { password "hunter2\\q" } } }',
        'system { authentication { user "x" { password "a"hunter2"" } } }',
        'system { authentication { user "x" { password"hunter2" } } }',
        'system { authentication { user "x" { password = "hunter2" } } }',
        'system { authentication { user "x" { password my hunter2 } } }',
        'system { authentication { user "x" { password "my" "hunter2" } } }',
        'system { authentication { user "x" { role viewer password "hunter2" } } }',
        'system { authentication { user "x" { password { "hunter2" } } } }',
        'system { authentication { user "x" { password\n"hunter2" } } }',
        'system { authentication { user "x" { Password "hunter2" } } }',
        'system { authentication { user "x" { pasword "hunter2" } } }',
        'system { authentication { user "x" { password:hunter2 } } }',
        "{" * 20 + ' password "hunter2" ' + "}" * 20,
        '# password "hunter2"',
    ],
)
def test_a_text_with_mistakes_keeps_no_password_either(text: str) -> None:
    """It may be kept as a working copy, and is read by others then."""
    assert "hunter2" not in sealed(text).text


def test_a_word_that_says_nothing_of_a_password_stays() -> None:
    """In a comment, or a name."""
    text = '# the password is in the safe\nload-balancer {\n\trelay "password" {\n\t\tlisten on 10.0.0.1 port 443\n\t}\n}\n'
    assert sealed(text).text == text


@given(st.text(alphabet='{}";\n\\ #apsword"set', max_size=80))
def test_any_text_goes_through(inner: str) -> None:
    """And a second time changes nothing more."""
    once = sealed(f'system {{ authentication {{ user "x" {{ password {inner} }} }} }}').text
    assert sealed(once).text == once


MAIL = 'relay "IMAP" {\n\tforward to <exchange> check imap starttls login "probe" password %s mode source-hash # why\n}\n'


def test_the_password_of_a_test_mailbox_is_taken_out_alone() -> None:
    """What stands behind it in its line stays; a text of before, which has `set`, stays what it is."""
    found = sealed(MAIL % '"p w; \\"x{"', named)
    assert found.text == MAIL % '"<set 00000014>"'
    assert found.secrets == {"00000014": 'login probe\np w; "x{'}
    assert not found.passwords
    assert "p w" not in repr(found)
    assert sealed(found.text, named).text == found.text
    assert sealed(MAIL % "set", named) == Sealed(MAIL % "set", {})


def test_a_password_is_sent_for_its_user_alone_and_as_what_it_is() -> None:
    """Whoever may write a text knows the labels; `set` means what was kept by user, before there were labels."""
    kept = {"0000000a": "login probe\ns3cret", "0000000b": "community s3cret", "user probe": "user probe\nold"}

    def known(label: str) -> str:
        return kept.get(label, "")

    assert password("probe", "<set 0000000a>", known) == "s3cret"
    assert password("probe", "", known) == "old"
    assert password("probe", "plain/<set 0000000a>", known) == "plain/<set 0000000a>"
    wrong = [("other", "<set 0000000a>"), ("probe", "<set 0000000b>"), ("probe", "<set 0000000c>"), ("other", ""), ("", "")]
    assert [password(user, text, known) for user, text in wrong] == [""] * 5
    assert community("<set 0000000a>", known) == ""


@pytest.mark.parametrize("written", ['"p"w"', '"pw', "pw", 'pw" pw', '"" "pw"', '"pw" "pw"', '"x""pw"', "{ pw"])
def test_a_password_of_a_mailbox_that_is_written_wrongly_is_taken_out_too(written: str) -> None:
    """A text with mistakes is kept as well, and others read it."""
    for text in (MAIL.replace(" mode source-hash # why", "") % written, f'check imap login "probe" password {written}'):
        once = sealed(text, named)
        assert "pw" not in once.text + sealed(text).text
        assert '"w' not in once.text + sealed(text).text
        assert sealed(once.text, named).text == once.text


OUTWARD = """\
system {
	alert "ops" { # the webhook of "https://old.example/T0"
		webhook "https://hooks.example.com/T0/B0?key=s3cret" login "us" password set; on host
		webhook "http://10.2.0.9:8080" # no secret
	}
	snmp { community "s3cret c"; from 10.2.0.9 }
}
"""


def named(secret: str) -> str:
    """Return a label: how long a secret is."""
    return f"{len(secret):08x}"


def test_names_that_only_sound_like_secrets_stay() -> None:
    """Of zones, of hosts, of this machine: what stands behind one is no secret."""
    text = """
firewall {
	zone community { from 10.2.0.0/16 }
	zone webhooks { from 10.3.0.0/16 }
	pass in on community proto tcp to any port 443
	pass out from community to webhooks log
	block in on webhook-servers
}
load-balancer {
	table <farm> {
		community.example.com name "EX1" weight 2
		webhook-1.example.com name "EX2"
		passwordreset.example.com name "EX3"
	}
}
system {
	host-name webhook.example.com
	mail-server webhooks.example.com port 25
	syslog { server community transport tcp }
	snmp { community "s3cret"; from 10.2.0.9 }
}
"""
    found = sealed(text, named)
    assert found.text.replace(f'"<set {next(iter(found.secrets))}>"', '"s3cret"') == text


def test_addresses_of_webhooks_and_communities_are_taken_out_alone() -> None:
    """The machine stays, and all else; the text loads, and means the same with what was taken out."""
    found = sealed(OUTWARD, named)
    before, after = load(OUTWARD).configuration, load(found.text).configuration
    assert before is not None
    assert after is not None
    wrote = OUTWARD.replace("T0/B0?key=s3cret", "<set 0000002a>").replace("s3cret c", "<set 00000012>")
    assert found.text == wrote.replace('"https://old.example/T0"', "…")
    old, new = before.system.outward, after.system.outward
    hooks = [address(each.url, found.secrets.__getitem__) for each in new.alerts[0].webhooks]
    assert hooks == [each.url for each in old.alerts[0].webhooks]
    assert old.snmp is not None
    assert new.snmp is not None
    assert community(new.snmp.community, found.secrets.__getitem__) == old.snmp.community == "s3cret c"
    assert "s3cret" not in repr(found)
    again = sealed(found.text, named)
    assert (again.text, again.secrets) == (found.text, {})


def test_a_secret_is_sent_to_its_machine_alone_and_as_what_it_is() -> None:
    """Whoever may write a text knows the labels, and not what they stand for."""
    kept = sealed(OUTWARD, named).secrets
    assert address("https://hooks.example.com/<set 0000002a>", kept.__getitem__)
    assert not address("https://evil.example/<set 0000002a>", kept.__getitem__)
    assert not community("<set 0000002a>", kept.__getitem__)
    assert not address("https://hooks.example.com/<set 00000000>", lambda _: "")


@pytest.mark.parametrize(
    "text",
    [
        "webhook https://a.example/hunter2",
        'webhook "https://user@a.example/hunter2"',
        'webhook "https://a.example/hunter2',
        'webhook "https://a.example/"hunter2"',
        'webhook"https://a.example/hunter2"',
        'Webhook:"https://a.example/hunter2"',
        'webhok "https://a.example/hunter2"',
        'webhook "https://a.example/x" "hunter2" login "u"',
        'webhook\n"https://a.example/hunter2"',
        "community hunter2",
        "community = hunter2",
        "snmp community hunter2",
        'alert "ops" webhook "https://a.example/hunter2"',
        "community=hunter2",
        'community my "hunter2"',
        'community { "hunter2" }',
        'comunity "hunter2"',
        '# community "hunter2"',
    ],
)
def test_a_text_with_mistakes_keeps_no_other_secret_either(text: str) -> None:
    """As with passwords; and a second time changes nothing more."""
    once = sealed(f"system {{ {text}\n }}", named)
    assert "hunter2" not in once.text
    assert sealed(once.text, named).text == once.text


@given(st.text(alphabet='{}";\n\\ #webhook="set:/a.', max_size=80), st.sampled_from(("webhook", "community")))
def test_any_secret_goes_through(inner: str, word: str) -> None:
    """And a second time changes nothing more; what loads does so afterwards."""
    text = f'system {{ alert "a" {{ mail to "x@y.z"; {word} {inner} }} }}'
    once = sealed(text, named).text
    assert sealed(once, named).text == once
    assert load(text).configuration is None or load(once).configuration is not None

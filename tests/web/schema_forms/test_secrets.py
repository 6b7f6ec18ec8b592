"""Tests of passwords in forms."""

from dataclasses import replace

from bascule.config.load import load
from bascule.config.schema.outward import MAIL_SERVER
from bascule.web.schema_forms.fields import Input, form
from bascule.web.schema_forms.filled import Filled
from bascule.web.schema_forms.reading import opened
from bascule.web.schema_forms.saving import Block, Saved, found, saved

TEXT = """system {
	mail {
		server 10.2.0.25 starttls
		login "bascule" password "<set 3f9a1c22>" # asked for by the mail people
	}
}
"""
MAIL = Block(clause=MAIL_SERVER, within="system", own="mail")


def opening() -> Filled:
    """Open it."""
    return opened(MAIL_SERVER, found(TEXT, MAIL))


def after(**values: str) -> Saved:
    """Send it with another login, as a browser does: its password is not in the page."""
    sent = {"login.login-password": "", **{f"login.{name}": value for name, value in values.items()}}
    held = opening()
    return saved(TEXT, MAIL, replace(held, values={**held.values, **sent}))


def password(held: Filled) -> Input:
    """Return its field."""
    (entry,) = (each for each in form(MAIL_SERVER, held, {}).entries if each.name == "login")
    return next(each for each in entry.rows[0].group.flat if each.secret)


def test_a_password_never_comes_out_of_its_field() -> None:
    """Neither the one that is kept nor one that was just typed; the field says what becomes of it."""
    assert (password(opening()).value, password(opening()).placeholder) == ("", "set: it stays if this is empty")
    typed = replace(opening(), values={**opening().values, "login.login-password": "hunter2"})
    assert (password(typed).value, password(typed).placeholder) == ("", "type it again")
    assert password(Filled()).placeholder == ""


def test_an_empty_field_leaves_the_password_of_the_same_user() -> None:
    """Another user has another password, and one who is gone has none."""
    assert after().text == TEXT
    assert after(login="other").wrong.keys() == {"login.login-password"}
    assert "login" not in after(login="").text


def test_an_empty_field_leaves_what_older_texts_have() -> None:
    """They have `set` alone."""
    text = TEXT.replace('"<set 3f9a1c22>"', "set")
    held = opened(MAIL_SERVER, found(text, MAIL))
    assert password(held).placeholder == "set: it stays if this is empty"
    assert saved(text, MAIL, replace(held, values={**held.values, "login.login-password": ""})).text == text


def test_a_typed_password_takes_its_place() -> None:
    """As one word of the language, whatever it is made of."""
    made = after(**{"login-password": 'hun"ter } 2'}).text
    assert made == TEXT.replace('"<set 3f9a1c22>"', '"hun\\"ter } 2"')
    configuration = load(made).configuration
    assert configuration is not None
    assert configuration.system.outward.mail is not None
    assert configuration.system.outward.mail.password == 'hun"ter } 2'

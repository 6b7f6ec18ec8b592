"""Blocks through forms and back: what was touched changes, and nothing else."""

from dataclasses import replace

import pytest

from bascule.config.load import load
from bascule.config.schema.clause import Clause
from bascule.config.schema.load_balancer import LOAD_BALANCER
from bascule.web.schema_forms.filled import Filled
from bascule.web.schema_forms.reading import opened
from bascule.web.schema_forms.saving import Block, Saved, found, saved

TEXT = """\
# ours
load-balancer {
	table <exchange> {
		10.2.0.11 name "EX1"   # the old one
		10.2.0.12 name "EX2" weight 2
		key 7f3a91c2
	}

	# web mail
	relay "HTTPS" {
		listen on 10.2.0.50 port 443      # the VIP
		# agreed with the server people
		forward to <exchange> mode source-hash check https "/owa/a b" code 200,302
		session timeout 40m
	}
}
"""


def clause(word: str) -> Clause:
    """Return a block of the load balancer."""
    return next(each for each in LOAD_BALANCER.block or () if each.word == word)


def block(word: str, name: str = "") -> Block:
    """Return one of the text, or one to be made."""
    return Block(clause=clause(word), within="load-balancer", own=f"{word} {name}" if name else "")


def opening(one: Block, text: str = TEXT) -> Filled:
    """Open it."""
    return opened(one.clause, found(text, one))


def after(one: Block, *, text: str = TEXT, **values: str) -> Saved:
    """Open it, fill fields in (`__` for a dot, `_` for a dash), and save it."""
    fields = {name.replace("__", ".").replace("_", "-"): value for name, value in values.items()}
    held = opening(one, text)
    return saved(text, one, replace(held, values={**held.values, **fields}))


RELAY = block("relay", '"HTTPS"')
TABLE = block("table", "<exchange>")


def test_a_form_has_what_the_block_says() -> None:
    """Without the language's quotes and brackets."""
    values = opening(RELAY).values
    assert values["relay.name"] == "HTTPS"
    assert values["listen-on.0.ports"] == "443"
    assert values["forward-to.0.table"] == "exchange"
    assert values["forward-to.0.check.choice"] == "https"
    assert values["forward-to.0.check.https.path"] == "/owa/a b"
    assert values["forward-to.0.mode.mode"] == "source-hash"


@pytest.mark.parametrize("one", [RELAY, TABLE])
def test_what_is_not_touched_stays_to_the_letter(one: Block) -> None:
    """Saving changes nothing by itself."""
    assert after(one).text == TEXT


def test_one_field_changes_one_statement() -> None:
    """Its comments stay, and so do all other lines."""
    made = after(RELAY, session_timeout__session_timeout="1h").text
    assert made == TEXT.replace("session timeout 40m", "session timeout 1h")
    made = after(TABLE, address_name__0__weight__weight="3").text
    assert made == TEXT.replace('name "EX1"   #', 'name "EX1" weight 3   #')


def test_a_changed_statement_says_the_same_besides() -> None:
    """What it had stays, whatever order the text has it in."""
    made = after(RELAY, forward_to__0__mode__mode="least-states").text
    assert 'forward to <exchange> mode least-states check https "/owa/a b" code 200,302\n' in made
    assert load(made).configuration is not None


def test_emptied_fields_take_a_statement_or_an_option_out() -> None:
    """A statement goes with the line that it stood in."""
    assert after(RELAY, session_timeout__session_timeout="").text == TEXT.replace("\t\tsession timeout 40m\n", "")
    assert after(TABLE, address_name__1__weight__weight="").text == TEXT.replace(" weight 2", "")


def test_rows_come_and_go() -> None:
    """A row that was taken away takes its statement with it, and a new one stands behind the others."""
    held = opening(TABLE).without_row("address-name", "0").with_row("address-name")
    values = {**held.values, "address-name.new1.host": "10.2.0.13", "address-name.new1.name.name": 'the "third"'}
    wrong = saved(TEXT, TABLE, replace(held, values=values))
    assert wrong.wrong.keys() == {"address-name.new1.name.name"}
    values["address-name.new1.name.name"] = "EX 3"
    made = saved(TEXT, TABLE, replace(held, values=values)).text
    assert "10.2.0.11" not in made
    assert '10.2.0.12 name "EX2" weight 2\n\t\t10.2.0.13 name "EX 3"\n' in made


def test_what_is_typed_is_one_value_and_never_more() -> None:
    """Nobody gets out of a field into the text around it."""
    for typed in ("40m } system { ", "40m\n\tdisable", "40m # ", "40m; disable", '"'):
        made = after(RELAY, session_timeout__session_timeout=typed)
        assert made.wrong.keys() == {"session-timeout.session-timeout"}
        assert made.text == TEXT
    quoted = after(RELAY, forward_to__0__check__https__path='/a" } b\n\\').text
    assert load(quoted).configuration is not None
    assert '"/a\\" } b\\n\\\\"' in quoted


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("listen-on.0.ports", "", "needed: a port from 1 to 65535"),
        ("listen-on.0.ports", "https", "write 443"),
        ("session-timeout.session-timeout", "soon", "a time such as"),
        ("forward-to.0.mode.mode", "least", "least-states"),
        ("relay.name", "", "needed"),
        ("sticky-address.timeout.timeout", "1h", "tick it"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, value: str, said: str) -> None:
    """In the words of the language itself."""
    held = opening(RELAY)
    made = saved(TEXT, RELAY, replace(held, values={**held.values, field: value}))
    assert len(made.wrong) == 1
    assert said in next(iter(made.wrong.values()))


def test_another_name_is_given_unless_it_is_taken() -> None:
    """The block itself stays where it is."""
    assert after(RELAY, relay__name="OWA").text == TEXT.replace('relay "HTTPS"', 'relay "OWA"')
    both = TEXT.replace("\t# web mail", '\trelay "OWA" { listen on port 1; forward to <exchange> }\n\t# web mail')
    assert "is there already" in after(RELAY, text=both, relay__name="OWA").diagnostics[0].message


def test_a_new_block_is_made_where_its_kind_stands() -> None:
    """A table gets what it must have besides."""
    new = block("redirect")
    fields = {"redirect.name": "SMTP", "listen-on.new1.ports": "25", "forward-to.new1.table": "exchange"}
    held = Filled(values=fields, rows={"listen-on": ("new1",), "forward-to": ("new1",)})
    made = saved(TEXT, new, held)
    assert made.own == 'redirect "SMTP"'
    assert made.text.endswith('\tredirect "SMTP" {\n\t\tlisten on port 25\n\t\tforward to <exchange>\n\t}\n}\n')
    table = saved("", block("table"), Filled(values={"table.table": "mail"}), ("key 01020304",))
    assert table.text == "load-balancer {\n\ttable <mail> {\n\t\tkey 01020304\n\t}\n}\n"


def test_an_edit_of_somebody_else_is_not_overwritten() -> None:
    """Of this block: what is edited elsewhere does not matter."""
    held = opening(RELAY)
    elsewhere = TEXT.replace("weight 2", "weight 3")
    assert not saved(elsewhere, RELAY, held).diagnostics
    here = TEXT.replace("40m", "50m")
    assert "was changed meanwhile" in saved(here, RELAY, held).diagnostics[0].message
    assert "not in the working copy any more" in saved("", RELAY, held).diagnostics[0].message


def test_what_no_field_can_hold_stays_as_it_is() -> None:
    """A statement with a mistake is left for whoever edits the text."""
    broken = TEXT.replace("session timeout 40m", "session timeout fourty")
    assert opening(RELAY, broken).values["session-timeout.raw"] == "session timeout fourty"
    made = after(RELAY, text=broken, on_empty__on_empty="drop").text
    assert "session timeout fourty\n\t\ton empty drop\n" in made


def test_a_block_without_a_name_is_made_and_edited_all_the_same() -> None:
    """What stands in it stays, blocks too."""
    settings = Block(clause=LOAD_BALANCER, own="load-balancer")
    made = after(settings, interval__interval="2s").text
    assert made == TEXT.replace("load-balancer {\n", "load-balancer {\n\tinterval 2s\n", 1)
    new = saved("", replace(settings, own=""), Filled(values={"workers.workers": "2"}))
    assert new.text == "load-balancer {\n\tworkers 2\n}\n"

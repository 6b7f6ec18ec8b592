"""Tests of the forms of who is told."""

from dataclasses import replace

import pytest

from bascule.config.load import load
from bascule.config.outward import Cause
from bascule.web.monitoring.blocks import TITLES, Setting, block, clause

TEXT = """system {
	host-name lb1
	alert "On call" {
		webhook "https://chat.example/hook"
		on host relay          # not at night
	}
	alert "All" { webhook "https://chat.example/all"; }
}
"""


def setting(kind: str, name: str = "", text: str = TEXT) -> Setting:
    """Return one of the text, or one to be made."""
    found = block(text, kind, name)
    assert found is not None
    return Setting(text, found)


def ticked(one: Setting) -> set[str]:
    """Return the causes that its form has ticked."""
    values = one.opened().values
    return {cause.value for cause in Cause if values.get(f"on.{cause}.on")}


def after(one: Setting, **values: str) -> str:
    """Open it, fill fields in (`__` for a dot, `_` for a dash), and save it."""
    fields = {name.replace("__", ".").replace("_", "-"): value for name, value in values.items()}
    held = one.opened()
    made = one.saved(replace(held, values={**held.values, **fields}))
    assert (made.wrong, made.diagnostics) == ({}, ())
    return made.text


def test_every_title_has_a_block_of_the_language() -> None:
    """And nothing else has a form here."""
    assert all(clause(kind) is not None for kind in TITLES)
    assert clause("authentication") is None
    assert block(TEXT, "alert", "Nobody") is None
    assert block(TEXT, "syslog", "x") is None


def test_an_alert_that_names_no_causes_is_about_all() -> None:
    """Its boxes say so, and saving it writes nothing."""
    assert ticked(setting("alert", "On call")) == {"host", "relay"}
    assert ticked(setting("alert", "All")) == set(Cause)
    assert ticked(setting("alert")) == set(Cause)
    for name in ("On call", "All"):
        assert after(setting("alert", name)) == TEXT


def test_boxes_are_causes() -> None:
    """Those that are ticked; none at all is no alert."""
    one = setting("alert", "All")
    made = after(one, **{f"on__{cause}__on": "" for cause in Cause if cause is not Cause.BACKUP})
    configuration = load(made).configuration
    assert configuration is not None
    assert configuration.system.outward.alerts[1].causes == {Cause.BACKUP}
    assert "on host relay table" in after(setting("alert", "On call"), on__table__on="on")
    held = one.opened()
    nothing = replace(held, values={name: value for name, value in held.values.items() if not name.startswith("on.")})
    assert one.saved(nothing).wrong == {"on.on": "tick one at least"}


@pytest.mark.parametrize(
    ("kind", "values", "statement"),
    [
        (
            "syslog",
            {"server__new1__host": "10.2.0.7", "server__new1__transport__transport": "tls"},
            "10.2.0.7 transport tls",
        ),
        ("metrics", {"from__new1__network": "10.2.0.0/24"}, "from 10.2.0.0/24"),
        ("mail", {"server__host": "10.2.0.25", "server__starttls__on": "on"}, "server 10.2.0.25 starttls"),
        ("snmp", {"community__community": "c", "from__new1__network": "10.2.0.9"}, 'community "c"'),
    ],
)
def test_blocks_without_names_are_made_and_found_again(kind: str, values: dict[str, str], statement: str) -> None:
    """The first of it makes the block; all else stays."""
    made = after(setting(kind), **values)
    assert statement in made
    assert load(made).configuration is not None
    assert {line for line in TEXT.splitlines() if line not in made.splitlines()} == set()
    again = setting(kind, text=made)
    assert again.block.own == kind
    assert after(again) == made


def test_an_alert_is_renamed_and_another_of_its_name_refused() -> None:
    """What it tells stays."""
    assert after(setting("alert", "All"), alert__name="Everything") == TEXT.replace('"All"', '"Everything"')
    one = setting("alert", "All")
    held = one.opened()
    taken = one.saved(replace(held, values={**held.values, "alert.name": "On call"}))
    assert [each.message for each in taken.diagnostics] == ['alert "On call" is there already']

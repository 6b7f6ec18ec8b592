"""Random texts are configurations like any other, and use the whole language."""

import random
from typing import Final

import pytest

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts
from bascule.config.format import format_text
from bascule.config.kinds.kind import Kind, expected
from bascule.config.load import load
from bascule.config.parser import parse
from bascule.config.schema.clause import Clause, Value
from bascule.config.syntax import text_of
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.model import Plan
from bed.texts.features import REFUSED, of_language, of_text, shown
from bed.texts.samples import accepted
from bed.texts.writer import random_text
from plan.situations import TWO_ARM, configured

TEXTS: Final = 100
"""At least."""
MOST_TEXTS: Final = 500
"""Until the whole language was tried: chance needs 160 now and then."""


def compiled(text: str) -> Plan:
    """Return the plan of a text, made from nothing else."""
    return compile_plan(configured(text), Situation(facts=TWO_ARM))


def test_any_configuration_is_read_printed_formatted_and_compiled() -> None:
    """What a text means does not depend on its form, its plan on nothing but the text, and the whole language is tried."""
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)
    whole = frozenset(of_language()) - REFUSED
    missing = whole
    for count in range(MOST_TEXTS):
        if count >= TEXTS and not missing:
            break
        text = random_text(chance, TWO_ARM, missing=missing)
        assert text_of(parse(text)) == text
        once = format_text(text)
        assert format_text(once) == once
        assert load(once).configuration == configured(text)
        assert compiled(once) == compiled(text)
        missing -= frozenset(of_text(text))
    used = len(whole) - len(missing)
    print(f"{used / len(whole):.0%} of the language: {used} of {len(whole)}")  # noqa: T201 - what was tried
    assert not missing, shown(missing)


def test_equal_chance_writes_an_equal_text() -> None:
    """A seed that was printed repeats what failed."""
    assert random_text(random.Random(7), TWO_ARM) == random_text(random.Random(7), TWO_ARM)


def test_what_is_kept_stands_as_it_is() -> None:
    """Nothing random touches what the caller gives."""
    kept = 'table <kept> {\n10.90.2.9\n}\nrelay "kept" {\nlisten on 10.80.0.10 port 99\nforward to <kept>\n}'
    for seed in range(10):
        balancer = configured(random_text(random.Random(seed), TWO_ARM, kept=kept)).load_balancer
        assert (balancer.relays[0].name, balancer.relays[0].listens[0].port) == ("kept", 99)
        assert [str(host.address) for host in balancer.table("kept").hosts] == ["10.90.2.9"]


def test_what_counts_as_refused_is_refused() -> None:
    """UDP is the one thing that stands in the keyword table and in no relay."""
    relay = 'relay "a" {\n listen on udp port 53\n forward to <t>\n}'
    found = diagnose(configured(f"load-balancer {{\n table <t> {{\n 10.90.2.1\n }}\n {relay}\n}}\n"), Facts())
    assert [one.severity for one in found if "UDP" in one.message] == [Severity.ERROR]
    assert frozenset(of_language()) >= REFUSED


def test_a_clause_that_is_new_is_missing_until_a_text_has_it() -> None:
    """Statements, options, choices and words are all counted; what a later version brings is not."""
    speed = Value("speed", Kind(name="SPEED", what="a speed", read=str, words={"slow": None, "fast": "9.0"}), optional=True)
    clause = Clause(
        help="a block", block=(Clause(word="go", parts=(speed,), help="goes"), Clause(word="x", help="", since="9"))
    )
    assert set(of_language(clause)) == {(), ("go",), ("go", "slow"), ("go", "speed"), ("go", "no speed")}


def test_a_text_is_told_by_what_it_holds() -> None:
    """Paths name what stands where, and what was left out."""
    found = set(of_text("interface eth0 {\n route default\n}\n"))
    assert found == {
        (),
        ("interface",),
        ("interface", "route"),
        ("interface", "route", "default"),
        ("interface", "route", "default", "no gateway"),
    }


def test_a_kind_without_a_sample_is_named() -> None:
    """Whoever adds a kind learns what is missing, and where."""
    kind: Kind[str] = Kind(name="COLOUR", what="a colour", read=lambda token: expected("a colour", token))
    with pytest.raises(LookupError, match="no sample is a colour: add one to PIECES"):
        accepted(kind)

"""Every case of the corpus: a text, a ruler, and each diagnostic that it must give, with place and words.

A line of expectations is `SEVERITY LINE:COLUMN WORDS | WORDS`: one diagnostic at that place whose text holds all the words.
The case fails when a diagnostic is missing, elsewhere, or one too many. A line `= …` is one of the summary of what a good
text means.
"""

import re
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Final

import pytest

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Diagnostic
from bascule.config.facts import Facts, InterfaceFacts, RouteFacts
from bascule.config.load import load
from config.summary import summary

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "config"
CASES: Final = sorted(CORPUS.glob("*.case"))
MACHINE: Final = Facts(
    interfaces=(
        InterfaceFacts(name="lo", addresses=(ip_interface("127.0.0.1/8"),), loopback=True),
        InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.2/16"),)),
        InterfaceFacts(name="eth1", addresses=(ip_interface("192.168.5.2/24"),)),
    ),
    routes=(
        RouteFacts(destination=ip_network("10.80.0.0/16"), interface="eth0"),
        RouteFacts(destination=ip_network("192.168.5.0/24"), interface="eth1"),
    ),
)


def found(text: str, facts: Facts) -> tuple[Diagnostic, ...]:
    """Return what `check` says of a text."""
    loaded = load(text)
    more = () if loaded.configuration is None else diagnose(loaded.configuration, facts)
    return (*loaded.diagnostics, *more)


def fits(diagnostic: Diagnostic, expectation: str) -> bool:
    """Whether a diagnostic is the one that a line of expectations describes."""
    severity, place, words = expectation.split(" ", 2)
    said = f"{diagnostic.message} ({diagnostic.hint})"
    here = f"{diagnostic.span.line}:{diagnostic.span.column}"
    return (severity, place) == (diagnostic.severity, here) and all(part in said for part in words.split(" | "))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """The text gives exactly the diagnostics that stand below its ruler, in their order."""
    text, ruler, expectations = path.read_bytes().decode().partition("----------\n")
    assert ruler, "the case has no ruler"
    said = found(text, MACHINE)
    wanted = [line for line in expectations.splitlines() if not line.startswith("= ")]
    shown = "\n".join(one.render(path.name) for one in said)
    assert len(said) == len(wanted), shown
    for diagnostic, expectation in zip(said, wanted, strict=True):
        assert fits(diagnostic, expectation), f"wanted: {expectation}\n{shown}"
    configuration = load(text).configuration
    meaning = [] if configuration is None else list(summary(configuration))
    shown_meaning = [line.removeprefix("= ") for line in expectations.splitlines() if line.startswith("= ")]
    if shown_meaning or path.stem.startswith("good-"):
        assert meaning == shown_meaning


def test_corpus_is_large_enough() -> None:
    """At least 25 refused texts come from relayd's validator, and 35 are ours."""
    refused = [
        path.stem for path in CASES if re.search(r"^error ", path.read_text().partition("----------\n")[2], re.MULTILINE)
    ]
    from_relayd = [stem for stem in refused if stem.startswith("wrong-relayd-")]
    assert len(from_relayd) >= 25
    assert len(refused) - len(from_relayd) >= 35

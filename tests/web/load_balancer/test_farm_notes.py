"""What a farm's notes say in a page."""

from itertools import product
from pathlib import Path

import pytest

from bascule.config.exchange import Version
from bascule.exchange.wizard.farm import farm
from bascule.web.load_balancer.farm_notes import page_notes
from bascule.web.load_balancer.farming import farm_answers, modes_of, wishes_of

TEMPLATE = Path(__file__).parents[3] / "src/bascule/web/templates/load_balancer_wizard.html"
FIELDS = {"address": "10.2.0.50", "hosts": "10.2.0.11 EX1\n10.2.0.12", "key": "7f3a91c2"}


def notes(version: Version, ticked: set[str], **fields: str) -> list[str]:
    """Return the notes of a farm, as a page has them."""
    answers = farm_answers(version, {**FIELDS, **fields}, ticked, {})
    assert answers is not None
    return [*page_notes(farm(answers).notes)]


@pytest.mark.parametrize("version", Version)
def test_no_note_speaks_of_a_command(version: Version) -> None:
    """Whatever is answered."""
    wishes = {f"wish-{wish}" for wish in wishes_of(version)}
    affinity = (True, False) if version is Version.E2010 else (False,)
    for method, (mode, _), gateway, together in product(("relay", "redirect"), modes_of(version), (True, False), affinity):
        ticked = {*wishes, *(["gateway"] if gateway else []), *(["https_affinity"] if together else [])}
        found = notes(version, ticked, method=method, mode=mode)
        assert found
        assert [words for words in found if "--" in words or "`" in words] == []


def test_notes_name_the_fields_of_the_page() -> None:
    """By their labels."""
    page = TEMPLATE.read_text(encoding="utf-8")
    found = " ".join((*notes(Version.E2010, {"wish-smtp"}), *notes(Version.SE, set())))
    assert "HTTPS moves together with RPC" in found
    assert "HTTPS moves together with RPC" in page
    assert "Where this machine is the servers' default gateway, tick that" in found
    assert "This machine is the servers' default gateway" in page
    assert "The mode Round robin" in found

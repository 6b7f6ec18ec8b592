"""What names are taken, and when two are one."""

import pytest

from bascule.directory.names import normal, shown


@pytest.mark.parametrize("typed", ["alice", " Alice ", "ALICE@ldap", "\uff41lice"])
def test_one_person_has_one_name(typed: str) -> None:
    """However it is typed: failures are counted by it, and the audit log has it."""
    assert normal(typed) == "alice"


@pytest.mark.parametrize("typed", ["a.o'brien-smith", "müller_2", "alice@example.com"])
def test_names_of_people_are_taken(typed: str) -> None:
    """As they are."""
    assert normal(typed) == typed


@pytest.mark.parametrize(
    "typed", ["", "@ldap", "a b", "a*", "(a", "a)", "a\\b", "a\0", "a,b", "a=b", "a\u200bb", "-a", "a.", "x" * 59]
)
def test_what_could_mean_something_else_is_none(typed: str) -> None:
    """Nor is what would be too long for a login here."""
    assert normal(typed) == ""


def test_what_is_shown_is_taken() -> None:
    """Whoever types what the pages call him gets in."""
    assert normal(shown("alice")) == "alice"

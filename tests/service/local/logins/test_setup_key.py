"""The key of a setup link opens once, for a day, and the newest alone."""

from bascule.service.local.logins.setup_key import LASTS, SetupKey


def test_it_opens_until_it_is_spent() -> None:
    """A newer one takes its place."""
    key = SetupKey(lambda: 0.0)
    assert not key.opens("")
    old, new = key.make(), key.make()
    assert [key.opens(each) for each in (old, new, new, f"{new}x")] == [False, True, True, False]
    key.spend(old)
    assert key.opens(new)
    key.spend(new)
    assert not key.opens(new)


def test_it_is_good_for_a_day() -> None:
    """No longer."""
    now = 0.0
    key = SetupKey(lambda: now)
    made = key.make()
    now = LASTS - 1
    assert key.opens(made)
    now = LASTS
    assert not key.opens(made)

"""Passwords in forms: they go into a field and never come out of it again, so an empty field leaves what is kept. Pure."""

from dataclasses import replace
from typing import Final

from bascule.config.kinds.kept import is_mark
from bascule.web.schema_forms.filled import Filled

_KEPT: Final = "set"
"""What a text has in the place of an account's password, and had in that of others."""


def is_secret(name: str) -> bool:
    """Tell whether a field, or a value of the language, is a password."""
    return "password" in name.rpartition(".")[2]


def stays(value: str) -> str:
    """Return what an empty field says in the place of the password that it was sent or opened with."""
    if not value:
        return ""
    return "set: it stays if this is empty" if _is_kept(value) else "type it again"


def with_kept(before: Filled, held: Filled) -> Filled:
    """Return a form with the passwords that stay: nobody typed others, and who logs in is whom they belong to."""
    stay = {
        name: value
        for name, value in before.values.items()
        if _is_kept(value) and is_secret(name) and not held.values.get(name) and _same(before, held, name)
    }
    return replace(held, values={**held.values, **stay}) if stay else held


def _is_kept(value: str) -> bool:
    """Tell whether a text has this in the place of a password that is kept elsewhere."""
    return value == _KEPT or is_mark(value)


def _same(before: Filled, held: Filled, name: str) -> bool:
    """Tell whether what stands beside a password is what it was."""
    group = name.rpartition(".")[0] + "."
    return all(
        held.values.get(each) == value for each, value in before.values.items() if each.startswith(group) and each != name
    )

"""Interfaces are named as people name them."""

from uuid import UUID

import pytest

from bascule.dcerpc.interfaces import EMSMDB, NSPI, interface
from bascule.dcerpc.packets import Syntax

UUID_OF_SAMR = "12345778-1234-abcd-ef00-0123456789ac"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("emsmdb", EMSMDB),
        ("NSPI", NSPI),
        (UUID_OF_SAMR, Syntax(UUID(UUID_OF_SAMR), 1, 0)),
        (f"{UUID_OF_SAMR.upper()} v4.2", Syntax(UUID(UUID_OF_SAMR), 4, 2)),
        (str(EMSMDB), EMSMDB),
    ],
)
def test_names(name: str, meant: Syntax) -> None:
    """By short name, or by UUID with a version."""
    assert interface(name) == meant


@pytest.mark.parametrize(
    "name", ["", "mapi", f"{{{UUID_OF_SAMR}}}", f"{UUID_OF_SAMR} 4.0", f"{UUID_OF_SAMR} v4", "1-2-3-4-5"]
)
def test_what_means_nothing(name: str) -> None:
    """None is for the caller to say so."""
    assert interface(name) is None

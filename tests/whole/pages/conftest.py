"""What the tests of pages share: a browser, and a Bascule with pages, once for a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bed.portal import Portal, chromium, portal


@pytest.fixture(scope="module")
def house(module_directory: Path) -> Iterator[Portal]:
    """Return a Bascule with pages and one relay."""
    with portal(module_directory) as made:
        yield made


@pytest.fixture(scope="module")
def browser(house: Portal) -> Iterator[Browser]:
    """Return a browser on the administrator's machine."""
    with chromium(house.client) as made:
        yield made

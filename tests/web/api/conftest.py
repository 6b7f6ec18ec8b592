"""The REST interface before a service that pretends, once for a module."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bed.api import Api, api
from service.pretended import PretendedService


@pytest.fixture(scope="module")
def served() -> Iterator[Api]:
    """Return where it is served."""
    with TemporaryDirectory(prefix="bascule-") as folder, api(PretendedService(), Path(folder)) as made:
        yield made

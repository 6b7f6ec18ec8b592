"""A place for each data path, which all tests of the path share, in both IP versions."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from whole.paths.place import PATHS, Place, placed


@pytest.fixture(params=PATHS, scope="package")
def both(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Run a balancer for a data path."""
    with TemporaryDirectory(prefix="bascule-") as directory, placed(str(request.param), Path(directory)) as built:
        yield built


@pytest.fixture(params=[4, 6], ids=["IPv4", "IPv6"])
def place(request: pytest.FixtureRequest, both: Place) -> Place:
    """Return the data path in one IP version."""
    return both.over(int(request.param))

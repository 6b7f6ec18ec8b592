"""What the whole-system tests share: where they may put files, and that a module's tests run in one process."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture(scope="module")
def module_directory() -> Iterator[Path]:
    """Return a directory for the module that servers may enter which change user."""
    with TemporaryDirectory(prefix="bascule-") as directory:
        path = Path(directory)
        path.chmod(0o755)
        yield path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares servers in one worker, so that they start once: each module, and each data path."""
    for item in items:
        if "whole" in item.path.parts:
            parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
            item.add_marker(pytest.mark.xdist_group(parameters.get("both", item.path.stem)))

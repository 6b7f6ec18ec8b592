"""What the whole-system tests share: where they may put files, that a module's run in one process, and who begins."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

_LONG: Final = (
    "whole/test_soak.py",
    "whole/test_names.py",
    "whole/test_kill_points.py",
    "whole/test_admin_server.py",
    "whole/test_refused_start.py",
    "whole/test_failing_effects.py",
    "whole/test_counters.py",
    "whole/test_least_states.py",
    "nftables/test_walk.py",
)
"""Modules that take longer than half a minute, the longest first."""


@pytest.fixture(scope="module")
def module_directory() -> Iterator[Path]:
    """Return a directory for the module that servers may enter which change user."""
    with TemporaryDirectory(prefix="bascule-") as directory:
        path = Path(directory)
        path.chmod(0o755)
        yield path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares servers in one worker, so that they start once: each module, and each data path.

    They begin before all other tests, the longest first: so no worker ends minutes after the others.
    """
    for item in items:
        if _is_whole(item):
            parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
            item.add_marker(pytest.mark.xdist_group(parameters.get("both", _module(item))))
    items.sort(key=_turn)


def _is_whole(item: pytest.Item) -> bool:
    return "whole" in item.path.parts


def _module(item: pytest.Item) -> str:
    return "/".join(item.path.parts[-2:])


def _turn(item: pytest.Item) -> int:
    """Return when a test's turn is: among equals it stays where it was drawn."""
    if _module(item) in _LONG:
        return _LONG.index(_module(item))
    return len(_LONG) if _is_whole(item) else len(_LONG) + 1

from collections.abc import Mapping
from pathlib import Path

import pytest

from bascule.cli.paths import default_places


@pytest.mark.parametrize(
    ("uid", "environment", "socket", "state"),
    [
        (0, {"XDG_RUNTIME_DIR": "/run/user/0"}, "/run/bascule/control.sock", "/var/lib/bascule"),
        (
            1000,
            {"HOME": "/home/ann", "XDG_RUNTIME_DIR": "/run/user/1000"},
            "/run/user/1000/bascule/control.sock",
            "/home/ann/.local/state/bascule",
        ),
        (
            1000,
            {"HOME": "/home/ann", "XDG_STATE_HOME": "/srv/state"},
            "/srv/state/bascule/control.sock",
            "/srv/state/bascule",
        ),
        (
            1000,
            {"HOME": "/home/ann", "XDG_STATE_HOME": "relative"},
            "/home/ann/.local/state/bascule/control.sock",
            "/home/ann/.local/state/bascule",
        ),
    ],
)
def test_places(uid: int, environment: Mapping[str, str], socket: str, state: str) -> None:
    """Root's places are the system's; everybody else's follow the XDG variables, as far as they are absolute."""
    places = default_places(uid, environment)
    assert (places.socket, places.state) == (Path(socket), Path(state))

"""What others own, or may write in, is not believed."""

import os
from pathlib import Path

import pytest

from bascule.system.errors import MachineError
from bascule.system.privacy import require_private


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o600, 0o644])
def test_what_is_ours_is_fine(tmp_path: Path, mode: int) -> None:
    """Others may read what they may read."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(mode)
    require_private(tmp_path / "state")
    require_private(tmp_path / "missing")


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o702])
def test_what_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    """With the command that mends it."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(mode)
    with pytest.raises(MachineError, match=rf"others may write in it \(mode 0{mode:03o}; mend it with: chmod go-w "):
        require_private(tmp_path / "state")


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user, which takes root")
def test_what_is_anothers_is_refused(tmp_path: Path) -> None:
    """And it says whose it is."""
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 65534, 65534)
    with pytest.raises(MachineError, match="it belongs to nobody, and this is root"):
        require_private(tmp_path / "state")

"""Where the workers' sockets lie, and whose workers are believed there."""

import os
import stat
from pathlib import Path
from typing import Final

_WORKERS: Final = "workers"


def workers_folder(runtime: Path) -> Path:
    """Return the folder for a runtime directory: that of the workers' own user where there is one, else the directory.

    Who runs as another user than the parent cannot make a socket in the parent's directory, and shall not be able to.
    """
    own = runtime / _WORKERS
    return own if own.is_dir() and _ours(runtime) else runtime


def believed(folder: Path) -> frozenset[int]:
    """Return the users whose workers are believed in a folder: we, and whoever we or root gave the folder to."""
    mine = frozenset({os.geteuid()})
    return mine | {folder.stat().st_uid} if _ours(folder.parent) else mine


def _ours(folder: Path) -> bool:
    """Whether nobody but root and us can have put there what stands in a folder."""
    seen = folder.stat()
    return seen.st_uid in {0, os.geteuid()} and not seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH)

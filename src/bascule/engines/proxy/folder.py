"""Where the workers' sockets lie."""

from pathlib import Path
from typing import Final

_WORKERS: Final = "workers"


def workers_folder(runtime: Path) -> Path:
    """Return the folder for a runtime directory: that of the workers' own user where there is one, else the directory.

    Who runs as another user than the parent cannot make a socket in the parent's directory, and shall not be able to.
    """
    own = runtime / _WORKERS
    return own if own.is_dir() else runtime

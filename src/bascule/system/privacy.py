"""Files that are ours alone: looked at before they are believed."""

import os
import pwd
import stat
from pathlib import Path
from typing import Final

from bascule.system.errors import MachineError

_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def require_private(path: Path) -> None:
    """Raise MachineError where a file or folder that exists is another user's, or others may write in it."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise MachineError(f"use {path}", error.strerror or str(error)) from error
    me = os.geteuid()
    if found.st_uid != me:
        hint = f"run it as that user, as the service does, or: chown -R {_name(me)} {path}"
        raise MachineError(f"use {path}", f"it belongs to {_name(found.st_uid)}, and this is {_name(me)} ({hint})")
    if found.st_mode & _OTHERS_WRITE:
        mode = stat.S_IMODE(found.st_mode)
        raise MachineError(f"use {path}", f"others may write in it (mode {mode:04o}; mend it with: chmod go-w {path})")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"

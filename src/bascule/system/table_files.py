"""Reading the files of address tables, however large, and whatever lies in their place."""

import os
import stat
from collections.abc import Iterable, Mapping

from bascule.config.facts import TableFile
from bascule.config.table_files import LONGEST_FILE, parsed


def read_table_files(paths: Iterable[str]) -> Mapping[str, TableFile]:
    """Return what each file holds, or what is wrong with it. Blocking, half a second for 100,000 addresses."""
    return {path: _read(path) for path in sorted(set(paths))}


def _read(path: str) -> TableFile:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would wait for who writes
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return TableFile(fault="it is no regular file")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(LONGEST_FILE + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        return TableFile(fault=error.strerror or str(error))
    return parsed(content)

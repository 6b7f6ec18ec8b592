"""Configurations in files, read and replaced."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

MAXIMUM_FILE: Final = 16 * 1024 * 1024
"""Bytes of a configuration: four for each character that the language takes at most."""


class UsageError(Exception):
    """The command line asks for what cannot be; the message says what."""


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration as it was read, and what messages call it."""

    name: str
    text: bytes


def read_source(name: str, stdin: TextIO) -> Source:
    """Return the configuration in a file, or on standard input for `-`. Raises UsageError where it cannot be read."""
    if name == "-":
        text = stdin.buffer.read(MAXIMUM_FILE + 1)
        name = "standard input"
    else:
        try:
            with Path(name).open("rb") as file:
                text = file.read(MAXIMUM_FILE + 1)
        except OSError as error:
            raise UsageError(f"cannot read {name}: {error.strerror or error}") from error
    if len(text) > MAXIMUM_FILE:
        raise UsageError(f"{name} is longer than any configuration ({MAXIMUM_FILE // 1024 // 1024} MiB)")
    return Source(name, text)


def replace_source(name: str, text: bytes) -> None:
    """Put a text in the place of a file's, whole or not at all, with the file's owner and mode.

    Raises UsageError where it cannot be written; the file is then as it was.
    """
    path = Path(name).resolve()  # a link stays a link
    try:
        kept = path.stat()
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as beside:
            written = Path(beside) / path.name
            with written.open("wb") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), kept.st_mode & 0o7777)
                os.fchown(file.fileno(), kept.st_uid, kept.st_gid)
                os.fsync(file.fileno())
            written.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {name}: {error.strerror or error}") from error

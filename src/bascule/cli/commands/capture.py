"""`capture`: packets of a client or a relay, into a file that analysers read."""

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bascule.cli.session import Session
from bascule.cli.source import UsageError
from bascule.cli.wording import counted
from bascule.service.capture import Capture
from bascule.service.failures import ExitCode


def capture(arguments: Namespace, session: Session) -> int:
    """Write the file as its pieces come, until it ends or ctrl-C: what is written is a whole file at any time."""
    if arguments.client is None and arguments.relay is None:
        raise UsageError("name a client, a relay, or both: --client A, --relay R")
    request = Capture(
        client=arguments.client,
        relay=arguments.relay,
        seconds=arguments.seconds,
        bytes=arguments.bytes,
        full=arguments.full,
    )
    pieces = session.connect(arguments.socket).stream(request)
    last = next(pieces)  # a refusal comes before the file is touched
    with _opened(arguments.file) as file, contextlib.suppress(KeyboardInterrupt):
        while True:
            file.write(last.data)
            file.flush()
            if last.ended:
                break
            last = next(pieces)
    lost = f", {last.lost} lost, since they came too fast" if last.lost else ""
    why = last.ended or "you ended it"
    session.screen.complain("bascule: ", f"{counted(last.packets, 'packet')}{lost}: {why}")
    return ExitCode.FINE


@contextlib.contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """Give the file to write; it is for its owner alone. Raises UsageError where it cannot be written."""
    if name == "-":
        yield sys.stdout.buffer
        return
    try:
        descriptor = os.open(Path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise UsageError(f"cannot write {name}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        yield file

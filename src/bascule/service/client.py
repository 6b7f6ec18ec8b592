"""Asks a running Bascule over its control socket."""

import contextlib
import socket
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final

from bascule.service.failures import Forbidden, OperationFailed, Unavailable
from bascule.service.progress import Progress
from bascule.service.replies import REPLIES, Reply, answer_in, unavailable
from bascule.service.request import Answer, Request
from bascule.system.frames import ChannelError, Decoder, encode

PATIENCE: Final = 30.0
"""Seconds an operation may take until its answer or, of one that tells how far it is, its next step."""


def _nobody(_: Progress) -> None:
    """Hear nothing."""


class NotRunningError(OperationFailed):
    """Nobody listens at the control socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(Unavailable(message=f"no Bascule runs at {path} (start it with: bascule run)"))


class Client:
    """Speaks operations to the Bascule behind one control socket; each call is a connection of its own."""

    def __init__(self, path: Path, *, patience: float = PATIENCE, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._who = f"the Bascule at {path}"
        self._patience = patience
        self._now = now

    def call(self, request: Request[Answer], told: Callable[[Progress], None] = _nobody) -> Answer:
        """Return the answer to a request; `told` hears how far it is, where the request asks for that.

        Raises NotRunningError where nobody listens, and OperationFailed for everything else that came instead of an
        answer: refused by the service, no permission, no answer in time, an answer of another version.
        """
        with self._translated():
            for reply in self._replies(request, self._patience):
                if not isinstance(reply, Progress):
                    return answer_in(reply, request, self._who)
                told(reply)
        return answer_in(None, request, self._who)

    def stream(self, request: Request[Answer]) -> Generator[Answer]:
        """Yield answer after answer to a request that is answered so, for as long as the caller goes on.

        Raises what `call` raises, and OperationFailed when the other side ends.
        """
        with self._translated():
            for reply in self._replies(request, None):
                yield answer_in(reply, request, self._who)
        raise unavailable(self._who, "has ended")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Have what goes wrong with the socket said in the words of an operation that was not done."""
        try:
            yield
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NotRunningError(self._path) from error
        except PermissionError as error:
            raise OperationFailed(
                Forbidden(message=f"you may not speak to the Bascule at {self._path}: it belongs to another user")
            ) from error
        except TimeoutError as error:
            raise unavailable(self._who, f"did not answer within {self._patience:g} s") from error
        except ChannelError as error:
            raise unavailable(self._who, f"is of another version, or no Bascule: {error}") from error
        except OSError as error:
            raise unavailable(self._who, f"cannot be reached: {error.strerror or error}") from error

    def _replies(self, request: Request[Answer], patience: float | None) -> Iterator[Reply]:
        """Yield what comes back until the peer closes; `patience` is for each reply, None waits for ever.

        Raises OSError, ChannelError.
        """
        decoder: Decoder[Reply] = Decoder(REPLIES)
        deadline = None if patience is None else self._now() + patience
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(self._patience)
            peer.connect(str(self._path))
            # It may have answered, and closed, before it read everything.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                peer.sendall(encode(request))
            while data := self._received(peer, deadline):
                for reply in decoder.feed(data):
                    yield reply
                    deadline = None if patience is None else self._now() + patience

    def _received(self, peer: socket.socket, deadline: float | None) -> bytes:
        """Return the next bytes, none where the peer has closed. Raises TimeoutError after the deadline."""
        remaining = None if deadline is None else deadline - self._now()
        if remaining is not None and remaining <= 0:
            raise TimeoutError
        peer.settimeout(remaining)
        return peer.recv(65536)

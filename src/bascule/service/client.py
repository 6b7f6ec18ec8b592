"""Asks a running Bascule over its control socket."""

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from bascule.service.failures import Failure, Forbidden, OperationFailed, Unavailable
from bascule.service.operations import OPERATIONS, Request
from bascule.service.results import AnyResult, Result
from bascule.system.channel import ChannelError, Decoder, encode

PATIENCE: Final = 30.0
"""Seconds an operation may take: `clear` ends every session and waits for the workers."""

Answer = TypeVar("Answer", bound=Result)


class NotRunningError(OperationFailed):
    """Nobody listens at the control socket."""

    def __init__(self, path: Path) -> None:
        super().__init__(Unavailable(message=f"no Bascule runs at {path} (start it with: bascule run --config FILE)"))


class Client:
    """Speaks operations to the Bascule behind one control socket; each call is a connection of its own."""

    def __init__(self, path: Path, *, patience: float = PATIENCE, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._patience = patience
        self._now = now

    def call(self, request: Request[Answer]) -> Answer:
        """Return the answer to a request.

        Raises NotRunningError where nobody listens, and OperationFailed for everything else that came instead of an
        answer: refused by the service, no permission, no answer in time, an answer of another version.
        """
        try:
            reply = self._exchange(request)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NotRunningError(self._path) from error
        except PermissionError as error:
            raise OperationFailed(
                Forbidden(message=f"you may not speak to the Bascule at {self._path}: it belongs to another user")
            ) from error
        except TimeoutError as error:
            raise self._unavailable(f"did not answer within {self._patience:g} s") from error
        except ChannelError as error:
            raise self._unavailable(f"is of another version, or no Bascule: {error}") from error
        except OSError as error:
            raise self._unavailable(f"cannot be reached: {error.strerror or error}") from error
        expected: type[Any] = OPERATIONS[type(request)].result
        if isinstance(reply, expected):
            answer: Answer = reply
            return answer
        if isinstance(reply, Failure):
            raise OperationFailed(reply)
        raise self._unavailable("gave no answer to what was asked")

    def _exchange(self, request: Request[Answer]) -> AnyResult | Failure | None:
        """Return what came back; None where the peer closed instead."""
        deadline = self._now() + self._patience
        decoder: Decoder[AnyResult | Failure] = Decoder(AnyResult | Failure)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(self._patience)
            peer.connect(str(self._path))
            with contextlib.suppress(BrokenPipeError):  # it may have answered, and closed, before it read everything
                peer.sendall(encode(request))
            while (remaining := deadline - self._now()) > 0:
                peer.settimeout(remaining)
                data = peer.recv(65536)
                if not data:
                    return None
                for reply in decoder.feed(data):
                    return reply
        raise TimeoutError

    def _unavailable(self, what: str) -> OperationFailed:
        return OperationFailed(Unavailable(message=f"the Bascule at {self._path} {what}"))

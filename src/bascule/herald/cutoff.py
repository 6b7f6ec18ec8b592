"""An end to what a blocking exchange may take: a server that sends a byte now and then keeps no thread."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cut_off(seconds: float, connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Have a connection end so many seconds from now, whoever reads it then; `connection` tells which it is by then.

    Raises TimeoutError in the place of whatever that brings.
    """
    over = threading.Event()

    def end() -> None:
        over.set()
        held = connection()
        if held is not None:
            with suppress(OSError):
                socket.socket.shutdown(held, socket.SHUT_RDWR)  # TLS would want to say goodbye

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if over.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()

"""The herald hands over mails and posts, a few at once."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bascule.herald import work as module
from bascule.herald.wire import Delivered, PostWebhook, Report
from bascule.herald.work import Work
from bascule.system.clock import SystemClock

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@contextmanager
def slow_hook(late: threading.Event) -> Iterator[str]:
    """Have a server that answers, one after another: the first when it may, the others at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(65536)
                    late.wait()
                    peer.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            late.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


async def test_who_waits_for_others_is_not_late_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    """One server that is slow takes its own time alone, not that of those behind it."""
    monkeypatch.setattr(module, "AT_ONCE", 1)
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    told: dict[int, asyncio.Future[str]] = {number: asyncio.get_running_loop().create_future() for number in (1, 2, 3)}

    async def tell(report: Report) -> None:
        assert isinstance(report, Delivered)
        told[report.number].set_result(report.fault)

    late = threading.Event()
    with slow_hook(late) as url:
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            work = Work(tell, clock=SystemClock(), tasks=tasks)
            for number in told:
                work.obey(PostWebhook(number=number, url=url, body=b"{}"))
            assert await told[1] == "it does not answer in time"
            late.set()
            assert (await told[2], await told[3]) == ("", "")
            await work.stop()

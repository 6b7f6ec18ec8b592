"""Posts are JSON by POST; what is no success is said as it was answered."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from bascule.herald.fault import FaultError, explained
from bascule.herald.webhook import post
from bascule.herald.wire import PostWebhook


@contextmanager
def hook(status: int, answer: bytes = b"", **headers: str) -> Iterator[tuple[str, list[Any]]]:
    """Run a server that answers so; yield its address, and what it was asked."""
    asked: list[Any] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers), body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_json_is_posted_with_a_login() -> None:
    """To the path with its query, as JSON, by a name that says who we are."""
    with hook(204) as (address, asked):
        post(PostWebhook(number=1, url=f"{address}/a/b?key=c", user="x", password="y", body=b'{"text":"z"}'))
    ((path, headers, body),) = asked
    assert path == "/a/b?key=c"
    assert json.loads(body) == {"text": "z"}
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Basic eDp5"
    assert headers["User-Agent"].startswith("Bascule/")


def test_an_address_that_is_not_kept_is_asked_nothing() -> None:
    """What stands in the text for it is none."""
    with pytest.raises(FaultError, match="its address is not kept here"):
        post(PostWebhook(number=1, url="https://chat.example/<set 0000000a>", body=b"{}"))


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (403, b"invalid_token", "it answered 403 Forbidden: invalid_token"),
        (500, b"x" * 5000, "it answered 500 Internal Server Error: " + "x" * 200),
        (302, b"", "it answered 302 Found"),
    ],
)
def test_no_success_is_said_and_no_redirect_followed(status: int, answer: bytes, words: str) -> None:
    """A redirect would send a password to whomever it names."""
    with hook(status, answer, Location="/elsewhere") as (address, asked):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its words are what counts
            post(PostWebhook(number=1, url=address, body=b"{}"))
        assert explained(caught.value) == words
    assert len(asked) == 1

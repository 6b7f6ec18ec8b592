"""An administrator's browser: HTTPS sessions with the admin server, kept open as browsers keep them."""

import hashlib
import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlencode

from bed.node import Node

PATIENCE: Final = 10.0


class Browser:
    """One session with the admin server, whose certificate it does not judge, but tells."""

    def __init__(self, node: Node, address: str, port: int) -> None:
        """Connect; raises OSError where no admin server answers."""
        plain = node.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        try:
            plain.settimeout(PATIENCE)
            plain.connect((address, port))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as browsers do: head and form are two segments
            tls = client_context().wrap_socket(plain)
        except OSError:
            plain.close()
            raise
        self.fingerprint = hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()
        self.version = tls.version()
        self._connection = http.client.HTTPConnection(address, port)
        self._connection.sock = tls

    def healthy(self) -> bool:
        """Tell whether the session still answers; raises OSError or HTTPException where it is gone."""
        if self._connection.sock is None:
            raise ConnectionError("the server has closed the session")
        self._connection.request("GET", "/healthz")
        with self._connection.getresponse() as response:
            return (response.status, response.read()) == (200, b"ok\n")

    def status(self, method: str, path: str, token: str = "") -> int:
        """Return how something is answered that a program asks with a token, or anybody without one."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._connection.request(method, path, headers=headers)
        with self._connection.getresponse() as response:
            response.read()
            return response.status

    def shows(self, path: str, cookie: str) -> tuple[int, bytes]:
        """Return a page that somebody looks at who has logged in."""
        self._connection.request("GET", path, headers={"cookie": f"__Host-bascule={cookie}"})
        with self._connection.getresponse() as response:
            return response.status, response.read()

    def leads(self, path: str, host: str) -> str:
        """Return where a path leads, with whatever is said to be the host's name."""
        self._connection.request("GET", path, headers={"host": host})
        with self._connection.getresponse() as response:
            response.read()
            return response.headers["location"] or ""

    def guesses(self, name: str, password: str) -> int:
        """Fill in the form with what may be wrong, and return how it is answered."""
        body = urlencode({"name": name, "password": password})
        origin = f"https://{self._connection.host}:{self._connection.port}"
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin}
        self._connection.request("POST", "/login", body, headers)
        with self._connection.getresponse() as response:
            response.read()
            return response.status

    def log_in(self, name: str, password: str) -> str:
        """Fill in the form, and return the cookie."""
        body = urlencode({"name": name, "password": password})
        origin = f"https://{self._connection.host}:{self._connection.port}"
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin}
        self._connection.request("POST", "/login", body, headers)
        with self._connection.getresponse() as response:
            found = SimpleCookie(response.headers["set-cookie"] or "")
        return found["__Host-bascule"].value

    def page(self, path: str, token: str) -> bytes:
        """Return a page as somebody sees it who has logged in; raises ConnectionError where it is none."""
        with self.follow(path, token) as response:
            body = response.read()
        if response.status != HTTPStatus.OK:
            raise ConnectionError(f"{path} is {response.status}")
        return body

    def follow(self, path: str, token: str) -> http.client.HTTPResponse:
        """Ask for something that somebody sees who has logged in, and return the answer to read."""
        self._connection.request("GET", path, headers={"cookie": f"__Host-bascule={token}"})
        return self._connection.getresponse()

    def close(self) -> None:
        """End the session."""
        self._connection.close()


def logged_in(node: Node, address: str, port: int, name: str, password: str) -> str:
    """Log in with a name and a password, and return what a browser is known by from then on."""
    browser = Browser(node, address, port)
    with closing(browser):
        return browser.log_in(name, password)


@contextmanager
def browsing(node: Node, address: str, port: int) -> Iterator[Browser]:
    """Keep a session that has answered once."""
    with closing(Browser(node, address, port)) as browser:
        if not browser.healthy():
            raise ConnectionError("somebody else answers")
        yield browser


def answers(node: Node, address: str, port: int) -> bool:
    """Tell whether the admin server answers a new session there."""
    try:
        with browsing(node, address, port):
            return True
    except (OSError, http.client.HTTPException):
        return False


def shown(node: Node, address: str, port: int) -> str:
    """Return the fingerprint of the certificate that a new session meets there, as `bascule status` writes it."""
    with browsing(node, address, port) as browser:
        return bytes.fromhex(browser.fingerprint).hex(":").upper()


def client_context() -> ssl.SSLContext:
    """Return what takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

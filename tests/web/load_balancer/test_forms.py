"""The forms of the load balancer, asked as a browser asks them, before a service that keeps one working copy."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote

import pytest

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.passwords import sealed
from bascule.service.asking import AsyncClient
from bascule.service.checking import Checked
from bascule.service.deployment import CheckText, Compare, LoadCopy, ShowCopy
from bascule.service.logins import Bearer, Login, ShowLogin
from bascule.service.operations import ShowRelays
from bascule.service.permissions import Role
from bascule.service.request import Request
from bascule.service.results import (
    Compared,
    CopyText,
    HostOrder,
    HostRow,
    HostStatus,
    Loaded,
    RelayRow,
    Relays,
    RelayStatus,
    TableRow,
)
from bascule.web.application import application
from bascule.web.forms import proof_for
from bed.asgi import Answer, ask

TEXT = """load-balancer {
	table <exchange> {
		10.2.0.11
	}
	relay "IMAP" {
		listen on 10.2.0.50 port 143
		forward to <exchange> check imap
	}
}
"""
NOW = datetime(2026, 11, 22, tzinfo=UTC)
PAGE = f"/network/load-balancer/edit?kind=relay&name={quote('IMAP')}"


class Copies:
    """Keeps a text without its passwords, and doubts each line of the relay."""

    text = TEXT

    async def call(self, request: Request[Any], _: Bearer | None = None, __: Callable[..., None] | None = None) -> Any:
        """Answer."""
        doubt = Diagnostic.warning(Span(line=self.text.splitlines().index('\trelay "IMAP" {') + 1), "a doubt")
        match request:
            case ShowLogin():
                return Login(name="alice", role=Role.ADMINISTRATOR)
            case ShowCopy():
                return CopyText(text=self.text, base=1, newest=1, digest="d")
            case LoadCopy():
                self.text = sealed(request.text.decode()).text
                return Loaded(sentence="kept", diagnostics=(doubt,))
            case CheckText():
                return Checked(diagnostics=(doubt,))
            case Compare():
                return Compared()
        raise AssertionError(request)


async def asked(copies: Copies, form: dict[str, str] | None = None) -> Answer:
    """Return the page of the relay, or what comes of its form."""
    sent = None if form is None else {**form, "proof": proof_for("token")}
    return await ask(application(cast("AsyncClient", copies)), PAGE, sent, cookie="__Host-bascule=token")


def fields(page: str) -> dict[str, str]:
    """Return what the form of a page holds, row by row."""
    found = {
        name: value
        for tag in re.findall(r"<input [^>]*>", page)
        if (name := "".join(re.findall(r' name="([^"]*)"', tag)))
        for value in ["".join(re.findall(r' value="([^"]*)"', tag))]
        if 'type="checkbox"' not in tag or " checked" in tag
    }
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL):
        found[name] = "".join(re.findall(r'<option value="([^"]*)" selected', options))
    return found


async def test_a_form_that_was_saved_with_a_password_can_be_saved_again() -> None:
    """What is kept has no password any more: the form goes on from that, and not from what was sent."""
    copies = Copies()
    form = fields((await asked(copies)).text)
    login = {
        "forward-to.0.check.imap.login.mailbox": "probe@x.test",
        "forward-to.0.check.imap.login.mailbox-password": "s3cret",
    }
    saved = await asked(copies, {**form, **login})
    assert saved.status == 200, saved.text
    assert 'login "probe@x.test" password set' in copies.text
    assert "s3cret" not in saved.text
    again = await asked(copies, fields(saved.text))
    assert "was changed meanwhile" not in again.text
    assert (again.status, again.headers.get("location")) == (303, "/network/load-balancer")


async def test_a_preview_has_no_password_that_was_just_typed() -> None:
    """It shows the line, as the working copy will have it."""
    copies = Copies()
    login = {"mailbox": "probe@x.test", "mailbox-password": "s3cret"}
    typed = {f"forward-to.0.check.imap.login.{name}": value for name, value in login.items()}
    shown = await asked(copies, {**fields((await asked(copies)).text), **typed, "preview": "on"})
    assert shown.status == 200, shown.text
    assert "probe@x.test" in shown.text
    assert "s3cret" not in shown.text
    assert copies.text == TEXT


class Ordered(Copies):
    """Has a host that is drained, everywhere or in one relay."""

    def __init__(self, relay: str | None) -> None:
        self.relay = relay

    async def call(self, request: Request[Any], _: Bearer | None = None, __: Callable[..., None] | None = None) -> Any:
        """Answer."""
        if not isinstance(request, ShowRelays):
            return await super().call(request)
        order = HostOrder(host="EX1", address="10.2.0.11", relay=self.relay, duty="drained", by="bob", since=NOW)
        host = HostRow(id=1, name="EX1", address="10.2.0.11:143", weight=1, status=HostStatus.DRAINED, order=order)
        table = TableRow(id=1, name="exchange:143", mode="source-hash", check="check imap", hosts=(host,))
        relay = RelayRow(
            id=1,
            name="IMAP",
            listens=("10.2.0.50:143",),
            engine="kernel",
            status=RelayStatus.DOWN,
            tables=(table,),
            session_timeout=60,
        )
        return Relays(relays=(relay,), total=1)


@pytest.mark.parametrize(("relay", "where"), [(None, "everywhere"), ("IMAP", "here")])
async def test_a_host_is_enabled_where_it_was_drained(relay: str | None, where: str) -> None:
    """Unless somebody chooses another place: an order of everywhere would stand in all other services."""
    path = "/network/load-balancer/host?relay=IMAP&host=EX1&action=enable"
    page = await ask(application(cast("AsyncClient", Ordered(relay))), path, cookie="__Host-bascule=token")
    assert re.findall(r'name="where" value="(\w+)" checked', page.text) == [where]

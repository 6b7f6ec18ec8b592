"""What somebody sends: all of it, however many rows a form has."""

from urllib.parse import urlencode

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from bascule.web.forms import form_of
from bascule.web.schema_forms.filled import Filled, filled


def request(fields: list[tuple[str, str]]) -> Request:
    """Return what a browser sends."""
    body = urlencode(fields).encode()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    kind = (b"content-type", b"application/x-www-form-urlencoded")
    return Request({"type": "http", "method": "POST", "headers": [kind], "app": None}, receive)


def table_of(hosts: int) -> list[tuple[str, str]]:
    """Return the fields of a table's form."""
    found = [("table.table", "exchange"), ("seen", "abc")]
    for n in range(hosts):
        found += [
            ("row:hosts", str(n)),
            (f"hosts.{n}.host", f" 10.2.0.{n} "),
            (f"hosts.{n}.name.name", ""),
            (f"hosts.{n}.w", "1"),
        ]
    return found


async def test_nothing_of_a_big_table_is_lost() -> None:
    """More than a thousand fields, without the blanks around what was typed."""
    held = filled(await form_of(request(table_of(300))))
    assert held.rows["hosts"] == tuple(map(str, range(300)))
    assert held.values["hosts.299.host"] == "10.2.0.299"
    assert held.seen == "abc"


async def test_more_than_anybody_has_is_refused_and_not_cut_short() -> None:
    """It would else take away what was cut."""
    with pytest.raises(HTTPException):
        await form_of(request(table_of(1300)))


def test_rows_get_names_of_their_own() -> None:
    """Also where one before them was taken away."""
    held = Filled(rows={"hosts": ("0", "new1")}).with_row("hosts")
    assert held.rows["hosts"] == ("0", "new1", "new2")
    assert held.without_row("hosts", "new1").with_row("hosts").rows["hosts"] == ("0", "new2", "new3")
    assert Filled().with_row("hosts").rows["hosts"] == ("new1",)
    assert Filled(rows={"hosts": (f"new{'9' * 5000}",)}).with_row("hosts").rows["hosts"][1:] == ("new1",)

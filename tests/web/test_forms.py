"""What is read of a form, whatever letters it says that it is written in."""

from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bascule.web.forms import Form, form_of


async def read(content_type: str, body: bytes) -> Form:
    """Return what is read of a body."""

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", content_type.encode("latin-1"))]
    return await form_of(Request({"type": "http", "method": "POST", "headers": headers, "query_string": b""}, receive))


def part(content: bytes) -> bytes:
    """Return a form of one field, in parts."""
    return b'--b\r\nContent-Disposition: form-data; name="field"\r\n\r\n' + content + b"\r\n--b--\r\n"


async def test_a_form_in_utf_8_is_read() -> None:
    """As browsers send it, either way."""
    assert (await read("multipart/form-data; boundary=b", part("é".encode()))).one("field") == "é"
    assert (await read("application/x-www-form-urlencoded", b"field=%C3%A9")).one("field") == "é"


@pytest.mark.parametrize("letters", ["undefined", "x\0y", "unicode_escape", "raw_unicode_escape"])
async def test_letters_that_nobody_knows_are_refused(letters: str) -> None:
    """Strangers send them, too: no fault of ours comes of it."""
    with pytest.raises(HTTPException) as refused:
        await read(f"multipart/form-data; boundary=b; charset={letters}", part(b"\\ud800"))
    assert refused.value.status_code == 400

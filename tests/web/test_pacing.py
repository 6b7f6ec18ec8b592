"""What is too often is refused, for a source and for a login, in the words of whoever asked."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from bascule.service.asking import AsyncClient
from bascule.web.application import application
from bascule.web.pace import Bound
from bascule.web.pacing import Bounds
from bed.asgi import Answer, ask

FEW: Final = Bound(burst=2, rate=0.1)
MANY: Final = Bound(burst=100, rate=100)


def pages(**bounds: Bound) -> Any:
    """Return pages before nobody, whose clock stands still."""
    return application(AsyncClient(Path("/nowhere")), bounds=Bounds(**bounds), clock=lambda: 5.0)


@pytest.mark.parametrize("path", ["/login", "/healthz", "/nothing", "/static/x/bascule.css", "/network/sessions"])
async def test_a_source_is_bounded_whatever_it_asks(path: str) -> None:
    """With a page that says for how long, and the careful headers of every answer."""
    asked = pages(source=FEW, login=MANY)
    assert 429 not in [(await ask(asked, path)).status for _ in range(2)]
    refused = await ask(asked, path)
    assert (refused.status, refused.headers["retry-after"]) == (429, "10")
    assert "too many requests from 10.0.0.1: try again in 10 s" in refused.text
    assert refused.headers["x-frame-options"] == "DENY"


async def test_a_login_is_bounded_and_another_goes_on() -> None:
    """Of one source: by the browser's cookie, and by a program's token, which is not known to be one yet."""
    asked = pages(source=MANY, login=FEW)

    async def by(name: str, form: dict[str, str] | None = None) -> int:
        return (await ask(asked, "/network/sessions", form, cookie=f"__Host-bascule={name}")).status

    assert [await by("a") for _ in range(3)] == [503, 503, 429]
    assert (await by("a", {}), await by("b")) == (429, 503)

    async def program(token: str) -> Answer:
        return await ask(asked, "/api/v1/status", headers={"authorization": f"Bearer {token}"})

    assert [(await program("bsc_1")).status for _ in range(2)] == [503, 503]
    refused = await program("bsc_1")
    told = json.loads(refused.text)
    assert (refused.status, refused.headers["content-type"]) == (429, "application/problem+json")
    assert (told["title"], told["status"]) == ("busy", 429)
    assert refused.headers["retry-after"] == "10"
    assert (await program("bsc_2")).status == 503

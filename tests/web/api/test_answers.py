"""What programs rely on: tags against lost updates, problems that say what is wrong, streams."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import cast
from urllib.parse import quote

import pytest
from starlette.responses import StreamingResponse

from bascule.service.failures import Forbidden, OperationFailed
from bascule.service.results import Events
from bascule.web.api.answers import streamed
from bed.api import Api


def test_who_has_it_already_is_told_so(served: Api) -> None:
    """By the tag that came with it."""
    first = served.ask("GET", "/status")
    assert first.json["kind"] == "status"
    again = served.ask("GET", "/status", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_who_asks_for_the_head_alone_gets_that(served: Api) -> None:
    """As of any page; a stream has none."""
    answer = served.ask("HEAD", "/status")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"", "application/json")
    assert served.ask("HEAD", "/events/stream").status == 405


def test_a_working_copy_is_replaced_by_who_knows_it(served: Api) -> None:
    """Whoever does not say which one it is must look first."""
    assert served.ask("PUT", "/working-copy", {"text": "system { }"}).status == 428
    tag = served.ask("GET", "/working-copy").headers["etag"]
    kept = served.ask("PUT", "/working-copy", {"text": "system { }"}, headers={"if-match": tag})
    assert (kept.status, kept.headers["etag"]) == (200, '""')
    assert (
        served.ask("GET", "/working-copy", headers={"if-none-match": tag}).status == 200
    )  # what it is based on may be new


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/nothing", None, 404, "/api/v1/openapi.json lists them all"),
        ("POST", "/nothing", {}, 404, "/api/v1/openapi.json lists them all"),
        ("PUT", "/accounts/a%0A/role", {}, 422, "missing required field `role`"),
        ("PUT", "/status", None, 405, "this path takes GET and HEAD"),
        ("POST", "/poll", b"{", 400, "the body is no JSON object"),
        ("POST", "/poll", b"[]", 400, "the body is no JSON object"),
        ("POST", "/poll", {"much": 1}, 422, "there is no field 'much' here"),
        ("POST", "/poll", b'{"much": "\\ud800"}', 400, "the body is no JSON object"),
        ("POST", "/poll?much=1", None, 422, "takes its fields from the body, and no query"),
        ("DELETE", "/sessions?all=true", {"client": "10.0.0.1"}, 422, "takes its fields from the query, and no body"),
        ("PUT", "/working-copy", {"text": "", "expected": ""}, 422, "there is no field 'expected' here"),
        ("POST", "/hosts/EX1/order", {"action": "drain", "seconds": "600"}, 422, "got `str` - at `$.seconds`"),
        ("POST", "/deployment", {"base": 2**70}, 422, "<= 999999999"),
        ("GET", f"/relays?most={2**70}", None, 422, "<= 1000000"),
        ("GET", "/revisions/null", None, 422, "number is no null: leave it out"),
        ("GET", "/relays?most=NULL", None, 422, "most is no null: leave it out"),
        ("GET", "/explain?clients=10.0.0.1", None, 422, "missing required field `port`"),
        ("GET", "/explain?clients=10.0.0.1&port=70000", None, 422, "<= 65535"),
        ("GET", "/sessions?limit=1&limit=2", None, 422, "limit is given twice"),
        ("POST", "/hosts/EX1/order", {"host": "EX2", "action": "drain"}, 422, "the path says host already"),
        ("DELETE", "/accounts/eve?name=admin", None, 422, "the path says name already"),
        ("GET", "/relays", None, 503, "read the sets: no such table"),
        ("GET", "/firewall", None, 503, "a fault of Bascule's own"),
    ],
)
def test_a_problem_says_what_is_wrong(  # noqa: PLR0917 - a row of the table
    served: Api, method: str, path: str, body: object, status: int, words: str
) -> None:
    """As a document (RFC 9457)."""
    answer = served.ask(method, path, body)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json["detail"]


@pytest.mark.parametrize("name", ["a/b", "a\n", "..", "100%", "Grüße ; ?#", "%2F"])
def test_a_name_in_a_path_may_hold_anything(served: Api, name: str) -> None:
    """It is told whole."""
    answer = served.ask("POST", f"/hosts/{quote(name, safe='')}/order", {"action": "drain"})
    assert (answer.status, answer.json["sentence"]) == (200, f"drain {name}")


def test_mistakes_of_a_text_come_with_their_lines(served: Api) -> None:
    """A program points at them, too."""
    answer = served.ask("GET", "/revisions/1")
    assert answer.status == 422
    assert [each["span"]["line"] for each in answer.json["diagnostics"]]


def test_events_come_as_a_stream(served: Api) -> None:
    """One value a message."""
    answer = served.ask("GET", "/counters/stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert json.loads(answer.body.removeprefix(b"data: "))["kind"] == "counters"


def test_browsers_cookies_count_for_nothing(served: Api) -> None:
    """So no other site can have a browser ask."""
    headers = {"cookie": "__Host-bascule=administrator", "origin": "https://evil.example"}
    assert served.ask("POST", "/poll", token="", headers=headers).status == 401


async def test_a_stream_without_news_is_kept_alive() -> None:
    """So whoever is gone without a word is noticed; and it ends as its answers do."""

    async def answers() -> AsyncIterator[Events]:
        for number in range(2):
            await asyncio.sleep(0.02 * number)
            yield Events(lost=number)
        raise OperationFailed(Forbidden(message="not any more"))

    stream = await streamed(answers(), silence=0.005)
    assert isinstance(stream, StreamingResponse)
    told = [bytes(cast("bytes", each)) async for each in stream.body_iterator]
    first, *silent, second, failure = told
    assert (b'"lost":0' in first, set(silent), b'"lost":1' in second) == (True, {b":\n\n"}, True)
    assert failure == b'event: failure\ndata: {"detail":"not any more"}\n\n'

"""The REST interface of a Bascule that balances: schemathesis, which we did not write, asks all that the document allows.

`make fuzz-api` asks more often. What ends or clears the Bascule is asked by the last test alone; deployments are of texts
that let whoever asks ask again.
"""

import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from bascule.service.operations import Clear, Stop
from bascule.web.api.endpoints import ENDPOINTS, ROOT, Endpoint
from bascule.web.api.openapi import document
from bed.pages import answers
from bed.portal import LB, NAME, Portal, portal, text
from bed.wait import until

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.xdist_group("api"),
    pytest.mark.filterwarnings("ignore"),
]  # that no certificate is judged

EXAMPLES: Final = int(os.environ.get("API_EXAMPLES", "2"))
"""Requests for each resource that fit the document, and as many that do not."""
SEED: Final = int(os.environ.get("API_SEED", "8"))

ENDINGS: Final = (Stop, Clear)
"""After them nobody answers."""
ASKED: Final = [each for each in ENDPOINTS if each.request not in ENDINGS and not each.operation.streams]

FIREWALL: Final = "firewall {\n\ttable <partners> { }\n\tpass in proto tcp from <partners> to any port 8443\n}\n"
TEXT: Final = text(("HTTPS", 443), ("SMTP", 25), more=FIREWALL).replace('relay "SMTP"', 'redirect "SMTP"')
KNOWN: Final[Mapping[str, Sequence[str]]] = {
    "host": ("EX1", "10.80.2.2", "10.80.2.1:443"),
    "relay": ("HTTPS", "SMTP"),
    "client": ("10.80.1.1", "fd80::1"),
    "clients": ("10.80.1.1",),
    "address": ("10.80.1.1",),
    "source": ("10.80.0.10",),
    "to": ("10.80.0.10",),
    "interface": ("eth0",),
    "down": ("EX1",),
    "name": ("partners", NAME),
    "account": (NAME,),
    "user": (NAME,),
    "add": ("198.51.100.0/24", "2001:db8::1"),
    "remove": ("198.51.100.0/24",),
    "text": (TEXT, TEXT.replace("443", "444"), TEXT.replace("exchange", "")),
}
"""What there is: a name by chance is none."""

CONFIG: Final = schemathesis.Config.from_dict({"tls-verify": False})
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    SCHEMA: Final = schemathesis.openapi.from_dict(dict(document()), config=CONFIG)


class Program:
    """Asks from the administrator's machine, with a token."""

    def __init__(self, house: Portal) -> None:
        self._node = house.client
        self._url = f"{house.url}{ROOT}"
        made = house.json("token", "add", "walk", "--role", "administrator", "--account", NAME)
        self._shown = {"Authorization": f"Bearer {made['token']}"}
        self._session = requests.Session()
        self._session.verify = False
        self._session.trust_env = False  # no proxy of this machine

    def walks(self, case: "schemathesis.Case[Any]", *unjudged: Any) -> None:
        """Ask what schemathesis made up, and have it judge the answer, but for some checks."""
        with self._node.entered():
            response = case.call(base_url=self._url, session=self._session, headers=self._shown)
            while "retry-after" in response.headers:  # as programs do that ask too much
                time.sleep(float(response.headers["retry-after"][0]))
                response = case.call(base_url=self._url, session=self._session, headers=self._shown)
            refused = response.status_code == 422 and response.json()["title"] == "rejected"  # a text that was not liked
            case.validate_response(
                response,
                excluded_checks=[
                    ignored_auth,
                    *unjudged,
                    *([positive_data_acceptance] if refused else []),
                ],  # see tests/web/api
                headers=self._shown,
                transport_kwargs={"session": self._session},
            )

    def asks(self, method: str, path: str, *, token: str | None = None, **options: Any) -> requests.Response:
        """Ask something, with the token or with another."""
        shown = self._shown if token is None else {"Authorization": f"Bearer {token}"}
        with self._node.entered():
            return self._session.request(method, f"{self._url}{path}", headers=shown, timeout=20, **options)


@pytest.fixture(scope="module")
def house(module_directory: Path) -> Iterator[Portal]:
    """Return a Bascule with a relay, a redirect and a firewall."""
    with portal(module_directory, TEXT, (("HTTPS", 443), ("SMTP", 25))) as made:
        yield made


@pytest.fixture(scope="module")
def program(house: Portal) -> Program:
    """Return somebody with a token."""
    return Program(house)


def familiar(case: "schemathesis.Case[Any]", data: st.DataObject) -> None:
    """Have a request name what there is, more often than not; and let whoever asks ask again."""
    for fields in (case.path_parameters, case.query, case.body):
        if isinstance(fields, dict):
            for name in fields.keys() & KNOWN.keys():
                word = data.draw(st.sampled_from((None, *KNOWN[name])))
                if word is not None:
                    fields[name] = [word] if isinstance(fields[name], list) else word
    if isinstance(case.body, dict):
        case.body.pop("force", None)
        if "text" in case.body:
            case.body["text"] = data.draw(st.sampled_from(KNOWN["text"]))


def shows(case: "schemathesis.Case[Any]") -> bool:
    """Tell whether what does not fit is seen in a request: elsewhere than in its headers, and in a value that is sent."""
    assert case.meta is not None
    places = {place.value for place, each in case.meta.components.items() if each.mode.is_negative} - {"header"}
    if places == {"query"} and isinstance(case.query, dict):
        return not any(value in (None, [], {}, [None]) for value in case.query.values())
    return bool(places)


@pytest.mark.parametrize("endpoint", ASKED, ids=[each.operation.name for each in ASKED])
def test_nothing_is_answered_that_is_not_documented(endpoint: Endpoint, program: Program) -> None:
    """No server error, no status, no shape of an answer; and what does not fit the document is refused."""
    operation = SCHEMA[endpoint.path][endpoint.method]
    bounds = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )

    @seed(SEED)
    @bounds
    @given(case=operation.as_strategy(), data=st.data())
    def fitting(case: "schemathesis.Case[Any]", data: st.DataObject) -> None:
        familiar(case, data)
        program.walks(case)

    @seed(SEED)
    @bounds
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def misfitting(case: "schemathesis.Case[Any]") -> None:
        program.walks(case, *([] if shows(case) else [negative_data_rejection]))

    fitting()
    misfitting()
    assert program.asks(endpoint.method, endpoint.path, token="").status_code == 401


def test_what_goes_on_is_told_as_it_comes(program: Program) -> None:
    """Streams of events and counters, and a capture."""
    for path in ("/events/stream?last=1", "/counters/stream"):
        with program.asks("GET", path, stream=True) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert next(answer.iter_lines()).startswith(b"data: {")
    captured = program.asks("POST", "/capture", json={"client": "10.80.1.1", "seconds": 1})
    assert (captured.status_code, captured.content[:4]) == (200, b"\x0a\x0d\x0d\x0a")


def test_what_ends_it_is_answered(house: Portal, program: Program) -> None:
    """Before nobody answers any more; and only where it is asked for as it should be."""
    for path in ("/stop", "/clear"):
        assert program.asks("POST", path, json={"really": True}).status_code == 422
        answer = program.asks("POST", path)
        assert answer.status_code == 200, answer.text
        SCHEMA[path]["POST"].validate_response(answer)
        assert house.balancer.ended() == 0
        house.balancer.start()
        until(lambda: answers(house.client, LB, house.port), what="the admin server answers")

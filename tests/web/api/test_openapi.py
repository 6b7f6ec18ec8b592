"""The document, held against what is answered by a tool that we did not write: schemathesis asks all that it allows."""

import os
import warnings
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from bascule.web.api.endpoints import ENDPOINTS, Endpoint
from bascule.web.api.openapi import document
from bed.api import Api

EXAMPLES = int(os.environ.get("API_EXAMPLES", "2"))
"""Requests for each resource and check."""

ASKED = [each for each in ENDPOINTS if not each.operation.streams]

CONFIG = schemathesis.Config.from_dict({"tls-verify": False})

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    SCHEMA = schemathesis.openapi.from_dict(dict(document()), config=CONFIG)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("endpoint", ASKED, ids=[each.operation.name for each in ASKED])
def test_nothing_is_answered_that_is_not_documented(endpoint: Endpoint, served: Api) -> None:
    """And nothing is a server error that is none; the service that pretends has two of its own."""
    headers = {"Authorization": "Bearer administrator"}

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=SCHEMA[endpoint.path][endpoint.method].as_strategy())
    def answered(case: "schemathesis.Case[Any]") -> None:
        response = case.call(base_url=f"{served.url}/api/v1", headers=headers)
        refused = response.status_code == 422 and response.json()["title"] == "rejected"  # a text that was not liked
        if response.status_code != 503 and not refused:
            case.validate_response(response)

    answered()


def test_the_document_is_served(served: Api) -> None:
    """To everybody: it holds no secret."""
    answer = served.ask("GET", "/openapi.json", token="")
    assert answer.json["openapi"] == "3.1.0"
    assert {f"{e.method} {e.path}" for e in ENDPOINTS} == {
        f"{method.upper()} {path}" for path, methods in answer.json["paths"].items() for method in methods
    }

"""The document: whole, valid, and there for everybody. tests/whole/test_api.py holds a Bascule against it."""

import pytest
import schemathesis

from bascule.web.api.endpoints import ENDPOINTS
from bascule.web.api.openapi import document
from bed.api import Api


def test_the_document_is_served(served: Api) -> None:
    """To everybody: it holds no secret."""
    answer = served.ask("GET", "/openapi.json", token="")
    assert answer.json["openapi"] == "3.1.0"
    assert {f"{e.method} {e.path}" for e in ENDPOINTS} == {
        f"{method.upper()} {path}" for path, methods in answer.json["paths"].items() for method in methods
    }


@pytest.mark.filterwarnings("ignore")
def test_the_document_is_one_of_openapi() -> None:
    """By the schema of OpenAPI 3.1 itself."""
    schemathesis.openapi.from_dict(dict(document())).validate()

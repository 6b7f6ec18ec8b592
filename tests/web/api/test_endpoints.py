"""Every operation is a resource, and nobody does by it what he may not."""

from string import Formatter

import pytest

from bascule.service.permissions import ALLOWED, ROLES, Role
from bascule.web.api.asking import fields_of
from bascule.web.api.endpoints import ENDPOINTS, Endpoint
from bed.api import Api

DENIED = [
    (endpoint, role) for endpoint in ENDPOINTS for role in ROLES if endpoint.operation.permission not in ALLOWED[role]
]
FIELDS = {
    "AddAccount": {"name": "eve", "role": "administrator"},
    "AddToken": {"account": "eve", "name": "backup", "role": "viewer"},
    "ChangeRole": {"role": "administrator"},
    "OrderHost": {"action": "drain"},
    "LoadCopy": {"text": ""},
    "UploadCertificate": {"certificate": "", "key": ""},
    "ChangePassword": {"password": "correct horse"},
}


def place(endpoint: Endpoint) -> str:
    """Return a path of it."""
    values = {name: "1" for _, name, _, _ in Formatter().parse(endpoint.path) if name}
    return endpoint.path.format_map(values)


def test_a_resource_is_one_operation() -> None:
    """Its path names fields of the request, and no other operation has it."""
    assert len({(each.method, each.path) for each in ENDPOINTS}) == len(ENDPOINTS)
    for each in ENDPOINTS:
        assert {field.encode_name for field in fields_of(each.request)} >= set(each.in_path), each


@pytest.mark.parametrize(
    ("endpoint", "role"), DENIED, ids=[f"{endpoint.operation.name}-{role}" for endpoint, role in DENIED]
)
def test_who_may_not_is_refused(served: Api, endpoint: Endpoint, role: Role) -> None:
    """Whatever the resource."""
    body = None if endpoint.by_query else FIELDS.get(endpoint.request.__name__, {})
    answer = served.ask(endpoint.method, place(endpoint), body, token=role, headers={"if-match": "*"})
    assert answer.status == 403, answer.body
    assert f"somebody is {role} and may not" in answer.json["detail"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[each.operation.name for each in ENDPOINTS])
@pytest.mark.parametrize("token", ["", "worthless"])
def test_nobody_gets_nothing(served: Api, endpoint: Endpoint, token: str) -> None:
    """Without a token, or with one that stands for nobody."""
    body = None if endpoint.by_query else FIELDS.get(endpoint.request.__name__, {})
    required = {"Explain": "?clients=10.0.0.1&port=443", "Who": "?source=10.0.0.1&port=1"}
    query = required.get(endpoint.request.__name__, "")
    answer = served.ask(endpoint.method, place(endpoint) + query, body, token=token, headers={"if-match": "*"})
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="Bascule"'), answer.body


def test_a_capture_is_a_file(served: Api) -> None:
    """As its pieces come; what the machine would not is a problem, as anywhere."""
    answer = served.ask("POST", "/capture", {"relay": "HTTPS"})
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "application/x-pcapng", b"one two")
    assert answer.headers["content-disposition"].endswith('.pcapng"')
    refused = served.ask("POST", "/capture", {"client": "10.1.1.1"})
    assert (refused.status, refused.json["detail"]) == (503, "capture packets: Operation not permitted")

import inspect
from collections.abc import AsyncIterator

import msgspec
import pytest

from bascule.service.any_result import AnyResult
from bascule.service.catalogue import OPERATIONS, AnyRequest
from bascule.service.deployment import Compare, ShowCopy
from bascule.service.logins import ShowLogin
from bascule.service.metrics import ShowMetrics
from bascule.service.operation import Operation
from bascule.service.operations import Explain, ShowRelays
from bascule.service.permissions import Permission
from bascule.service.service import Service


def test_every_request_is_in_the_table() -> None:
    """A request that the wire accepts is an operation, and the other way round."""
    assert set(OPERATIONS) == set(AnyRequest.__args__)


def test_every_result_is_on_the_wire() -> None:
    """An operation's answer is one that the client can read."""
    assert {operation.result for operation in OPERATIONS.values()} == set(AnyResult.__args__)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_the_service_has_a_method_for_each(operation: Operation) -> None:
    """The method named by the table takes that request and returns that result."""
    signature = inspect.signature(getattr(Service, operation.method))
    assert signature.parameters["request"].annotation is operation.request
    answers = AsyncIterator[operation.result] if operation.streams else operation.result  # type: ignore[name-defined]  # at run time it is a type
    assert signature.return_annotation == answers


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_what_changes_something_is_audited(operation: Operation) -> None:
    """Looking leaves no line in the audit log, and everything else does."""
    looks = operation.permission is Permission.VIEW or operation.request in {ShowLogin, ShowMetrics, ShowCopy, Compare}
    assert (operation.audit is None) == looks


def test_a_misspelt_field_is_refused() -> None:
    """An unknown field is an error, not silence."""
    with pytest.raises(msgspec.ValidationError, match="unknown field `prot`"):
        msgspec.msgpack.decode(
            msgspec.msgpack.encode({"operation": "explain", "clients": [], "port": 1, "prot": "udp"}), type=AnyRequest
        )


@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    """The wire itself knows what a port is."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(Explain(clients=(), port=port)), type=AnyRequest)


def test_names_are_those_of_the_command_line() -> None:
    """`show.relays` on the wire is `show_relays` in the service."""
    assert (OPERATIONS[ShowRelays].name, OPERATIONS[ShowRelays].method) == ("show.relays", "show_relays")

import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from bascule import service
from bascule.service.accounts import AccountChanged, RemoveAccount
from bascule.service.catalogue import OPERATIONS, REQUESTS, ROWS, operation_of
from bascule.service.deployment import Compare, ShowCopy
from bascule.service.local.service import LocalService
from bascule.service.logins import ShowLogin
from bascule.service.metrics import ShowMetrics
from bascule.service.operation import Operation
from bascule.service.operations import Explain, Poll, ShowRelays
from bascule.service.permissions import Permission
from bascule.service.request import Context, Request
from bascule.service.result import Result
from bascule.service.results import Polled


def concrete(kind: type[Any]) -> Iterator[type[Any]]:
    """Yield what may be sent of a kind: classes of Bascule's own under which there are no others."""
    below = [each for each in kind.__subclasses__() if each.__module__.startswith("bascule.")]
    if not below:
        yield kind
    for each in below:
        yield from concrete(each)


def test_every_request_is_in_the_table_once() -> None:
    """None was forgotten where its row should stand, or the module in the catalogue."""
    for module in pkgutil.iter_modules(service.__path__, "bascule.service."):
        importlib.import_module(module.name)
    assert set(concrete(Request)) == set(OPERATIONS)
    assert len(ROWS) == len(OPERATIONS) == len({operation.name for operation in ROWS})


def test_every_result_answers_something() -> None:
    """And the type of a request says what answers it, whatever it is derived from."""
    assert set(concrete(Result)) == {operation.result for operation in ROWS}
    assert operation_of(RemoveAccount(name="eve")).result is AccountChanged
    assert operation_of(Poll()).result is Polled


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_the_service_has_a_method_for_each(operation: Operation[Any]) -> None:
    """The method named by the table takes that request and returns that result; Protocol and socket rely on it."""
    signature = inspect.signature(getattr(LocalService, operation.method))
    assert [each.annotation for each in signature.parameters.values()][1:] == [Context, operation.request]
    answers = AsyncIterator[operation.result] if operation.streams else operation.result  # type: ignore[name-defined]  # at run time it is a type
    assert signature.return_annotation == answers


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_what_changes_something_is_audited(operation: Operation[Any]) -> None:
    """Looking leaves no line in the audit log, and everything else does."""
    looks = operation.permission is Permission.VIEW or operation.request in {ShowLogin, ShowMetrics, ShowCopy, Compare}
    assert (operation.audit is None) == looks


def test_a_working_copy_is_explained_to_whoever_may_deploy() -> None:
    """Others have none, and what it costs to read one is not theirs to ask for."""
    explain = OPERATIONS[Explain]
    assert explain.needs(Explain(clients=(), port=443)) is Permission.VIEW
    assert explain.needs(Explain(clients=(), port=443, working_copy=True)) is Permission.DEPLOY


def test_a_misspelt_field_is_refused() -> None:
    """An unknown field is an error, not silence."""
    with pytest.raises(msgspec.ValidationError, match="unknown field `prot`"):
        msgspec.msgpack.decode(
            msgspec.msgpack.encode({"operation": "explain", "clients": [], "port": 1, "prot": "udp"}), type=REQUESTS
        )


@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    """The wire itself knows what a port is."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(Explain(clients=(), port=port)), type=REQUESTS)


def test_names_are_those_of_the_command_line() -> None:
    """`show.relays` on the wire is `show_relays` in the service."""
    assert (OPERATIONS[ShowRelays].name, OPERATIONS[ShowRelays].method) == ("show.relays", "show_relays")

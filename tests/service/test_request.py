"""What is asked has an end: every length and every number, whoever asks."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec import inspect
from msgspec.structs import fields as fields_of

from bascule.service.catalogue import ROWS
from bascule.service.operation import Operation
from bascule.service.restoring import UploadBackup

_ALWAYS: Final = (
    *(inspect.UnionType, inspect.StructType),  # as far as their parts do
    *(inspect.BoolType, inspect.NoneType, inspect.EnumType, inspect.DateTimeType),
)


def boundless(kind: inspect.Type, path: str) -> Iterator[str]:
    """Yield the parts of a type that have no end."""
    if not _ends(kind):
        yield path
    match kind:
        case inspect.UnionType():
            for each in kind.types:
                yield from boundless(each, path)
        case inspect.StructType():
            for field in kind.fields:
                yield from boundless(field.type, f"{path}.{field.name}")
        case inspect.VarTupleType():
            yield from boundless(kind.item_type, path)


def _ends(kind: inspect.Type) -> bool:
    match kind:
        case inspect.IntType() | inspect.FloatType():
            return kind.le is not None and (kind.ge is not None or kind.gt is not None)
        case inspect.StrType() | inspect.BytesType() | inspect.VarTupleType():
            return kind.max_length is not None
    return isinstance(kind, _ALWAYS)


@pytest.mark.parametrize("operation", ROWS, ids=lambda operation: operation.name)
def test_everything_that_is_asked_is_bounded(operation: Operation[Any]) -> None:
    """A number of more than 64 bits, or a text of a gigabyte, goes nowhere."""
    assert [*boundless(inspect.type_info(operation.request), operation.name)] == []


@pytest.mark.parametrize("operation", ROWS, ids=lambda operation: operation.name)
def test_no_secret_is_written_where_a_request_is(operation: Operation[Any]) -> None:
    """A log, or what is told of a fault, may have any request."""
    fields = fields_of(operation.request)
    secret = {each.name: "hunter2" for each in fields if each.name in {"password", "code", "key"}}
    others = {each.name: "" for each in fields if each.required and each.name not in secret}
    assert "hunter2" not in repr(operation.request(**others, **secret))


def test_nothing_of_a_backup_is_written_where_its_parts_are() -> None:
    """Passwords of logins lie in it as they are."""
    assert "hunter2" not in repr(UploadBackup(content=b"hunter2"))


def test_what_has_no_end_is_found() -> None:
    """Numbers, texts, and how many there are of them."""
    for kind in (int, str, bytes, tuple[bool, ...], float | None, dict[bool, bool]):
        assert [*boundless(inspect.type_info(kind), "here")]

"""Text that would run as a script wherever a page took it for markup, in every string that there is."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final, cast

import msgspec
from msgspec import inspect

from bed.texts.scripts import payload

_WHEN: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_PARSED: Final[Mapping[str, Mapping[str, str]]] = {"AdminPlace": {"address": "10.0.0.2"}}
"""What pages read as what the service says it is, and show nowhere as it came: by the kind of message."""

_DEEPEST: Final = 12


def payloads() -> Iterator[str]:
    """Yield one after another, each another."""
    for n in count(1):
        yield payload(n)


def filled(kind: type[Any], *, full: bool) -> Any:
    """Return a message with a payload in each of its strings; with `full`, all that may be missing is there."""
    made = payloads()
    return msgspec.convert(_value(inspect.type_info(kind), lambda: next(made), full, 0), kind)


def _value(kind: inspect.Type, payload: Callable[[], str], full: bool, depth: int) -> Any:  # noqa: FBT001 - passed on
    match kind:
        case inspect.StructType():
            tagged = {kind.tag_field: kind.tag} if kind.tag_field else {}
            fields = [each for each in kind.fields if each.required or (full and depth < _DEEPEST)]
            made = {each.encode_name: _value(each.type, payload, full, depth + 1) for each in fields}
            return {**tagged, **made, **_PARSED.get(kind.cls.__name__, {})}
        case inspect.DataclassType():
            needed = [each for each in kind.fields if each.required or full]
            return {each.encode_name: _value(each.type, payload, full, depth + 1) for each in needed}
        case inspect.UnionType():
            kinds = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
            return _value(kinds[0], payload, full, depth) if full or not kind.includes_none else None
        case inspect.VarTupleType() | inspect.ListType() | inspect.SetType() | inspect.FrozenSetType():
            return [_value(kind.item_type, payload, full, depth + 1)] if full or depth < 2 else []
        case inspect.TupleType():
            return [_value(each, payload, full, depth + 1) for each in kind.item_types]
        case inspect.DictType():
            return {_value(kind.key_type, payload, full, depth + 1): _value(kind.value_type, payload, full, depth + 1)}
        case inspect.StrType():
            return payload()
        case _:
            return _plain(kind, full=full)


def _plain(kind: inspect.Type, *, full: bool) -> Any:
    match kind:
        case inspect.EnumType():
            return next(iter(cast("Any", kind.cls))).value
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.BoolType():
            return full
        case inspect.IntType() | inspect.FloatType():
            return max(1, kind.ge or 0)
        case inspect.DateTimeType():
            return _WHEN
        case inspect.BytesType():
            return b"x"
        case _:
            return None

"""Draws messages of our own wires from their types, most of them well formed, with values that nobody expects."""

import random
import string
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import inspect

from bascule.system.frames import VERSION
from fuzz.damage import damaged

_NUMBERS: Final = (0, 1, -1, 443, 65535, 65536, 2**31, 2**32, 2**63 - 1, -(2**63))
_FLOATS: Final = (0.0, -1.0, 0.5, 3.0, 1e308, float("inf"), float("nan"))
_TEXTS: Final = (
    "",
    "10.80.0.10",
    "fd80::10",
    "10.0.0.0/8",
    "HTTPS",
    "a\nb",
    "\x1b[2J",
    "%s",
    "é",
    "\u202e",
    "../..",
    "x" * 5000,
)


def drawn(chance: random.Random, kind: inspect.Type) -> Any:
    """Return what msgpack writes for a value of a type; now and then for one of another."""
    if chance.random() < 0.02:
        return chance.choice((None, True, -1, 1.5, "x", b"x", [], {}))
    match kind:
        case inspect.UnionType(types=types):
            return drawn(chance, chance.choice(types))
        case inspect.StructType(fields=fields, tag=tag, tag_field=tag_field, array_like=array_like):
            values = [drawn(chance, field.type) for field in fields]
            if array_like:
                return values
            named = {field.encode_name: value for field, value in zip(fields, values, strict=True)}
            return {**named, **({} if tag_field is None else {tag_field: tag})}
        case (
            inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item) | inspect.FrozenSetType(item_type=item)
        ):
            return [drawn(chance, item) for _ in range(chance.choice((0, 1, 3)))]
        case inspect.TupleType(item_types=items):
            return [drawn(chance, item) for item in items]
        case inspect.EnumType(cls=cls):
            return chance.choice([member.value for member in cls])
        case inspect.LiteralType(values=values):
            return chance.choice(values)
        case inspect.DictType(key_type=key, value_type=value):
            return {drawn(chance, key): drawn(chance, value) for _ in range(chance.choice((0, 1)))}
        case _:
            return _plain(chance, kind)


def _plain(chance: random.Random, kind: inspect.Type) -> Any:
    match kind:
        case inspect.IntType(ge=low, le=high):
            return chance.choice([number for number in (low, high, 7, *_NUMBERS) if number is not None])
        case inspect.FloatType():
            return chance.choice(_FLOATS)
        case inspect.BoolType():
            return chance.random() < 0.5
        case inspect.BytesType():
            return chance.randbytes(chance.choice((0, 1, 2048)))
        case inspect.StrType():
            return chance.choice((*_TEXTS, "".join(chance.choices(string.printable, k=9))))
        case inspect.DateTimeType():
            return chance.choice(("2026-01-01T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z"))
        case _:
            return None


def stream(chance: random.Random, kind: inspect.Type, *, most: int = 3) -> bytes:
    """Return the frames of a few messages, some of them damaged, some with a length or a version that is not theirs."""
    return b"".join(_frame(chance, kind) for _ in range(chance.randint(1, most)))


def _frame(chance: random.Random, kind: inspect.Type) -> bytes:
    body = msgspec.msgpack.encode(drawn(chance, kind))
    if chance.random() < 0.4:
        body = damaged(chance, body)
    length, version = len(body) + 1, VERSION
    match chance.randint(0, 19):
        case 0:
            length = chance.choice((0, 1, length - 1, length + 1, 2**24, 2**31, 2**32 - 1))
        case 1:
            version = chance.randint(0, 255)
        case 2:
            body = chance.choice((b"\x91", b"\x81\xa1a", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff")) * 2000
            length = len(body) + 1
    return length.to_bytes(4, "big") + bytes((version,)) + body


def types(kinds: Sequence[Any]) -> Sequence[inspect.Type]:
    """Return what messages of these types are made of."""
    return inspect.multi_type_info(kinds)

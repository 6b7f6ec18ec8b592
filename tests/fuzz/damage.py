"""Damages bytes as a broken or hostile peer would, and cuts them as a network does."""

import random
from collections.abc import Sequence
from typing import Final

NASTY: Final = (
    b"\x00",
    b"\xff",
    b"\r\n",
    b"\n",
    b" ",
    b"-",
    b":",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x80",
    b"9" * 30,
)


def damaged(chance: random.Random, data: bytes) -> bytes:
    """Return the bytes after a few changes, or as they were."""
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        place, other = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        match chance.randint(0, 4):
            case 0:
                data = data[:place] + data[other:]
            case 1:
                data = data[:other] + data[place:]
            case 2:
                data = data[:place] + chance.choice(NASTY) * chance.choice((1, 1, 1, 50)) + data[place:]
            case 3:
                data = data[:place] + chance.randbytes(chance.choice((1, 4, 40))) + data[place:]
            case _:
                data = (
                    data[:place]
                    + bytes(byte ^ (1 << chance.randint(0, 7)) for byte in data[place : place + 1])
                    + data[place + 1 :]
                )
    return data


def pieces(chance: random.Random, data: bytes) -> Sequence[bytes]:
    """Return the bytes in one piece, in a few, or one by one."""
    step = chance.choice((len(data), len(data), max(1, len(data) // 3), 7, 1))
    return [data[at : at + step] for at in range(0, min(len(data), 200 * step), max(1, step))]

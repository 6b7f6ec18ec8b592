"""What the kernel says of its clock (adjtimex(2))."""

import ctypes
from typing import Final

_UNSYNC: Final = 0x40
"""STA_UNSYNC of linux/timex.h: nobody keeps it right."""

_ERROR: Final = 5
"""TIME_ERROR: likewise."""


class _Timex(ctypes.Structure):
    """`struct timex` as far as its status; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def synchronised() -> bool | None:
    """Tell whether somebody keeps the kernel's clock right; None where it does not say. Changes nothing."""
    try:
        asked = _Timex()
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _ERROR and not asked.status & _UNSYNC

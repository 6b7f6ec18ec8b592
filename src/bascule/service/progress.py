"""How far an operation is, as it travels before its answer to one who asked for that."""

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="progress"):
    """A step of an operation that begins. Some may be missing: who reads slowly is not waited for."""

    step: str
    """In words: `rehearsing the kernel's rules`."""
    done: int
    of: int
    """Steps before this one, and all; 0 of 0 where it is not known yet how many there are."""
    seconds: float
    """Since the operation began."""

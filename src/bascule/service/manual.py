"""The page of the manual about operations and who may do them; `python -m bascule.service.manual` prints it."""

import sys
from collections.abc import Iterator
from typing import Final

from bascule.service.catalogue import OPERATIONS
from bascule.service.failures import EXIT_CODES
from bascule.service.permissions import ALLOWED, ROLES

_INTRODUCTION: Final = """\
Made by `python -m bascule.service.manual`; a test compares. Who speaks to the control socket is known from the kernel:
root and the user Bascule runs as are administrators; others are what the account of their name says, else what their
group says: `bascule-administrator`, `bascule-operator`, `bascule-viewer`. Everybody else is nobody. With `bascule run
--config FILE` there are no accounts, and root does everything. `bascule show audit` lists what changed something, and
what was refused."""

_EXCEPTIONS: Final = """\
`deploy` with `--commit` is for who may commit. `account.password` is for everybody's own account; for another's it takes
an administrator."""


def page() -> str:
    """Return the page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Operations, and who may do them"
    yield ""
    yield from _INTRODUCTION.splitlines()
    yield ""
    yield f"| operation | what it does | {' | '.join(ROLES)} |"
    yield f"|---|---|{'---|' * len(ROLES)}"
    for operation in sorted(OPERATIONS.values(), key=lambda each: each.name):
        marks = " | ".join("yes" if operation.permission in ALLOWED[role] else "" for role in ROLES)
        yield f"| `{operation.name}` | {operation.summary} | {marks} |"
    yield ""
    yield from _EXCEPTIONS.splitlines()
    yield ""
    yield "| what went wrong | exit code |"
    yield "|---|---|"
    for failure, code in EXIT_CODES.items():
        yield f"| `{failure.__struct_config__.tag}` | {code.value} |"


if __name__ == "__main__":
    sys.stdout.write(page())

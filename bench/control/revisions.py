"""Very many revisions: what it takes to list, compare and deploy over them, and how much room they need."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bascule.store import revisions
from bascule.store.backups import FOLDER
from bascule.store.database import FILE, open_database
from bed.balancer import Balancer
from bed.node import Node
from bed.wait import until
from bench.control import farm
from bench.figures import Figure
from bench.targets import Target

COUNT: Final = 10_000
NAME: Final = f"{COUNT:,} revisions"

_RELAYS: Final = 30
_WORDS: Final = 70
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_MEGA: Final = 1_000_000
_BACKUPS: Final = 2

_LIST: Final = Figure("revisions", "`revisions`", "s", 2)
_DIFF: Final = Figure("diff", "`diff`", "s", 2)
_DEPLOY: Final = Figure("deploy", "`deploy`", "s", 2)
_ROOM: Final = Figure("store", "size of the store", "MB", 1)
FIGURES: Final = (_LIST, _DIFF, _DEPLOY, _ROOM)
TARGETS: Final = (
    *(Target(title=f"{figure.title} over {NAME}", contender=NAME, figure=figure, bound=1) for figure in FIGURES[:3]),
    Target(title=f"store of {NAME}, each of 20 kB", contender=NAME, figure=_ROOM, bound=100),
)


def measured(node: Node, at: Path) -> Mapping[Figure, float]:
    """Return what each command takes with so many revisions, as its user waits for it. Raises BedError."""
    state = at / f"{node.name}-state"
    fill(state)
    balancer = Balancer(node, None, at)
    try:
        balancer.start()
        until(lambda: _backed_up(state), what="the backups of a first start are made")  # they are work of their own
        file = at / "next.conf"
        file.write_bytes(text(COUNT + 1))
        return {
            _LIST: _seconds(lambda: balancer.command("revisions")),
            _DIFF: _seconds(lambda: balancer.command("diff", str(COUNT), str(COUNT // 2))),
            _DEPLOY: _seconds(lambda: balancer.command("deploy", str(file))),
            _ROOM: sum(path.stat().st_size for path in state.glob(f"{FILE}*")) / _MEGA,
        }
    finally:
        balancer.close()


def _backed_up(state: Path) -> bool:
    """Tell whether both are there: that of the day and that of the last commit."""
    return len([path for path in (state / FOLDER).glob("*.db") if not path.name.startswith(".")]) == _BACKUPS


def text(number: int) -> bytes:
    """Return a configuration of about 20 kB, 480 hosts and what people write beside them; each changes a line of it."""
    words = "".join(f"# {n}: the servers of hall {n} take the users whose names begin with {n}\n" for n in range(_WORDS))
    return f"{farm.text(relays=_RELAYS)}{words}# change {number}\n".encode()


def fill(state: Path, count: int = COUNT) -> None:
    """Commit that many revisions, all in one transaction."""
    names = ", ".join("?" for _ in revisions.COLUMNS.split(","))
    with closing(open_database(state)) as database, database.transaction() as change:
        query = f"INSERT INTO revisions ({revisions.COLUMNS}) VALUES ({names})"  # noqa: S608 - our own
        change.executemany(query, (revisions.row_of(each) for each in _history(count)))


def _history(count: int) -> Iterator[revisions.Revision]:
    newest: revisions.Revision | None = None
    for number in range(1, count + 1):
        at = _BEGAN + timedelta(minutes=number)
        newest = revisions.after(newest, at=at, author="root", message=f"change {number}", text=text(number))
        yield newest


def _seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun

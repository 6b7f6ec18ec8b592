"""One contract for whatever keeps orders: the file, and the fake that tests use."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TypeAlias

import pytest

from bascule.plan.orders import Duty, Order, Orders
from bascule.store.database import open_database
from bascule.store.orders import DatabaseOrders, OrderStore
from bascule.system.errors import MachineError
from bed.orders import MemoryOrders

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DRAIN = Order(host=ip_address("10.80.2.1"), name="EX1", duty=Duty.DRAINED, by="alice", since=NOON)
FORCE = Order(
    host=ip_address("fd80::2:1"),
    name="EX1 „neu“",
    relay="HTTPS",
    duty=Duty.FORCED_UP,
    by="bob",
    since=NOON + timedelta(seconds=1.5),
    until=NOON + timedelta(hours=2),
    reason="the check's page is gone; it's known",
)
Reopen: TypeAlias = Callable[[], OrderStore]


@pytest.fixture(params=["file", "fake"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopen]:
    """Return what opens the same store again, as the next parent does."""
    if request.param == "fake":
        fake = MemoryOrders()
        yield lambda: fake
        return
    open_ones = []

    def again() -> OrderStore:
        open_ones.append(open_database(tmp_path))
        return DatabaseOrders(open_ones[-1])

    yield again
    for database in open_ones:
        database.close()


def test_a_new_store_has_no_orders(reopen: Reopen) -> None:
    """Nothing was ordered yet."""
    assert list(reopen().orders()) == []


def test_orders_are_found_again_as_they_were(reopen: Reopen) -> None:
    """Addresses of both versions, words of any kind, moments to the microsecond."""
    orders = Orders().after(DRAIN).after(FORCE)
    reopen().keep(orders)
    assert reopen().orders() == orders
    assert list(reopen().orders()) == [DRAIN, FORCE]


def test_what_is_kept_last_is_all_there_is(reopen: Reopen) -> None:
    """Orders that are taken back are gone, and one about the same place replaces the other."""
    store = reopen()
    store.keep(Orders().after(DRAIN).after(FORCE))
    store.keep(Orders().after(FORCE))
    assert list(reopen().orders()) == [FORCE]
    store.keep(Orders())
    assert list(reopen().orders()) == []


def test_what_cannot_be_kept_leaves_what_was(tmp_path: Path) -> None:
    """A change is whole or not there: where its second row is refused, the first is not kept either."""
    with closing(open_database(tmp_path)) as database:
        store = DatabaseOrders(database)
        store.keep(Orders().after(DRAIN))
        twice = Orders({(FORCE.host, ""): FORCE, (FORCE.host, "HTTPS"): FORCE})
        with pytest.raises(MachineError, match=r"bascule\.db"):
            store.keep(twice)
        assert list(store.orders()) == [DRAIN]


@pytest.mark.parametrize(
    ("column", "value"), [("duty", "resting"), ("host", "EX1"), ("since", "noon"), ("until", "2026-03-01")]
)
def test_a_row_that_nobody_wrote_is_damage(tmp_path: Path, column: str, value: str) -> None:
    """It is said with the file's name; a host is never left out of an order in silence."""
    with closing(open_database(tmp_path)) as database:
        DatabaseOrders(database).keep(Orders().after(DRAIN))
        with database.transaction() as change:
            change.execute(f"UPDATE host_orders SET {column} = ?", [value])  # noqa: S608 - the test's own words
        with pytest.raises(MachineError, match=r"bascule\.db: it is damaged"):
            DatabaseOrders(database).orders()

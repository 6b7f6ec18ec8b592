"""Keeps what administrators have ordered of hosts."""

from ipaddress import ip_address
from typing import Final, Protocol

from bascule.plan.orders import Duty, Order, Orders
from bascule.store.database import Database, Row
from bascule.store.moment import moment, written

_COLUMNS: Final = "host, relay, name, duty, given_by, since, until, reason"


class OrderStore(Protocol):
    """Keeps orders over restarts and crashes. Blocking: call it from a thread."""

    def orders(self) -> Orders:
        """Return the orders that were kept last. Raises MachineError."""
        ...

    def keep(self, orders: Orders) -> None:
        """Keep these orders, and no others; a crash leaves the old ones or these. Raises MachineError."""
        ...


class DatabaseOrders:
    """Keeps them in the file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def orders(self) -> Orders:
        """Read them all: there are about as many as there are hosts under repair."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM host_orders ORDER BY since, host, relay")  # noqa: S608 - our own
        try:
            orders = [_order(row) for row in rows]
        except ValueError as error:
            raise self._database.damaged(str(error)) from error
        return Orders({(order.host, order.relay): order for order in orders})

    def keep(self, orders: Orders) -> None:
        """Replace the whole table."""
        with self._database.transaction() as change:
            change.execute("DELETE FROM host_orders")
            change.executemany(
                f"INSERT INTO host_orders ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own
                [_row(order) for order in orders],
            )


def _row(order: Order) -> Row:
    until = None if order.until is None else written(order.until)
    since = written(order.since)
    return (str(order.host), order.relay, order.name, order.duty.value, order.by, since, until, order.reason)


def _order(row: Row) -> Order:
    """Return the order of a row. Raises ValueError for what we never wrote."""
    host, relay, name, duty, by, since, until, reason = row
    return Order(
        host=ip_address(host),
        relay=relay,
        name=name,
        duty=Duty(duty),
        by=by,
        since=moment(since),
        until=None if until is None else moment(until),
        reason=reason,
    )

"""A store of orders that forgets them with the test."""

from bascule.plan.orders import Orders


class MemoryOrders:
    """Keeps orders in memory; `kept` counts how often it was told to."""

    def __init__(self, orders: Orders | None = None) -> None:
        self._orders = Orders() if orders is None else orders
        self.kept = 0

    def orders(self) -> Orders:
        """Return what was kept last."""
        return self._orders

    def keep(self, orders: Orders) -> None:
        """Keep these and no others."""
        self._orders = orders
        self.kept += 1

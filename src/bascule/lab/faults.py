"""What may be wrong with a simulated server, on demand."""

from enum import StrEnum


class ServiceFault(StrEnum):
    """How any of its services may fail, for every client."""

    HANGS = "hangs"
    """Accepts, and never says a word."""
    HALF_OPEN = "half-open"
    """Shakes hands and greets, then answers nothing more, and closes nothing; sessions that stand meet the same."""
    SLOW = "slow"
    """Takes its time for everything it says, in sessions that stand too."""
    RESETS = "resets"
    """Cuts every connection at once."""


class PageFault(StrEnum):
    """How a health page may go wrong."""

    RESET = "reset"
    """The connection is cut where the page was, as Exchange does for a protocol that it thinks ill of."""
    GONE = "gone"
    """404."""
    FAILING = "failing"
    """503."""
    WRONG = "wrong"
    """200, with a body that is no health page's."""
    LOGIN = "login"
    """200, with a page to log in at."""
    MOVED = "moved"
    """302, to such a page."""
    REFUSED = "refused"
    """401."""
    DRIP = "drip"
    """The answer comes byte by byte, and never to an end."""
    HANG = "hang"
    """Nothing comes."""


class RpcFault(StrEnum):
    """What an endpoint mapper may tell wrongly."""

    WRONG_PORT = "wrong-port"
    """It names other ports than those that are served, as where no static port is set."""
    NOT_REGISTERED = "not-registered"
    """It knows neither service, as while they are stopped."""

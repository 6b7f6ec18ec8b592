"""`make screenshots`: every page at desktop and phone width, light and dark, of a Bascule before echo servers.

`python -m bed.screenshots FOLDER`; needs root, as the network of the tests does. It also has axe look at each of them, and
fails where that finds something serious.
"""

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Final

from bascule.web.menu import MENU
from bed.portal import DESKTOP, PHONE, chromium, portal, serious, visiting

_RELAYS: Final = (("HTTPS", 443), ("POP3S", 995), ("IMAPS", 993), ("RPCLS", 135), ("RPCCAS", 59532), ("RPCABS", 59533))
_SIZES: Final = {"desktop": DESKTOP, "phone": PHONE}
_BEHIND: Final = (
    "/network/load-balancer/wizard",
    "/network/load-balancer/wizard?farm=2010",
    "/network/load-balancer/edit?kind=relay&name=HTTPS",
    "/network/load-balancer/edit?kind=table&name=exchange",
    "/network/load-balancer/host?relay=HTTPS&host=EX1&action=drain",
    "/network/exchange/affinity",
    "/system/monitoring/edit?kind=alert",
    "/system/monitoring/edit?kind=snmp",
)
"""Pages that others lead to."""
_SETTLES: Final = 1500
"""Milliseconds until live figures are there."""


def paths() -> Iterator[str]:
    """Yield every page of the menu, each once."""
    seen = [entry.path for group in MENU for entry in group.entries]
    yield from dict.fromkeys((*seen, *_BEHIND))


def named(path: str) -> str:
    """Return what a page's pictures are called."""
    return re.sub(r"\W+", "-", path).strip("-") or "overview"


def main(arguments: Sequence[str]) -> int:
    """Picture them all, and return the exit code: 1 where axe finds something serious."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as at, portal(Path(at), relays=_RELAYS) as house, chromium(house.client) as browser:
        found: list[str] = []
        for (size, measures), dark in product(_SIZES.items(), (False, True)):
            suffix = f"{size}-{'dark' if dark else 'light'}.png"
            with visiting(browser, house, "/login", name="", size=measures, dark=dark) as page:
                page.screenshot(path=folder / f"login-{suffix}")
            with visiting(browser, house, size=measures, dark=dark) as page:
                for path in paths():
                    page.goto(path)
                    page.wait_for_timeout(_SETTLES)
                    page.screenshot(path=folder / f"{named(path)}-{suffix}", full_page=True)
                    found += [f"{path}, {suffix}: {each}" for each in serious(page)]
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}; axe finds serious: {len(found)}")  # noqa: T201 - for
    print("\n".join(found))  # noqa: T201 - whoever started it
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

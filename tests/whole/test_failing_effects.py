"""Whatever effect of a deployment the machine refuses, the old state is there again, sessions live, and the words say why.

Each case has one Bascule deploy the other of two texts while the Nth effect fails: refused, or done and said not to be. N
goes up until a deployment gets by. What is compared is rules, sets, addresses, routes, settings, listening sockets, notes.
`make test` goes up by some at a time, from a number that is drawn and printed; `make faults` takes every one.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bed import faulty
from bed.clients import exchange, greeted
from bed.failing import KERNEL, PROXIED, Place, failing_place
from bed.layout import VIP
from bed.wait import until

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(900)]

_ENOUGH: Final = 200
"""Effects that no deployment has."""
_EVERY: Final = int(os.environ.get("FAULTS_EVERY", "5"))
"""Of so many effects, one is made to fail."""
_LEAST: Final = 30 // _EVERY
"""Cases that there must be of each way."""


@pytest.fixture
def place(open_directory: Path) -> Iterator[Place]:
    """Return a place where the small text is committed."""
    with failing_place(open_directory) as place:
        yield place


def _cases(place: Place, how: str, first_of_all: int) -> Iterator[str]:
    """Go through the effects of both deployments; yield which failed, and what was said."""
    client = place.net["client1"]
    with greeted(client, "", VIP, KERNEL) as (first, _), greeted(client, "", VIP, PROXIED) as (second, _):
        for before, after in (("small", "large"), ("large", "small")):
            for nth in range(first_of_all, _ENOUGH, _EVERY):
                place.arm(nth, how)
                said = place.deploy(after)
                hit = place.disarm()
                print(f"{after} {how} {place.failed()}: {' '.join(said.split())}")  # noqa: T201 - where it was, if it fails
                held = place.committed()
                assert held == (before if said else after) or (how == "lost" and "Database" in place.failed())
                place.settled(place.shots[held])
                for session in (first, second):
                    exchange(session, f"effect {nth}\n".encode())
                until(lambda: not place.status()["findings"], within=15, what="all is well again")
                assert not said or faulty.CAUSE in said, said
                if not said:
                    if not hit:
                        break
                    heard = faulty.CAUSE in place.balancer.command("show", "log", "--last", "40").stdout
                    assert heard, f"{place.failed()} failed unheard"
                if held == after:
                    assert not place.deploy(before)
                    place.settled(place.shots[before])
                yield f"{after} {place.failed()}: {' '.join(said.split()) or 'goes on'}"


@pytest.mark.parametrize("how", ["refused", "lost"])
def test_any_effect_of_a_deployment_fails(place: Place, how: str) -> None:
    """The state before is there again, or the new one whole; and the next deployment works."""
    beginning = random.SystemRandom().randint(1, _EVERY)
    print("every", _EVERY, "from", beginning)  # noqa: T201 - what to begin with to see it again
    cases = list(_cases(place, how, beginning))
    print(f"{len(cases)} effects {how}:", *cases, sep="\n  ")  # noqa: T201 - what was tried is part of the result
    assert len(cases) >= _LEAST

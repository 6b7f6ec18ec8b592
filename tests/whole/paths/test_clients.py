"""Who is served by whom: very many short connections, none of them lost, and the balancer itself as a client."""

import json
from collections import Counter
from itertools import cycle, islice
from typing import Final

import pytest

from bed.crowd import Call, Crowd
from whole.paths.place import CROWD_PORT, PORT, Place

pytestmark = pytest.mark.kernel

_MANY: Final = 10_000


def test_ten_thousand_short_connections(place: Place) -> None:
    """Each hears the server that `explain` foretells for its client, says a word and hears it again; both serve."""
    place.balancer.wait_all_up()  # a test before this one may have disturbed a host
    crowd = Crowd(place.client)
    calls = [Call(place.vip, CROWD_PORT, client) for client in islice(cycle(place.clients), _MANY)]
    met = crowd.met(calls)
    assert crowd.lost == []
    foretold = _foretold(place)
    strays = [(n, foretold[call.source], name) for n, (call, name) in enumerate(zip(calls, met, strict=True))]
    strays = [stray for stray in strays if stray[1] != stray[2]]
    assert strays[:3] + strays[-3:] == [], place.balancer.log.read_text(encoding="utf-8")
    assert Counter(met).keys() == {"srv1", "srv2"}


def _foretold(place: Place) -> dict[str, str]:
    """Return each client's server, as `bascule explain` says."""
    said = place.balancer.command("explain", "--json", "--to", place.vip, str(CROWD_PORT), *place.clients).stdout
    servers = {place.host(node): node.name for node in place.net.named("srv")}
    return {answer["client"]: servers[answer["host"]] for answer in map(json.loads, said.splitlines())}


def test_the_balancer_reaches_its_own_services(place: Place) -> None:
    """A program on the balancer itself is served as well."""
    with place.servers.session(place.net["lb1"], (place.vip, PORT)) as session:
        session.speak()

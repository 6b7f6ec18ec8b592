"""What people are told of routers."""

from dataclasses import replace

from bascule.health.states import HostStates, Record
from bascule.plan.compile import redeal
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.slots import Rankings
from bascule.service.events import EventKind, Grade
from bascule.service.local.belief import Belief
from bascule.service.local.uplinks.news import Uplinks, uplink_news
from bascule.service.local.uplinks.rows import router_rows, uplink_findings
from service.local.situations import planned, running

TEXT = """
load-balancer {
	table <gateways> {
		10.80.1.1 name "ISP1"
		10.80.1.2
	}
	router "uplinks" {
		route 0.0.0.0/0
		route 198.51.100.0/24
		forward to <gateways> check icmp
	}
}
"""
UP, DOWN, UNKNOWN = HostState.UP, HostState.DOWN, HostState.UNKNOWN


def at(plan: Plan, first: HostState, second: HostState) -> Uplinks:
    """Return the routers with their gateways in these states."""
    one, two = plan.routers[0].gateways
    assert one.target is not None
    assert two.target is not None
    states: dict[ProbeTarget, HostState] = {one.target: first, two.target: second}
    return Uplinks(redeal(plan, states, Rankings()), states)


def records(uplinks: Uplinks) -> HostStates:
    """Return what the checks know."""
    why = "no answer within 1 s"
    return HostStates(
        records={target: Record(state=state, since=0, reason=why) for target, state in uplinks.states.items()}
    )


def words(before: Uplinks, after: Uplinks) -> list[tuple[Grade, str]]:
    """Return what is said of a change."""
    news = list(uplink_news(before, after, records(after)))
    assert {each.kind for each in news} <= {EventKind.ROUTER}
    return [(each.grade, each.words.removeprefix("router uplinks: ")) for each in news]


def test_what_changes_is_said() -> None:
    """Gateways with the reason, routes with who has them, and that nobody is left."""
    unknown = at(planned(TEXT), UNKNOWN, UNKNOWN)
    first = at(unknown.plan, UP, UP)
    assert words(unknown, first) == [
        (Grade.INFO, "gateway ISP1 (10.80.1.1) is up"),
        (Grade.INFO, "gateway 10.80.1.2 is up"),
        (Grade.INFO, "route default leads by ISP1 (10.80.1.1) on eth0"),
        (Grade.INFO, "route 198.51.100.0/24 leads by ISP1 (10.80.1.1) on eth0"),
    ]
    second = at(first.plan, DOWN, UP)
    assert words(first, second) == [
        (Grade.WARNING, "gateway ISP1 (10.80.1.1) is down: no answer within 1 s"),
        (Grade.INFO, "route default leads by 10.80.1.2 on eth0"),
        (Grade.INFO, "route 198.51.100.0/24 leads by 10.80.1.2 on eth0"),
    ]
    nobody = at(second.plan, DOWN, DOWN)
    stays = "route default stays with 10.80.1.2 and route 198.51.100.0/24 stays with 10.80.1.2"
    assert words(second, nobody) == [
        (Grade.WARNING, "gateway 10.80.1.2 is down: no answer within 1 s"),
        (Grade.WARNING, f"no gateway is up: {stays}"),
    ]
    assert words(nobody, nobody) == []
    assert "nothing leads to 0.0.0.0/0" in words(unknown, at(unknown.plan, DOWN, DOWN))[-1][1]


def test_what_needs_an_eye_and_what_is_shown() -> None:
    """A gateway that is down, with the reason; who has the routes."""
    now = at(at(planned(TEXT), UP, UP).plan, DOWN, UP)
    place = replace(running(), plan=now.plan, belief=Belief(states=now.states), hosts=records(now))
    assert uplink_findings(place) == ["router uplinks: gateway ISP1 (10.80.1.1) is down: no answer within 1 s"]
    (row,) = router_rows(place, now=5)
    assert (row.name, row.status, row.check) == ("uplinks", "active", "check icmp")
    shown = [(each.name, each.status, each.leads, each.reason) for each in row.gateways]
    assert shown == [
        ("ISP1", "down", (), "no answer within 1 s"),
        ("10.80.1.2", "up", ("0.0.0.0/0", "198.51.100.0/24"), ""),
    ]
    nobody = at(planned(TEXT), DOWN, DOWN)
    place = replace(place, plan=nobody.plan, belief=Belief(states=nobody.states), hosts=records(nobody))
    assert "nothing leads to 0.0.0.0/0 and nothing leads to 198.51.100.0/24" in uplink_findings(place)[-1]
    assert router_rows(place, now=5)[0].status == "down"

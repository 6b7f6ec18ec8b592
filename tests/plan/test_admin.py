"""Where the admin server answers, from the text, from what was committed before it, and from what relays take."""

from bascule.config.implied import deployed
from bascule.config.model import Configuration, KeyFiles
from bascule.plan.compile import Situation, compile_plan
from bascule.plan.model import AdminPlan
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, balancer, configured, relay


def written(server: str, *listens: str) -> Configuration:
    """Return a configuration with this `http-server` statement, and a relay that listens so."""
    relays = [relay("web", listen=list(listens))] if listens else []
    return configured(f"{ONE_ARM_BLOCK}{balancer(*relays) if relays else ''}system {{ {server} }}\n")


def planned(configuration: Configuration, committed: Configuration | None = None) -> AdminPlan:
    """Return the admin server's part of its plan."""
    return compile_plan(configuration, Situation(facts=ONE_ARM, committed=committed)).admin


def places(plan: AdminPlan, *, passing: bool = False) -> list[str]:
    """Return where it answers."""
    return [str(each.endpoint) for each in plan.listeners if each.passing is passing]


def test_a_file_alone_has_none_that_it_does_not_name() -> None:
    """A text that is deployed has one, at 443 of every address."""
    silent = configured(ONE_ARM_BLOCK)
    assert planned(silent) == AdminPlan()
    assert places(planned(deployed(silent))) == ["0.0.0.0:443", "[::]:443"]
    assert places(planned(written("http-server { port 4433 }"))) == ["0.0.0.0:4433", "[::]:4433"]
    assert places(planned(written("http-server { listen on 10.80.0.2 }"))) == ["10.80.0.2:443"]
    named = written("http-server { port 4433 }")
    assert deployed(named) is named


def test_it_is_reached_at_the_nodes_own_addresses_but_for_places_of_relays() -> None:
    """A virtual address is that of sessions."""
    plan = planned(written("http-server { port 4433 }", "10.80.0.2 port 4400:4440"))
    assert [str(place) for place in plan.untracked] == ["[fd80::2]:4433"]
    plan = planned(written("http-server { port 4433 }", "10.80.0.10 port 443"))
    assert [str(place) for place in plan.untracked] == ["10.80.0.2:4433", "[fd80::2]:4433"]


def test_what_was_committed_answers_during_a_test() -> None:
    """At a place of its own; afterwards it does not."""
    before, after = deployed(configured(ONE_ARM_BLOCK)), written("http-server { port 4433 }", "10.80.0.10 port 443")
    plan = planned(after, before)
    assert places(plan) == ["0.0.0.0:4433", "[::]:4433"]
    assert places(plan, passing=True) == ["0.0.0.0:443", "[::]:443"]
    assert "10.80.0.2:443" in map(str, plan.untracked)
    assert plan.alone() == planned(after)


def test_an_old_place_that_the_new_one_covers_is_the_new_ones() -> None:
    """Also where only the certificate is another."""
    every, one = written("http-server { }"), written("http-server { listen on 10.80.0.2 }")
    assert places(planned(every, one), passing=True) == []
    assert places(planned(one, every), passing=True) == ["0.0.0.0:443", "[::]:443"]
    other = planned(written('http-server { certificate "/a" key "/b" }'), every)
    assert {each.certificate for each in other.listeners} == {KeyFiles("/a", "/b")}
    assert places(other, passing=True) == []


def test_an_old_place_that_a_relay_takes_is_the_relays() -> None:
    """Of that very address; every other one goes on."""
    before = written("http-server { listen on 10.80.0.2 }")
    assert places(planned(written("http-server { port 4433 }", "10.80.0.2 port 443"), before), passing=True) == []
    udp = configured(
        f'{ONE_ARM_BLOCK}load-balancer {{ table <t> {{ 10.80.2.1 }}; redirect "x" '
        "{ listen on 10.80.0.2 udp port 443; forward to <t> check icmp } }\nsystem { http-server { port 4433 } }\n"
    )
    assert places(planned(udp, before), passing=True) == ["10.80.0.2:443"]


def test_its_certificate_names_the_machine() -> None:
    """By the name of the text, then its own addresses."""
    assert planned(written('host-name "lb1"; http-server { }')).names == ("lb1", "10.80.0.2", "fd80::2")

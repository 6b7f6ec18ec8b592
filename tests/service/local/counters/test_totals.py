"""Counters begin with the first look, never go back, and rates are those of the last minute."""

from ipaddress import ip_address

from bascule.plan.model import Endpoint
from bascule.service.local.counters.totals import History, Key, Look, Rates, Totals

EX1 = Key("HTTPS", Endpoint(ip_address("10.80.2.1"), 443))


def look(at: float, opened: int, carried: int = 0, refused: int = 0) -> Look:
    """Return a look at one host."""
    return Look(at=at, totals={EX1: Totals(opened, 0, carried, 2 * carried)}, refused={"HTTPS": refused})


def test_what_was_there_before_is_not_counted() -> None:
    """The first look counts as nothing."""
    history = History()
    assert history.add(look(0, 100, 5000, 7)).totals[EX1] == Totals()
    seen = history.seen(look(10, 103, 5600, 9))
    assert seen.totals[EX1] == Totals(3, 0, 600, 1200)
    assert seen.refused == {"HTTPS": 2}


def test_counters_never_go_back() -> None:
    """A session that has left the table is told as ended a moment later."""
    history = History()
    history.add(look(0, 0))
    history.add(look(10, 50, 1000))
    assert history.add(look(20, 49, 200)).totals[EX1] == Totals(50, 0, 1000, 2000)
    assert history.add(look(30, 51, 1100)).totals[EX1] == Totals(51, 0, 1100, 2200)


def test_a_host_that_comes_later_is_counted_from_its_first_session() -> None:
    """It was not there to be counted before."""
    history = History()
    history.add(Look(at=0))
    assert history.add(look(10, 4, 10)).totals[EX1].opened == 4


def test_rates_are_those_of_the_last_minute() -> None:
    """What came before a minute ago is no part of them."""
    history = History()
    for step in range(7):
        history.add(look(step * 10, 100 * step))
    last = history.add(look(70, 600))
    assert history.rates(last)[EX1].opened == 500 / 60
    now = history.seen(look(75, 600, 650))
    assert history.rates(now)[EX1] == Rates(500 / 65, 10, 20)


def test_before_the_second_look_there_is_no_rate() -> None:
    """And no division by nothing."""
    history = History()
    assert history.rates(history.add(look(5, 1))) == {}

"""Letters get there, or are tried again, or it is said that they never did."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bascule.config.outward import Alert, Cause, MailServer, Webhook
from bascule.herald.wire import LONGEST_BODY, Delivered, PostWebhook, SendMail
from bascule.service.local.journal import Journal
from bascule.service.local.outward.alerts import post as module
from bascule.service.local.outward.alerts.desk import Letter, Why
from bascule.service.local.outward.alerts.letters import posted
from bascule.service.local.outward.alerts.notices import Notice
from bascule.service.local.outward.alerts.post import AGAIN, Post, Sender
from bed.clock import SteppedClock

AT = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)
DOWN = Notice(at=AT, cause=Cause.HOST, subject=1, state="down", good=False, words="host EX1 is down\r\nBcc: x@y.z")
LETTER = Letter(why=Why.NEWS, notices=(DOWN, DOWN))
ALERT = Alert(
    name="on call",
    mail_to=("a@example.com",),
    webhooks=(Webhook(url="https://hooks.example.com/SECRET", user="hook", password="<set 0000000c>"),),
)
KEPT = {"0000000c": "login hook\nhook's secret", "user bascule": "user bascule\nbascule's secret"}
SENDER = Sender(
    machine="lb1",
    mail=MailServer(host="mail.example.com", port=587, starttls=True, user="bascule"),
    secret=KEPT.__getitem__,
)


class Bench:
    """A post whose orders a test answers."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.orders: list[SendMail | PostWebhook] = []
        self.journal = Journal(now=lambda: AT, write=lambda _: None)
        self.post = Post(self.journal, self.clock, self.orders.append)

    @property
    def words(self) -> list[str]:
        """Return what was said."""
        return [event.words for event in self.journal.last(100)]

    def look(self, sender: Sender = SENDER) -> None:
        """Have the time looked at."""
        self.post.look({ALERT.name: ALERT}, sender)

    def answer(self, fault: str = "") -> None:
        """Answer everything."""
        for order in self.orders:
            self.post.heard(Delivered(number=order.number, fault=fault))
        self.orders.clear()


def test_a_letter_goes_to_everybody_with_what_they_need() -> None:
    """Passwords come from where they are kept; a line of an event makes no header."""
    bench = Bench()
    bench.post.send(LETTER, ALERT, SENDER)
    mail, hook = bench.orders
    assert isinstance(mail, SendMail)
    assert (mail.to, mail.sender, mail.password) == ("a@example.com", "bascule@lb1", "bascule's secret")
    assert mail.subject == "[lb1] host EX1 is down  Bcc: x@y.z (and 1 more)"
    assert "host EX1 is down  Bcc: x@y.z\n" in mail.text
    assert isinstance(hook, PostWebhook)
    assert (hook.url, hook.password) == ("https://hooks.example.com/SECRET", "hook's secret")
    body = json.loads(hook.body)
    assert (body["alert"], body["machine"], body["why"], len(body["notices"])) == ("on call", "lb1", "news", 2)
    bench.answer()
    assert bench.words == [
        f'alert "on call" told a@example.com: {mail.subject}',
        f'alert "on call" told the webhook at hooks.example.com: {mail.subject}',
    ]
    assert not any("SECRET" in said or "secret" in said for said in bench.words)


def test_the_address_of_a_webhook_comes_from_where_it_is_kept() -> None:
    """One that is kept nowhere goes to the herald as it is, who says so; a machine that is not its own gets nothing."""
    places = {"0000000a": "https://hooks.example.com/SECRET"}
    for written, sent in (
        ("https://hooks.example.com/<set 0000000a>", "https://hooks.example.com/SECRET"),
        ("https://evil.example/<set 0000000a>", "https://evil.example/<set 0000000a>"),
        ("https://hooks.example.com/<set 0000000b>", "https://hooks.example.com/<set 0000000b>"),
    ):
        bench = Bench()
        sender = replace(SENDER, secret=lambda label: places.get(label, ""))
        bench.post.send(LETTER, Alert(name="on call", webhooks=(Webhook(url=written),)), sender)
        (hook,) = bench.orders
        assert isinstance(hook, PostWebhook)
        assert hook.url == sent


async def test_what_was_not_taken_is_tried_again_and_given_up_at_last() -> None:
    """It is said once that it does not work, is a finding until it does, and said that one never got there."""
    bench = Bench()
    bench.post.send(LETTER, ALERT, SENDER)
    for pause in AGAIN:
        bench.answer("Connection refused")
        await bench.clock.advance(pause - 1)
        bench.look()
        assert bench.orders == []
        await bench.clock.advance(1)
        bench.look()
        assert len(bench.orders) == 2
    assert len([said for said in bench.words if "does not reach a@example.com: Connection refused" in said]) == 1
    bench.answer("Connection refused")
    await bench.clock.advance(10_000)
    bench.look()
    assert bench.orders == []
    assert len([said for said in bench.words if "never reached" in said]) == 2
    assert len(list(bench.post.findings())) == 2
    bench.post.send(LETTER, ALERT, SENDER)
    bench.answer()
    assert list(bench.post.findings()) == []


async def test_a_test_is_tried_once_and_answered() -> None:
    """With the very fault."""
    bench = Bench()
    answers = bench.post.test(Letter(why=Why.TEST), ALERT, SENDER)
    bench.post.heard(Delivered(number=bench.orders[0].number, fault="it answered 535 no"))
    bench.post.heard(Delivered(number=bench.orders[1].number))
    assert [await answer for answer in answers.values()] == ["it answered 535 no", ""]
    await bench.clock.advance(10_000)
    bench.orders.clear()
    bench.look()
    assert bench.orders == []


def test_a_herald_that_begins_is_told_what_the_last_one_left() -> None:
    """In its order; what was answered is not told again."""
    bench = Bench()
    bench.post.send(LETTER, ALERT, SENDER)
    mail, hook = bench.orders
    bench.post.heard(Delivered(number=mail.number))
    assert list(bench.post.outstanding()) == [hook]


def test_what_waits_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are given up, and that is said."""
    monkeypatch.setattr(module, "MOST", 4)
    bench = Bench()
    for _ in range(3):
        bench.post.send(LETTER, ALERT, SENDER)
    assert len(list(bench.post.outstanding())) == 4
    assert len([said for said in bench.words if "never reached" in said and "too many wait" in said]) == 2


def test_an_answer_that_nobody_waits_for_is_nothing() -> None:
    """A herald of a life before."""
    Bench().post.heard(Delivered(number=99, fault="x"))


async def test_who_is_not_named_any_more_is_told_nothing() -> None:
    """What waited for him does not come out when, days later, a herald begins again; a test of him has an answer."""
    bench = Bench()
    bench.post.send(LETTER, ALERT, SENDER)
    mail, hook = bench.orders
    tested = bench.post.test(Letter(why=Why.TEST), ALERT, SENDER)
    bench.post.heard(Delivered(number=mail.number, fault="Connection refused"))
    bench.post.forget({ALERT.name: replace(ALERT, mail_to=())})
    assert [order.number for order in bench.post.outstanding()] == [hook.number, bench.orders[-1].number]
    assert [answer.result() for answer in tested.values() if answer.done()] == ["the configuration names it no more"]
    bench.orders.clear()
    await bench.clock.advance(10_000)
    bench.look()
    assert bench.orders == []


def test_however_long_notices_are_a_webhook_gets_what_travels() -> None:
    """A herald that is told more takes it for nonsense, and ends: the first are counted instead."""
    long = replace(DOWN, words="ы" * 600)
    body = posted(Letter(why=Why.NEWS, notices=(long,) * 100), "on call", "lb1")
    told = json.loads(body)
    assert len(body) <= LONGEST_BODY
    assert (len(told["notices"]), told["more"]) == (50, 50)
    assert "50 more came before these." in told["text"]


async def test_what_is_tried_again_goes_by_what_was_mended_meanwhile() -> None:
    """A mail server's place and password, above all."""
    bench = Bench()
    bench.post.send(LETTER, replace(ALERT, webhooks=()), SENDER)
    (first,) = bench.orders
    bench.answer("it answered 535 no")
    await bench.clock.advance(AGAIN[0])
    assert SENDER.mail is not None
    bench.look(replace(SENDER, mail=replace(SENDER.mail, port=465, tls=True), secret=lambda _: "user bascule\nmended"))
    (again,) = bench.orders
    assert isinstance(again, SendMail)
    assert (again.number, again.port, again.password) == (first.number, 465, "mended")
    bench.answer()
    assert list(bench.post.findings()) == []

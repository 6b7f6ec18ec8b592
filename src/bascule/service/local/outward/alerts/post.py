"""Gets letters to those whom an alert names: hands them to the herald, and again where that did not work."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from urllib.parse import urlsplit

from msgspec import structs

from bascule.config.kinds.kept import address, password
from bascule.config.outward import Alert, MailServer, Webhook
from bascule.herald.wire import Delivered, PostWebhook, SendMail
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.service.local.outward.alerts.desk import Letter
from bascule.service.local.outward.alerts.letters import posted, subject, text
from bascule.system.clock import Clock

AGAIN: Final = (60.0, 300.0, 900.0)
"""Seconds until a letter that was not taken is tried again, each time."""

MOST: Final = 200
"""Letters that wait, or are under way; when more come, the oldest are given up, and it is said."""


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody who is told by an alert."""

    alert: str
    shown: str
    """Whom, as people may read it: of a webhook its machine alone, since its address may be a secret."""


@dataclass(slots=True, kw_only=True)
class _Delivery:
    order: SendMail | PostWebhook
    target: Target
    about: str
    letter: Letter
    tries: int = 0
    due: float = 0.0
    answer: "asyncio.Future[str] | None" = None
    """Of a test: who waits for its fault; it is tried once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends: the mail server of the configuration, and what this machine is called."""

    machine: str
    mail: MailServer | None = None
    secret: Callable[[str], str] = field(default=lambda _: "", repr=False)
    """Knows passwords and the addresses of webhooks, by the labels that the text has for them."""


class Post:
    """Keeps what is to be delivered until it is, or is given up. `tell` hands an order to the herald, who may be away."""

    def __init__(self, journal: Journal, clock: Clock, tell: Callable[[SendMail | PostWebhook], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._tell = tell
        self._numbers = count(1)
        self._kept: dict[int, _Delivery] = {}
        self._under_way: set[int] = set()
        self._faults: dict[Target, str] = {}

    def findings(self) -> Iterator[str]:
        """Yield who cannot be told, and why."""
        for target, fault in self._faults.items():
            yield f'alert "{target.alert}" does not reach {target.shown}: {fault}'

    def forget(self, alerts: Mapping[str, Alert]) -> None:
        """Tell nobody any more whom alerts do not name now: what waits for him goes, and what was wrong with him."""
        there = {target for alert in alerts.values() for target in _targets(alert)}
        self._faults = {target: fault for target, fault in self._faults.items() if target in there}
        for number, delivery in list(self._kept.items()):
            if delivery.target not in there:
                del self._kept[number]
                self._under_way.discard(number)
                if delivery.answer is not None and not delivery.answer.done():
                    delivery.answer.set_result("the configuration names it no more")

    def send(self, letter: Letter, alert: Alert, sender: Sender) -> None:
        """Have everybody get a letter whom an alert names."""
        for delivery in self._deliveries(letter, alert, sender):
            self._keep(delivery)

    def test(self, letter: Letter, alert: Alert, sender: Sender) -> Mapping[Target, "asyncio.Future[str]"]:
        """Have everybody get a letter once; the futures have what went wrong, empty where nothing did."""
        loop = asyncio.get_running_loop()
        answers: dict[Target, asyncio.Future[str]] = {}
        for delivery in self._deliveries(letter, alert, sender):
            delivery.answer = answers[delivery.target] = loop.create_future()
            self._keep(delivery)
        return answers

    def outstanding(self) -> Iterator[SendMail | PostWebhook]:
        """Yield what a herald must be told that has just begun: what the one before him did not answer."""
        for number in sorted(self._under_way):
            yield self._kept[number].order

    def look(self, alerts: Mapping[str, Alert], sender: Sender) -> None:
        """Hand over what it is time for, by what alerts and the mail server are now: a wrong password may be mended."""
        now = self._clock.monotonic()
        for number, delivery in self._kept.items():
            if number not in self._under_way and delivery.due <= now:
                alert = alerts.get(delivery.target.alert)
                again = () if alert is None else self._deliveries(delivery.letter, alert, sender)
                orders = (each.order for each in again if each.target == delivery.target)
                delivery.order = structs.replace(next(orders, delivery.order), number=number)
                self._hand_over(delivery)

    def heard(self, delivered: Delivered) -> None:
        """Take what came of one."""
        delivery = self._kept.get(delivered.number)
        if delivery is None:
            return
        self._under_way.discard(delivered.number)
        if delivery.answer is not None or not delivered.fault:
            del self._kept[delivered.number]
            self._answered(delivery, delivered.fault)
        elif delivery.tries > len(AGAIN):
            del self._kept[delivered.number]
            self._give_up(delivery, delivered.fault)
        else:
            delivery.due = self._clock.monotonic() + AGAIN[delivery.tries - 1]
            self._fails(delivery, delivered.fault)

    def _keep(self, delivery: _Delivery) -> None:
        if len(self._kept) >= MOST:
            number = next(iter(self._kept))
            self._under_way.discard(number)
            self._give_up(self._kept.pop(number), "too many wait")
        self._kept[delivery.order.number] = delivery
        self._hand_over(delivery)

    def _hand_over(self, delivery: _Delivery) -> None:
        delivery.tries += 1
        self._under_way.add(delivery.order.number)
        self._tell(delivery.order)

    def _answered(self, delivery: _Delivery, fault: str) -> None:
        target = delivery.target
        if not fault:
            self._faults.pop(target, None)
            words = f'alert "{target.alert}" told {target.shown}: {delivery.about}'
            self._journal.note(EventKind.TELLING, words, state="told")
        if delivery.answer is not None and not delivery.answer.done():
            delivery.answer.set_result(fault)

    def _fails(self, delivery: _Delivery, fault: str) -> None:
        target = delivery.target
        if self._faults.get(target) != fault:
            words = f'alert "{target.alert}" does not reach {target.shown}: {fault}; it is tried again'
            self._journal.note(EventKind.TELLING, words, grade=Grade.WARNING, state="fails", reason=fault)
        self._faults[target] = fault

    def _give_up(self, delivery: _Delivery, fault: str) -> None:
        target = delivery.target
        self._faults[target] = fault
        words = f'alert "{target.alert}" never reached {target.shown}: {delivery.about}: {fault}'
        self._journal.note(EventKind.TELLING, words, grade=Grade.WARNING, state="lost", reason=fault)
        if delivery.answer is not None and not delivery.answer.done():
            delivery.answer.set_result(fault)

    def _deliveries(self, letter: Letter, alert: Alert, sender: Sender) -> Iterator[_Delivery]:
        about = subject(letter, sender.machine)
        for to in alert.mail_to if sender.mail is not None else ():
            words = text(letter, alert.name, sender.machine)
            order = _mail(next(self._numbers), to, sender, about=about, words=words)
            yield _Delivery(order=order, target=Target(alert.name, to), about=about, letter=letter)
        for hook, target in _hooked(alert):
            post = PostWebhook(
                number=next(self._numbers),
                url=address(hook.url, sender.secret) or hook.url,
                user=hook.user,
                password=password(hook.user, hook.password, sender.secret),
                body=posted(letter, alert.name, sender.machine),
            )
            yield _Delivery(order=post, target=target, about=about, letter=letter)


def _mail(number: int, to: str, sender: Sender, *, about: str, words: str) -> SendMail:
    server = sender.mail
    assert server is not None, "a text whose alerts send mail names who takes it"
    return SendMail(
        number=number,
        host=str(server.host),
        port=server.port,
        tls=server.tls,
        starttls=server.starttls,
        authority=server.authority,
        user=server.user,
        password=password(server.user, server.password, sender.secret),
        sender=server.sender or f"bascule@{sender.machine}",
        to=to,
        subject=about,
        text=words,
    )


def _hooked(alert: Alert) -> Iterator[tuple[Webhook, Target]]:
    """Yield the webhooks of an alert, told apart where there are several."""
    for number, hook in enumerate(alert.webhooks, 1):
        title = "the webhook" if len(alert.webhooks) == 1 else f"webhook {number},"
        yield hook, Target(alert.name, f"{title} at {urlsplit(hook.url).hostname}")


def _targets(alert: Alert) -> Iterator[Target]:
    yield from (Target(alert.name, to) for to in alert.mail_to)
    yield from (target for _, target in _hooked(alert))

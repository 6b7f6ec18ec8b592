"""Has hosts follow their names: takes what the prober was told, keeps it, says what changed, and what nobody tells."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bascule.config.model import Address
from bascule.config.names import left_out, questions
from bascule.config.wording import listed
from bascule.health.names.answer import Answer
from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.service.local.names.known import Known, Names
from bascule.service.local.running import Running
from bascule.system.errors import MachineError


class Follows(Protocol):
    """The balancer, as far as names concern it."""

    @property
    def running(self) -> Running:
        """Return what runs now."""
        ...

    async def look_at_names(self) -> None:
        """Have hosts be what their names stand for now."""
        ...


class FollowedNames:
    """Take what was told with `heard`; `watch` brings it to the balancer and to the file."""

    def __init__(self, names: Names, balancer: Follows, journal: Journal, *, now: Callable[[], datetime]) -> None:
        self._names = names
        self._balancer = balancer
        self._journal = journal
        self._now = now
        self._failures: dict[str, str] = {}
        """Why nobody tells what a name stands for."""
        self._changed = asyncio.Event()

    def heard(self, answer: Answer) -> None:
        """Take what name servers said."""
        before = self._names.of(answer.name)
        if self._names.take(answer, self._now()):
            after = self._names.of(answer.name)
            assert after is not None, "it was told just now"
            was = "" if before is None else f" (before: {_addresses(before.addresses)})"
            words = f"{answer.name} stands for {_addresses(after.addresses)}{was}"
            self._journal.note(EventKind.NAME, words, host=answer.name, state="resolved")
        if self._names.unkept:
            self._changed.set()
        self._take_failure(answer)

    def _take_failure(self, answer: Answer) -> None:
        known = answer.name in self._failures
        if answer.failure:
            self._failures[answer.name] = answer.failure
            if not known:
                words = _unanswered(answer.name, answer.failure, self._names.of(answer.name))
                self._journal.note(
                    EventKind.NAME,
                    words,
                    grade=Grade.WARNING,
                    host=answer.name,
                    state="unresolved",
                    reason=answer.failure,
                )
        elif known:
            del self._failures[answer.name]
            self._journal.note(
                EventKind.NAME, f"name servers answer for {answer.name} again", host=answer.name, state="answered"
            )

    async def watch(self) -> None:
        """Bring what changed to the balancer and to the file, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._balancer.look_at_names()
            used = questions(self._balancer.running.configuration).names
            try:
                await asyncio.to_thread(self._names.keep, used)
            except MachineError as error:
                words = f"could not {error}: names that are not answered after a restart have no host"
                self._journal.note(EventKind.MACHINE, words, grade=Grade.WARNING)

    def findings(self) -> Sequence[str]:
        """Return what an operator must know now of the names that run."""
        running = self._balancer.running
        used = sorted(questions(running.configuration).names)
        useless: Mapping[str, str] = {name: left_out(running.configuration, running.facts, name) for name in used}
        return [
            *(_unanswered(name, self._failures[name], self._names.of(name)) for name in used if name in self._failures),
            *(f"{name} goes without {useless[name]}" for name in used if useless[name]),
        ]


def _unanswered(name: str, failure: str, known: Known | None) -> str:
    if known is None:
        return f"no address of {name} is known, so it takes no clients: {failure}"
    since = f"{known.since.astimezone():%Y-%m-%d %H:%M:%S}"
    return f"{name} keeps {_addresses(known.addresses)}, as it was told at {since}: {failure}"


def _addresses(addresses: frozenset[Address]) -> str:
    ordered = sorted(addresses, key=lambda address: (address.version, int(address)))
    return listed([str(address) for address in ordered], "and")

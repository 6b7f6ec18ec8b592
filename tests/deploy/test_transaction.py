"""Everything or nothing, over engines that fail wherever they can."""

from collections.abc import Sequence
from typing import Any

import pytest

from bascule.config.diagnostics import Diagnostic, Span
from bascule.deploy.transaction import RehearsalRefused, Step, deploy
from bascule.engines.engine import Engine
from bascule.system.errors import MachineError


class Part:
    """An engine over one value of the machine; every call of every part is noted in one log.

    `fails` names the call that the machine refuses; `deaf` says that a value is taken and not kept.
    """

    def __init__(self, name: str, log: list[str], *, fails: str = "", deaf: bool = False, says: str = "") -> None:
        self.name = name
        self.value = "old"
        self.log = log
        self.fails = fails.split()
        self.deaf = deaf
        self.says = says

    async def observe(self) -> str:
        """Look at the value."""
        self._note("observe")
        return self.value

    def difference(self, desired: str, observed: str) -> str:
        """Return the value to write; empty where it is there."""
        return "" if desired == observed else desired

    async def rehearse(self, changes: str) -> Sequence[Diagnostic]:
        """Object or warn as told."""
        self._note("rehearse")
        if not self.says or not changes:
            return []
        kind = Diagnostic.error if self.says.startswith("error") else Diagnostic.warning
        return [kind(Span(), f"{self.name} {self.says}")]

    async def apply(self, changes: str) -> None:
        """Write the value."""
        self.value = "half" if "apply" in self.fails else self.value if self.deaf else changes
        self._note("apply")

    async def restore(self, snapshot: str) -> None:
        """Write the old value."""
        self._note("restore")
        self.value = snapshot

    def _note(self, call: str) -> None:
        self.log.append(f"{self.name} {call}")
        if call in self.fails:
            raise MachineError(f"{call} {self.name}", "the machine would not")


def steps(*parts: Part, desired: str = "new") -> Sequence[Step]:
    """Return the steps of a deployment over these parts."""
    engines: Sequence[Engine[Any, Any, Any]] = parts
    return [Step(engine, desired) for engine in engines]


def values(*parts: Part) -> Sequence[str]:
    """Return what the machine holds."""
    return [part.value for part in parts]


async def test_every_part_rehearses_before_any_applies() -> None:
    """First all look, then all rehearse, then each applies and is looked at again, in the order of the steps."""
    log: list[str] = []
    parts = [Part(name, log) for name in "abc"]
    assert await deploy(steps(*parts)) == []
    assert log == [
        *("a observe", "b observe", "c observe"),
        *("a rehearse", "b rehearse", "c rehearse"),
        *("a apply", "a observe", "b apply", "b observe", "c apply", "c observe"),
    ]
    assert values(*parts) == ["new", "new", "new"]


async def test_what_is_as_desired_is_left_alone() -> None:
    """A part without changes is neither applied nor restored."""
    log: list[str] = []
    same, other = Part("same", log), Part("other", log)
    same.value = "new"
    await deploy(steps(same, other))
    assert "same apply" not in log
    log.clear()
    await deploy(steps(same, other))
    assert not [call for call in log if call.endswith("apply")]


async def test_an_objection_stops_everything_before_it_begins() -> None:
    """All objections and warnings are told together; nothing was changed."""
    log: list[str] = []
    parts = [Part("a", log), Part("b", log, says="error of b"), Part("c", log, says="warning of c")]
    with pytest.raises(RehearsalRefused) as caught:
        await deploy(steps(*parts))
    assert [said.message for said in caught.value.diagnostics] == ["b error of b", "c warning of c"]
    assert values(*parts) == ["old", "old", "old"]
    assert not [call for call in log if "apply" in call or "restore" in call]


async def test_warnings_are_returned() -> None:
    """The deployment goes on, and what was doubtful is told."""
    (said,) = await deploy(steps(Part("a", [], says="warning of a")))
    assert said.message == "a warning of a"


@pytest.mark.parametrize("failing", [0, 1, 2])
async def test_a_failure_takes_back_what_was_done(failing: int) -> None:
    """From the part that failed back to the first, and the later ones are never touched."""
    log: list[str] = []
    parts = [Part(name, log, fails="apply" if number == failing else "") for number, name in enumerate("abc")]
    with pytest.raises(MachineError, match=f"apply {'abc'[failing]}: the machine would not"):
        await deploy(steps(*parts))
    assert values(*parts) == ["old", "old", "old"]
    assert [call for call in log if "restore" in call] == [f"{name} restore" for name in reversed("abc"[: failing + 1])]


async def test_a_machine_that_does_not_hold_what_it_was_told() -> None:
    """What counts is what is there: a part that does not verify is taken back like one that failed."""
    parts = [Part("a", []), Part("b", [], deaf=True), Part("c", [])]
    with pytest.raises(MachineError, match="apply the b part: the machine does not hold what it was told"):
        await deploy(steps(*parts))
    assert values(*parts) == ["old", "old", "old"]


async def test_a_second_failure_does_not_hide_the_first() -> None:
    """Both are told, and the parts that can be restored are."""
    log: list[str] = []
    parts = [Part("a", log), Part("b", log, fails="restore"), Part("c", log, fails="apply")]
    with pytest.raises(MachineError) as caught:
        await deploy(steps(*parts))
    assert caught.value.step == "apply c"
    assert caught.value.cause == (
        "the machine would not; additionally, taking it back failed: restore b: the machine would not"
    )
    assert values(*parts) == ["old", "new", "old"]


async def test_a_machine_that_cannot_be_looked_at_is_not_changed() -> None:
    """Without a snapshot nothing could be taken back."""
    log: list[str] = []
    parts = [Part("a", log), Part("b", log, fails="observe")]
    with pytest.raises(MachineError, match="observe b"):
        await deploy(steps(*parts))
    assert values(*parts) == ["old", "old"]


async def test_nothing_to_do() -> None:
    """A deployment of no parts succeeds."""
    assert await deploy([]) == []


async def test_every_step_is_told_before_it_begins() -> None:
    """With how many are done: one that has nothing to change is passed over."""
    told: list[tuple[str, int, int]] = []
    same, other = Part("nftables", []), Part("proxy", [])
    same.value = "new"
    await deploy(steps(same, other), lambda step, done, of: told.append((step, done, of)))
    assert told == [
        ("looking at the kernel's rules", 0, 8),
        ("looking at proxy workers", 1, 8),
        ("rehearsing the kernel's rules", 2, 8),
        ("rehearsing proxy workers", 3, 8),
        ("changing proxy workers", 6, 8),
        ("looking again at proxy workers", 7, 8),
    ]

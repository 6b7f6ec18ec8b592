"""Whatever comes of reading the configuration again is told, and a text that is refused goes no further."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.facts import Facts
from bascule.config.model import Configuration
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.deploy.transaction import RehearsalRefused
from bascule.service.events import Event
from bascule.service.failures import NotFound, OperationFailed, Rejected
from bascule.service.local.balancer import Balancer
from bascule.service.local.journal import Journal
from bascule.service.local.machine import Machine
from bascule.service.local.reloading import ConfigurationFile
from bascule.service.local.running import Running
from bascule.system.errors import MachineError
from bascule.system.progress import Tell, silence
from service.local.situations import FACTS, TWO_SERVICES, running

OBJECTION = Diagnostic.error(Span(), "nftables would not take the rules")


class PretendedBalancer:
    """Takes a configuration, or what the test says."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.running: Running = running()
        self.loaded: list[Configuration] = []

    async def reload(
        self, configuration: Configuration, _: str, __: Facts, tell: Tell = silence, /
    ) -> Sequence[Diagnostic]:
        """Take it."""
        tell("rehearsing the kernel's rules", 1, 4)
        if self.trouble is not None:
            raise self.trouble
        self.loaded.append(configuration)
        return []


class PretendedMachine:
    """A machine of one arm."""

    async def facts(self, _: str | None = None, __: Questions = NOTHING_TO_ASK, ___: object = ()) -> Facts:
        """Return its facts."""
        return FACTS


class Reloading:
    """A file that is read again, and everything that comes of it."""

    def __init__(self, path: Path | None, balancer: PretendedBalancer) -> None:
        self.events: list[Event] = []
        self.balancer = balancer
        journal = Journal(now=lambda: datetime(2026, 3, 1, tzinfo=UTC), write=self.events.append)
        machine = cast("Machine", PretendedMachine())
        self.file = ConfigurationFile(path, "a.conf", machine, cast("Balancer", balancer), journal)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with a configuration that is fine."""
    (tmp_path / "a.conf").write_text(TWO_SERVICES)
    return tmp_path / "a.conf"


async def test_a_fine_text_is_in_effect_and_told(path: Path) -> None:
    """The balancer has it, and the event says how many relays run."""
    reloading = Reloading(path, PretendedBalancer())
    reloaded = await reloading.file.reload()
    assert reloaded.sentence == "a.conf was read again and is in effect: 2 relays"
    assert [len(configuration.load_balancer.relays) for configuration in reloading.balancer.loaded] == [2]
    assert [(event.state, event.words) for event in reloading.events] == [("loaded", reloaded.sentence)]


async def test_a_refused_text_never_reaches_the_balancer(path: Path) -> None:
    """All diagnostics come with the file's name; the event has the first and says how many more there are."""
    path.write_text("nonsense\nload-balancer {\n\tlistne 1\n}\n")
    reloading = Reloading(path, PretendedBalancer())
    with pytest.raises(OperationFailed) as refused:
        await reloading.file.reload()
    assert isinstance(refused.value.failure, Rejected)
    assert [line.split(":")[:2] for line in str(refused.value).splitlines()] == [["a.conf", "1"], ["a.conf", "3"]]
    assert reloading.balancer.loaded == []
    assert [event.state for event in reloading.events] == ["refused"]
    assert "(and 1 more)" in reloading.events[0].words


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [(RehearsalRefused([OBJECTION]), OperationFailed), (MachineError("load the rules", "no room"), MachineError)],
)
async def test_what_the_machine_would_not_do_is_told(path: Path, trouble: Exception, raised: type[Exception]) -> None:
    """An engine's objection is a refusal, and a machine that fails is one too: what ran before runs on."""
    reloading = Reloading(path, PretendedBalancer(trouble))
    with pytest.raises(raised):
        await reloading.file.reload()
    assert [event.state for event in reloading.events] == ["refused"]


async def test_a_file_that_is_gone_and_standard_input_are_no_text(tmp_path: Path) -> None:
    """Both are said in words, with the code of a refusal."""
    for path, words in ((tmp_path / "gone.conf", "there is no file"), (None, "cannot be read again")):
        with pytest.raises(OperationFailed, match=words) as refused:
            await Reloading(path, PretendedBalancer()).file.reload()
        assert isinstance(refused.value.failure, NotFound)
        assert refused.value.exit_code == 1

"""Settings go to the plan's values and back to what they were, whatever happens in between."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bascule.engines.network.settings import SettingsEngine
from bascule.plan.model import NetworkPlan
from bascule.system.errors import MachineError
from bed.fake_sysctls import FakeSysctls

FORWARD, ANNOUNCE = "net.ipv4.ip_forward", "net.ipv4.conf.all.arp_announce"
ADVERTISED = "net.ipv6.conf.eth9.accept_ra"
BEFORE = {FORWARD: "0", ANNOUNCE: "0"}
PLAN = NetworkPlan(sysctls={FORWARD: "1", ANNOUNCE: "2"})


def machine(values: Mapping[str, str] = BEFORE, **stuck: str) -> FakeSysctls:
    """Return a machine with some settings."""
    return FakeSysctls(values, stuck.values())


async def put(engine: SettingsEngine, plan: NetworkPlan = PLAN) -> Mapping[str, str]:
    """Put a plan into effect; return what was changed."""
    changes = engine.difference(plan, await engine.observe())
    await engine.apply(changes)
    return changes


def notes(folder: Path) -> list[Path]:
    """Return the files that the engine keeps."""
    return list(folder.iterdir())


async def test_a_plan_is_put_into_effect_once(tmp_path: Path) -> None:
    """What differs is written; then nothing differs, and nothing is written."""
    sysctls = machine()
    engine = SettingsEngine(sysctls, tmp_path)
    assert await put(engine) == PLAN.sysctls
    assert sysctls.read(BEFORE) == PLAN.sysctls
    assert await put(engine) == {}
    assert len(sysctls.written) == 2


async def test_only_what_differs_is_written_and_noted(tmp_path: Path) -> None:
    """A setting that was right already is not ours to restore."""
    sysctls = machine({FORWARD: "1", ANNOUNCE: "0"})
    engine = SettingsEngine(sysctls, tmp_path)
    assert await put(engine) == {ANNOUNCE: "2"}
    assert engine.before() == {ANNOUNCE: "0"}


async def test_old_values_are_noted_before_anything_is_written(tmp_path: Path) -> None:
    """A crash at the first write leaves a note that gives everything back."""
    sysctls = machine(stuck=FORWARD)
    engine = SettingsEngine(sysctls, tmp_path)
    with pytest.raises(MachineError, match=f"set {FORWARD} to 1"):
        await put(engine)
    assert engine.before() == BEFORE
    sysctls.stuck.clear()
    assert await SettingsEngine(sysctls, tmp_path).clear() == 2
    assert sysctls.read(BEFORE) == BEFORE


async def test_a_crash_between_note_and_write_does_no_harm(tmp_path: Path) -> None:
    """The next start finds the note, and does not take our own values for those of before."""
    sysctls = machine(stuck=ANNOUNCE)
    with pytest.raises(MachineError):
        await put(SettingsEngine(sysctls, tmp_path))
    sysctls.stuck.clear()
    engine = SettingsEngine(sysctls, tmp_path)
    await put(engine)
    assert engine.before() == BEFORE
    await engine.clear()
    assert sysctls.read(BEFORE) == BEFORE


async def test_clearing_gives_everything_back_and_forgets(tmp_path: Path) -> None:
    """Afterwards there is no note, and nothing more to give back."""
    sysctls = machine()
    engine = SettingsEngine(sysctls, tmp_path)
    await put(engine)
    assert await engine.clear() == 2
    assert sysctls.read(BEFORE) == BEFORE
    assert notes(tmp_path) == []
    assert await engine.clear() == 0


async def test_what_a_plan_names_no_more_goes_back(tmp_path: Path) -> None:
    """A setting of a relay that has gone is as it was, while the others stay."""
    sysctls = machine()
    engine = SettingsEngine(sysctls, tmp_path)
    await put(engine)
    assert await put(engine, NetworkPlan(sysctls={FORWARD: "1"})) == {ANNOUNCE: "0"}
    assert sysctls.read(BEFORE) == {FORWARD: "1", ANNOUNCE: "0"}


async def test_an_interface_that_has_gone_takes_its_settings_along(tmp_path: Path) -> None:
    """Neither a deployment nor clearing is refused for its sake; when it is back it has its own values."""
    sysctls = machine({**BEFORE, ADVERTISED: "1"})
    engine = SettingsEngine(sysctls, tmp_path)
    await put(engine, NetworkPlan(sysctls={**PLAN.sysctls, ADVERTISED: "2"}))
    del sysctls.values[ADVERTISED]
    changes = engine.difference(PLAN, await engine.observe())
    assert changes == {}
    assert await engine.rehearse(changes) == []
    assert await engine.clear() == 2


async def test_a_setting_that_this_kernel_lacks_is_said(tmp_path: Path) -> None:
    """It is an error of the rehearsal, so that nothing is applied."""
    engine = SettingsEngine(machine({FORWARD: "0"}), tmp_path)
    (said,) = await engine.rehearse(engine.difference(PLAN, await engine.observe()))
    assert said.message == f"this kernel has no setting {ANNOUNCE}"


async def test_restoring_brings_back_what_was_seen(tmp_path: Path) -> None:
    """Only settings that we changed are written; what others changed meanwhile is theirs."""
    sysctls = machine({**BEFORE, "net.core.somaxconn": "4096"})
    engine = SettingsEngine(sysctls, tmp_path)
    snapshot = await engine.observe()
    await put(engine)
    sysctls.values["net.core.somaxconn"] = "9"
    await engine.restore(snapshot)
    assert sysctls.read(snapshot.now) == {**BEFORE, "net.core.somaxconn": "9"}


async def test_a_note_of_an_earlier_start_of_the_machine_is_void(tmp_path: Path) -> None:
    """The machine has begun with values of its own since, and those are what is given back."""
    sysctls = machine()
    await put(SettingsEngine(sysctls, tmp_path))
    sysctls.values |= {"kernel.random.boot_id": "second", FORWARD: "1", ANNOUNCE: "1"}
    engine = SettingsEngine(sysctls, tmp_path)
    assert engine.before() == {}
    assert await put(engine) == {ANNOUNCE: "2"}
    assert engine.before() == {ANNOUNCE: "1"}


@pytest.mark.parametrize("damage", ["", "{", "[]", "7", '{"net.ipv4.ip_forward": 1}', "\x00", '"text"'])
async def test_a_damaged_note_is_named(tmp_path: Path, damage: str) -> None:
    """It is no guess what settings were; the error says which file to look at."""
    sysctls = machine()
    engine = SettingsEngine(sysctls, tmp_path)
    await put(engine)
    (note,) = notes(tmp_path)
    note.write_text(damage, encoding="utf-8")
    with pytest.raises(MachineError) as caught:
        engine.before()
    assert caught.value.step == f"read {note}"
    assert caught.value.cause.startswith("it is damaged")
    with pytest.raises(MachineError):
        await engine.clear()


async def test_the_note_can_be_read_by_people(tmp_path: Path) -> None:
    """Settings and their old values, a line each."""
    await put(SettingsEngine(machine(), tmp_path))
    (note,) = notes(tmp_path)
    assert note.name == "sysctls.json"
    assert json.loads(note.read_text(encoding="utf-8")).items() >= BEFORE.items()
    assert len(note.read_text(encoding="utf-8").splitlines()) == 5


async def test_a_setting_that_was_given_back_is_the_operators_again(tmp_path: Path) -> None:
    """What a later plan does not name goes back once; a change of the operator's after that stays."""
    sysctls = machine()
    engine = SettingsEngine(sysctls, tmp_path)
    await put(engine)
    name, old = next(iter(BEFORE.items()))
    none = NetworkPlan()
    await engine.apply(engine.difference(none, await engine.observe()))
    assert sysctls.read([name]) == {name: old}
    sysctls.write(name, "7")
    assert not engine.difference(none, await engine.observe())

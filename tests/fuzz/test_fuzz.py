"""Every target of `make fuzz` lives, and a run says what it found."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import pytest

from bascule.config.model import Check
from fuzz.__main__ import TARGETS, main
from fuzz.probes import WITHOUT_SERVER, cases
from fuzz.target import Target


@pytest.mark.parametrize("name", TARGETS)
def test_a_second_of_each_target_finds_nothing(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A short run tries some inputs; its seed is printed, to repeat a failure."""
    code = main(["--seconds", "1", "--findings", str(tmp_path), name])
    said = capsys.readouterr().out
    print(said)  # noqa: T201 - the seed, and the input that failed
    assert code == 0
    assert said.startswith(f"{name}: seed ")
    assert said.endswith(" inputs, 0 findings\n")


def test_every_check_meets_hostile_servers() -> None:
    """A check that is added to the language is named here until servers are drawn for it."""
    drawn = {type(case.check) for seed in range(20) for case in cases(random.Random(seed))}
    assert drawn | WITHOUT_SERVER == set(get_args(Check))


async def _small(number: int) -> None:
    assert number < 900, "too large"


@asynccontextmanager
async def _numbers() -> AsyncIterator[Target[int]]:
    yield Target(lambda chance: chance.randrange(1000), _small)


def test_a_finding_is_written_down_and_can_be_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file holds seed and input, the path and the seed are printed, and the exit code says so."""
    words = ["--seconds", "60", "--findings", str(tmp_path)]
    assert main([*words, "--seed", "1"], {"numbers": _numbers}) == 1
    (path,) = tmp_path.iterdir()
    said = capsys.readouterr().out
    assert str(path) in said
    assert "1 findings" in said
    seed = path.read_text().splitlines()[0].removeprefix("seed ")
    assert path.read_text().splitlines()[-1] == str(random.Random(int(seed)).randrange(1000))
    assert main([*words, "--seed", seed, "--inputs", "1"], {"numbers": _numbers}) == 1
    assert main([*words, "--seed", "1", "--inputs", "1"], {"numbers": _numbers}) == 0


def test_a_target_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen is told from a run without findings."""
    with pytest.raises(SystemExit, match="2"):
        main(["probe"])
    assert (
        "no target is called probe: there are configuration, control-socket, wires, probes, rpc" in capsys.readouterr().err
    )

"""A report says what was measured, for people, programs and eyes."""

import json
from pathlib import Path

from bench.figures import Figure
from bench.report import Report
from bench.targets import Target, judge

_RATE = Figure("rate", "new connections", "1/s", higher_is_better=True)
_COST = Figure("cost", "CPU", "us", 1)
_ROUNDS = {
    "ours": {"rate": [1000.0, 1010.0, 990.0], "cost": [12.0, 12.0, 12.0]},
    "none": {"rate": [2000.0, 2000.0, 2000.0], "cost": [10.0, 10.0, 10.0]},
}


def _report() -> Report:
    target = Target(title="ours: rate", contender="ours", figure=_RATE, bound=0.45, at_least=True, beside=("none",))
    return Report(
        name="paths",
        title="What it costs",
        machine={"kernel": "6.1"},
        figures=(_RATE, _COST),
        rounds=_ROUNDS,
        plots=(_RATE,),
        added=(_COST,),
        without=("none",),
        rows=(judge(target, _ROUNDS),),
        warnings=("others use this machine",),
    )


def test_the_table_has_medians_intervals_verdicts_and_warnings() -> None:
    """Each stands where a person looks for it."""
    text = _report().markdown()
    assert "| kernel | 6.1 |" in text
    assert "| ours: rate | >= 0.45 x | 0.500 [0.495, 0.505] | holds |" in text
    assert "| ours | 1,000 [990, 1,010] | 12.0 [12.0, 12.0] |" in text
    assert "**others use this machine**" in text


def test_what_is_added_is_told_over_no_balancer() -> None:
    """Two microseconds over ten, and no row for the path that was taken away."""
    _, _, added = _report().markdown().partition('## Added, over "none"')
    assert "| ours | 2.0 [2.0, 2.0] |" in added
    assert "| none |" not in added


def test_files_are_the_same_for_the_same_rounds(tmp_path: Path) -> None:
    """Markdown, JSON with every round, and a drawing; nothing random in any of them."""
    files = _report().write(tmp_path / "one")
    again = _report().write(tmp_path / "two")
    assert [file.name for file in files] == ["paths.md", "paths.json", "paths-rate.svg"]
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]
    assert json.loads(files[1].read_text())["rounds"] == _ROUNDS

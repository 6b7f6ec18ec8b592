import pytest

from bascule.cli.wording import counted, duration, size


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0s"),
        (0.4, "0s"),
        (45, "45s"),
        (60, "1m"),
        (61, "1m 1s"),
        (2400, "40m"),
        (3600 * 3 + 60 * 20 + 9, "3h 20m"),
        (86400 * 5 + 59, "5d"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    """The two largest units, and nothing that is zero beside another."""
    assert duration(seconds) == said


def test_counts() -> None:
    """One is singular, none and many are plural."""
    assert [counted(number, "host") for number in (0, 1, 2)] == ["0 hosts", "1 host", "2 hosts"]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536 * 1024, "1.5 MiB"),
        (3 << 30, "3.0 GiB"),
        (5000 << 40, "5000.0 TiB"),
    ],
)
def test_sizes(count: int, said: str) -> None:
    """Bytes in the largest unit of which there is one."""
    assert size(count) == said

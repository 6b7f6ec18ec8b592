"""How much is measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from bed.command import BedError


@dataclass(frozen=True, slots=True)
class Amount:
    """Rounds, and the seconds of each load within one."""

    rounds: int = 10
    seconds: float = 1.0
    idle_rounds: int = 3
    """Rounds that also hold idle sessions: memory hardly varies, and 100,000 sessions take half a minute."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Return what the environment asks for. Raises BedError for what is no number above zero."""
        try:
            rounds = int(environment.get("BENCH_ROUNDS", cls().rounds))
            seconds = float(environment.get("BENCH_SECONDS", cls().seconds))
            idle_rounds = int(environment.get("BENCH_IDLE_ROUNDS", cls().idle_rounds))
        except ValueError as error:
            raise BedError(f"BENCH_ROUNDS, BENCH_SECONDS and BENCH_IDLE_ROUNDS are numbers: {error}") from None
        if rounds < 1 or seconds <= 0 or idle_rounds < 0:
            raise BedError("BENCH_ROUNDS and BENCH_SECONDS are above zero")
        return cls(rounds, seconds, min(rounds, idle_rounds))

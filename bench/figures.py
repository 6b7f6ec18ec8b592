"""What is measured, and the rounds that it was measured in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity, as it stands in tables."""

    name: str
    title: str
    unit: str
    digits: int = 0
    higher_is_better: bool = False


CONNECTIONS: Final = Figure("connections", "new connections", "1/s", higher_is_better=True)
CONNECTION_CPU: Final = Figure("connection_cpu", "CPU of the machine per new connection", "us", 1)
CONNECTION_CPU_TOLD: Final = Figure("connection_cpu_told", "the same until its end is recorded", "us", 1)
MESSAGES: Final = Figure("messages", "messages", "1/s", higher_is_better=True)
MESSAGE_CPU: Final = Figure("message_cpu", "CPU of the machine per message", "us", 2)
STREAM: Final = Figure("stream", "stream", "Gbit/s", 2, higher_is_better=True)
STREAM_CPU: Final = Figure("stream_cpu", "CPU of the machine per MiB", "us", 1)
CONNECTION_LATENCY: Final = (
    Figure("connection_p50", "a new connection answered, p50", "ms", 3),
    Figure("connection_p99", "a new connection answered, p99", "ms", 3),
    Figure("connection_p999", "a new connection answered, p99.9", "ms", 3),
)
MESSAGE_LATENCY: Final = (
    Figure("message_p50", "a message answered, p50", "ms", 3),
    Figure("message_p99", "a message answered, p99", "ms", 3),
    Figure("message_p999", "a message answered, p99.9", "ms", 3),
)
IDLE_PROCESS: Final = Figure("idle_process", "process memory per idle session", "B")
IDLE_MACHINE: Final = Figure("idle_machine", "memory of the machine per idle session", "B")
MANY_IDLE_MACHINE: Final = Figure("many_idle_machine", "the same, of 100,000", "B")
ERRORS: Final = Figure("errors", "failed requests", "")

FIGURES: Final = (
    CONNECTIONS,
    CONNECTION_CPU,
    CONNECTION_CPU_TOLD,
    MESSAGES,
    MESSAGE_CPU,
    STREAM,
    STREAM_CPU,
    *CONNECTION_LATENCY,
    *MESSAGE_LATENCY,
    IDLE_PROCESS,
    IDLE_MACHINE,
    MANY_IDLE_MACHINE,
    ERRORS,
)

ADDED: Final = (CONNECTION_CPU, CONNECTION_CPU_TOLD, MESSAGE_CPU, STREAM_CPU, IDLE_MACHINE, MANY_IDLE_MACHINE)
"""Those of which the same without a balancer is taken away, since clients and servers are on the machine as well."""

DRAWN: Final = (CONNECTIONS, CONNECTION_CPU, MESSAGES, MESSAGE_CPU, STREAM, MESSAGE_LATENCY[1], IDLE_MACHINE)

Rounds: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]
"""The values of each figure, by contender and by figure, a value a round."""


class Record:
    """Collects rounds while they are measured."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, list[float]]] = {}

    def add(self, contender: str, measured: Mapping[Figure, float]) -> None:
        """Add what one turn of a contender gave."""
        figures = self._values.setdefault(contender, {})
        for figure, value in measured.items():
            figures.setdefault(figure.name, []).append(value)

    def rounds(self) -> Rounds:
        """Return everything that was added."""
        return self._values

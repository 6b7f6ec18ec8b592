"""Kernel settings in memory."""

from collections.abc import Iterable, Mapping

from bascule.system.errors import MachineError


class FakeSysctls:
    """A machine's settings. Those in `stuck` cannot be written; `written` says what was, in order."""

    def __init__(self, values: Mapping[str, str], stuck: Iterable[str] = ()) -> None:
        self.values = {"kernel.random.boot_id": "first", **values}
        self.stuck = set(stuck)
        self.written: list[tuple[str, str]] = []

    def read(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return those that are there."""
        return {name: self.values[name] for name in names if name in self.values}

    def planned(self) -> Mapping[str, str]:
        """Return all that is of the network."""
        return {name: value for name, value in self.values.items() if name.startswith("net.")}

    def write(self, name: str, value: str) -> None:
        """Set one that is there."""
        if name in self.stuck or name not in self.values:
            raise MachineError(f"set {name} to {value}", "No such file or directory")
        self.values[name] = value
        self.written.append((name, value))

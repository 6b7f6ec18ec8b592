"""What the machine would not do: typed errors that name the step and its cause."""


class MachineError(Exception):
    """The machine refused a step; nothing of that step is in effect."""

    def __init__(self, step: str, cause: str) -> None:
        super().__init__(f"{step}: {cause}")
        self.step = step
        """What was tried, as a person would say it: `load the rules`."""
        self.cause = cause
        """What the machine answered, in its own words."""

"""Numbers in sentences."""


def counted(number: int, thing: str) -> str:
    """Return a number with its noun: `1 session`, `2 sessions`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"

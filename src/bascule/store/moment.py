"""Moments as the file keeps them: ISO 8601, with their zone."""

from datetime import datetime


def written(moment: datetime) -> str:
    """Return a moment as it is kept."""
    return moment.isoformat()


def moment(text: str) -> datetime:
    """Return the moment that was kept. Raises ValueError for what we never wrote."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} names no zone")
    return found

"""A line no larger than a word, to stand beside a name. Pure."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 96
_HEIGHT: Final = 18
_EDGE: Final = 1.5


def sparkline(values: Sequence[float | None], words: str = "") -> Markup:
    """Return the course of some values, the largest at the top, with gaps where one is not known.

    `words` say what it shows; without any it is decoration, and nobody reads it out.
    """
    largest = max((value for value in values if value is not None), default=0.0) or 1.0
    wide = (_WIDTH - 2 * _EDGE) / max(1, len(values) - 1)
    points = (
        None
        if value is None
        else f"{_EDGE + number * wide:.1f} {_HEIGHT - _EDGE - max(0.0, value) / largest * (_HEIGHT - 2 * _EDGE):.1f}"
        for number, value in enumerate(values)
    )
    parts = []
    for known, run in groupby(points, key=lambda point: point is not None):
        if known:
            way = "L".join(point for point in run if point is not None)
            parts.append(f"M{way}" if "L" in way else f"M{way}h0")
    said = Markup('role="img" aria-label="{}"').format(words) if words else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="spark" {} width="{}" height="{}" viewBox="0 0 {} {}">'
        '<path d="{}" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    ).format(said, _WIDTH, _HEIGHT, _WIDTH, _HEIGHT, " ".join(parts))
